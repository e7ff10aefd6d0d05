import { explanationLines } from '../rules-test/run-rule-tests.ts';
import type { CustomerExplanation, RecordedEvent, RuleExplanation } from './explain-customer.ts';

/** The latest of what was recorded; the alert's own page has all of it. */
const RECORDED_SHOWN = 4;

/** Why there was an alert, or none, for the terminal. */
export function explanationWords(told: CustomerExplanation): string {
  const { customerId, at, signals, profile, riskScore, riskContributions, rules } = told;
  return [
    `${customerId} as of ${instantWords(at)}, after ${signals} signal${signals === 1 ? '' : 's'}`,
    '',
    'Profile',
    ...Object.entries(profile).map(([name, value]) => `  ${snakeCase(name)}: ${valueWords(name, value)}`),
    '',
    `Risk score ${Math.round(riskScore)} of 100`,
    ...riskContributions.map(({ points, words }) => `  ${signed(points)} ${words}`),
    '',
    `Rules (set ${told.ruleSetHash})`,
    ...otherSets(told.recordedHashes),
    ...rules.flatMap((rule) => ruleLines(rule, told.ruleSetHash)),
    '',
  ].join('\n');
}

/** Where others are judged by: an alert may have been raised by none of them. */
const otherSets = (hashes: readonly string[]): string[] =>
  hashes.length === 0
    ? []
    : [`  what is recorded below was partly decided by other sets: ${hashes.join(', ')}`];

function ruleLines(explained: RuleExplanation, hash: string): string[] {
  const { rule, stage, judged, listens, recorded, waitsUntil } = explained;
  if (stage === 'draft' || stage === 'retired') return [`- ${rule}: ${stage}, not judged`];
  const head = stage === 'live' ? `- ${rule}` : `- ${rule} (${stage})`;
  const waits =
    waitsUntil === undefined ? [] : [`    waits until ${instantWords(waitsUntil)} before it judges`];
  const events = [...waits, ...recorded.slice(-RECORDED_SHOWN).map(recordedLine)];
  if (judged === undefined) return [`${head}: not judged, listens to ${listens.join(', ')}`, ...events];
  const { result, at, type, signalId, condition, held, ruleSetHash } = judged;
  const by = ruleSetHash === hash ? '' : `, by set ${ruleSetHash}`;
  return [
    `${head}: ${RESULT_WORDS[result]}, at ${type} ${signalId}, ${instantWords(at)}${by}`,
    ...(held === undefined
      ? []
      : [`    held back: ${held.reason}${held.words === '' ? '' : ` (${held.words})`}`]),
    ...(condition === undefined ? [] : explanationLines(condition, 2)),
    ...events,
  ];
}

const RESULT_WORDS = {
  match: 'matches',
  no_match: 'does not match',
  unknown: 'cannot be told, something is not known',
  error: 'is broken',
} as const;

function recordedLine({ at, type, label, held, tellsNobody }: RecordedEvent): string {
  const silent =
    tellsNobody && type === 'raised'
      ? ' silently, nobody is told: in shadow, or in canary and not for this customer'
      : '';
  return `    recorded ${instantWords(at)}: ${type.replaceAll('_', ' ')}${held === undefined ? ` ${label}${silent}` : `: ${held}`}`;
}

const instantWords = (instant: number): string =>
  new Date(instant).toISOString().slice(0, 16).replace('T', ' ');

const snakeCase = (name: string): string =>
  name
    .replace(/([a-z])([A-Z0-9])/g, '$1_$2')
    .replace(/(\d)([a-z])$/, '$1$2')
    .toLowerCase();

function valueWords(name: string, value: unknown): string {
  if (name.endsWith('At') && typeof value === 'number') return new Date(value).toISOString().slice(0, 10);
  if (typeof value === 'number') return String(Number(value.toFixed(3)));
  return Array.isArray(value) ? value.join(', ') || 'none' : String(value);
}

const signed = (points: number): string =>
  `${points < 0 ? '−' : '+'}${Math.abs(points).toFixed(1)}`.padStart(6);
