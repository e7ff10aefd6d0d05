import type { Silence } from '../../contracts/silence.ts';
import type { DeadLetterStatus, ParkedLetter } from '../../platform/database/dead-letters.ts';
import type { OwnedTimer } from '../../platform/keyed-process/state-store.ts';
import { MINUTE } from '../../platform/time/clock.ts';

/** What a stage has finished with since the beginning, and what waits for it. */
export interface StageStanding {
  readonly name: string;
  readonly reads: readonly string[];
  readonly handled: number;
  readonly skipped: number;
  readonly setAside: number;
  /** Inputs that are stored and not yet taken. Absent where that cannot be known here. */
  readonly waiting?: number;
  /** Since when the oldest of them is stored, epoch ms. Absent where none waits, or it cannot be known here. */
  readonly waitingSince?: number;
}

export interface TimersStanding {
  readonly pending: number;
  /** Due and not fired. */
  readonly overdue: number;
  /** The earliest ones, first. */
  readonly earliest: readonly OwnedTimer[];
}

/** Something that is sent on in order: messages of a channel, or facts on their way to Kafka. */
export interface QueueStanding {
  readonly name: string;
  readonly waiting: number;
  /** Since when the oldest is wanted, epoch ms; may lie ahead. */
  readonly oldestSince?: number;
}

export interface LettersStanding {
  readonly counts: Readonly<Record<DeadLetterStatus, number>>;
  /** Those that wait for somebody and those that are being retried, oldest first; not all when there are many. */
  readonly waiting: readonly ParkedLetter[];
  /** Latest decision first; not all. */
  readonly settled: readonly ParkedLetter[];
}

export interface RulesStanding {
  readonly hash: string;
  readonly folder: string;
  readonly rules: readonly { readonly id: string; readonly stage: string; readonly title: string }[];
  readonly quarantined: readonly {
    readonly rule: string;
    readonly errors: number;
    readonly error: string;
  }[];
  readonly lastReload?: {
    readonly at: number;
    readonly outcome: 'in_force' | 'unchanged' | 'refused';
    readonly problems: readonly string[];
  };
}

/** How Tocsin itself is doing. What is absent is known to another service only. */
export interface SystemStanding {
  readonly version: string;
  /** Why this process cannot do its work now. */
  readonly notReady?: string;
  readonly stages: readonly StageStanding[];
  readonly timers: TimersStanding;
  readonly queues: readonly QueueStanding[];
  readonly letters: LettersStanding;
  /** In force, and planned. */
  readonly silences?: readonly Silence[];
  readonly rules?: RulesStanding;
  /** Who keeps rules and silences and does not say how they are, and why. */
  readonly silent?: string;
}

/** What makes somebody look. Each has its runbook. */
export const TROUBLES = [
  'not_ready',
  'rules_silent',
  'stage_behind',
  'timers_late',
  'outbox_stuck',
  'dead_letters',
  'rules_refused',
  'rule_quarantined',
] as const;
export type Trouble = (typeof TROUBLES)[number];

/** A trouble with what it is about: a stage, a queue, a rule, a number. */
export interface Attention {
  readonly trouble: Trouble;
  readonly what: string;
}

/** Five minutes, as in the alert `TocsinConsumerLagTime`. */
const BEHIND_MS = 5 * MINUTE;
/** A minute, as in the alert `TocsinTimeboxTimersLate`. */
const LATE_MS = MINUTE;
/** Five minutes, as in the alert `TocsinOutboxStuck`. */
const STUCK_MS = 5 * MINUTE;

/** What somebody should look at now, the most pressing first; nothing when all is well. */
export function needsAttention(standing: SystemStanding, now: number): readonly Attention[] {
  const { notReady, silent, stages, timers, queues, letters, rules } = standing;
  const [first] = timers.earliest;
  return [
    ...(notReady === undefined ? [] : [attention('not_ready', notReady)]),
    ...(silent === undefined ? [] : [attention('rules_silent', silent)]),
    ...(first !== undefined && now - first.dueAt > LATE_MS
      ? [attention('timers_late', String(timers.overdue))]
      : []),
    ...stages.filter(({ waitingSince }) => olderThan(waitingSince, now, BEHIND_MS)).map(behind),
    ...queues
      .filter(({ oldestSince }) => olderThan(oldestSince, now, STUCK_MS))
      .map(({ name }) => attention('outbox_stuck', name)),
    ...(letters.counts.parked === 0 ? [] : [attention('dead_letters', String(letters.counts.parked))]),
    ...(rules?.lastReload?.outcome === 'refused' ? [attention('rules_refused', rules.folder)] : []),
    ...(rules?.quarantined ?? []).map(({ rule }) => attention('rule_quarantined', rule)),
  ];
}

const attention = (trouble: Trouble, what: string): Attention => ({ trouble, what });
const behind = ({ name }: StageStanding): Attention => attention('stage_behind', name);
const olderThan = (since: number | undefined, now: number, ms: number): boolean =>
  since !== undefined && now - since > ms;
