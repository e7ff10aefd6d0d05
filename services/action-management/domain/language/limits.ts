import { DAY } from '../../../platform/time/clock.ts';

/** Bounds of the language. All are far above what a person writes and far below what hurts the machine. */
export const LIMITS = {
  /** Bytes of one rule file: the longest rule of the library has 3 kB. */
  ruleFileBytes: 64 * 1024,
  /** Rules in a folder: evaluations of 500 stay within microseconds; more is a generated file gone wrong. */
  rules: 2000,
  /** Windows of one rule. */
  windows: 16,
  /** `all`, `any`, `not` inside one another. */
  conditionDepth: 8,
  /** Comparisons in one condition. */
  comparisons: 64,
  /** Values behind `in`, `not_in` and `any_of`. */
  listValues: 500,
  /** Characters of a text literal. */
  textCharacters: 200,
  /** Characters of a regular expression. RE2 takes time linear in the text, whatever the expression. */
  patternCharacters: 200,
  /** `matches` reads no further into a text: people say what they want early, attachments follow. */
  matchedCharacters: 4000,
  /** The longest window, so that a customer's memory has an end. */
  windowMs: 180 * DAY,
  /** Windows of the past from which a usual value is made: four weeks of hours. */
  baselineWindows: 24 * 28,
  /** Steps of a sequence, its absence included. */
  sequenceSteps: 5,
  /** How long a sequence may wait for what must not come, so that its memory has an end. */
  absenceMs: 60 * DAY,
  absenceBusinessDays: 30,
  /** Fields that make a segment. */
  segmentFields: 3,
  /** Different values that a segment tells apart in one window; more count as this many. */
  segmentDistinct: 256,
  /**
   * Buckets that a segment keeps of what is past, so that late signals can make it be judged again: six hours for a window
   * of half an hour, which is kept in sixtieths.
   */
  segmentLateBuckets: 720,
  /** New alerts of one rule that are let through before a storm is one. */
  stormAlerts: 1000,
  /** Steps of one ladder. */
  escalationSteps: 20,
  /** Lines of a playbook. */
  playbookLines: 20,
} as const;
