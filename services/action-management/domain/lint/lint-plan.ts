import type { TimeBoxDuration } from '../../../contracts/alert-request.ts';
import { DAY } from '../../../platform/time/clock.ts';
import type { Teams } from '../../../settings/teams.ts';
import { durationWords } from '../language/duration.ts';
import { EVENT_FIELDS } from '../language/fields.ts';
import { type Finding, finding, type PlacedRule } from './finding.ts';
import { lintLadder } from './lint-ladder.ts';

/** What is wrong with the time box, the ladder and the quiet parts of one rule. */
export function lintPlan(placed: PlacedRule, teams: Teams): Finding[] {
  return [
    ...deadlineOrder(placed),
    ...tooEarly(placed),
    ...lintLadder(placed, teams),
    ...lintKey(placed),
    ...lintCooldown(placed),
    ...lintFatigue(placed),
  ];
}

/** The shortest time from the opening to a deadline. Business time is never shorter than elapsed time. */
const atLeastMs = ({ unit, amount }: TimeBoxDuration): number => (unit === 'ms' ? amount : amount * DAY);

/** A step before a deadline that is further away than the opening is due at once, or never. */
function tooEarly(placed: PlacedRule): Finding[] {
  const { deadlines, escalation } = placed.rule.plan;
  return escalation.flatMap((step, index) => {
    const deadline = step.at === 'opened' ? undefined : deadlines[step.at];
    if (deadline === undefined || -step.offsetMs < atLeastMs(deadline)) return [];
    const before = durationWords(-step.offsetMs);
    return [
      finding(
        'reminder-before-opening',
        placed,
        placed.place(['spec', 'escalate', index, 'at']),
        `${before} before ${step.at} is before the opening: ${step.at} is ${deadline.text} after it`,
        `use less than ${deadline.text}, or at: opened`,
      ),
    ];
  });
}

const ORDER = ['ack_by', 'contact_by', 'close_by'] as const;

function deadlineOrder(placed: PlacedRule): Finding[] {
  const { deadlines } = placed.rule.plan;
  return ORDER.slice(1).flatMap((name, index) => {
    const [before] = ORDER.slice(0, index + 1).filter((other) => isLonger(deadlines[other], deadlines[name]));
    if (before === undefined) return [];
    return [
      finding(
        'deadlines-out-of-order',
        placed,
        placed.place(['spec', 'timebox', name]),
        `${name} (${deadlines[name]?.text}) comes before ${before} (${deadlines[before]?.text})`,
        `make ${name} longer than ${before}`,
      ),
    ];
  });
}

/** Only where both are of one clock and unit; otherwise it depends on the hour. */
const isLonger = (a: TimeBoxDuration | undefined, b: TimeBoxDuration | undefined): boolean =>
  a !== undefined && b !== undefined && a.unit === b.unit && a.clock === b.clock && a.amount > b.amount;

/** Fields that have another value for nearly every signal, so that each match would open an alert of its own. */
const RESTLESS = [
  'text',
  'url',
  'occurred_at',
  'received_at',
  'duration_seconds',
  'amount',
  'followers',
  'shares',
];

function lintKey(placed: PlacedRule): Finding[] {
  const { rule } = placed;
  const at = placed.place(['spec', 'suppress', 'dedupe_key']);
  const splitting = rule.dedupeKey.parts.flatMap((part) => {
    if (typeof part === 'string' || typeof part.reads === 'string') return [];
    const { from, name } = part.reads;
    const restless =
      from === 'event' && (RESTLESS.includes(name) || EVENT_FIELDS.get(name)?.type === 'number');
    const changing = from === 'profile' && part.reads.field.type === 'number';
    return from === 'window' || restless || changing ? [part.name] : [];
  });
  return splitting.map((name) =>
    finding(
      'key-splits',
      placed,
      at,
      `{${name}} has another value with nearly every signal, so each match opens an alert of its own`,
      `remove {${name}}; a number belongs into when`,
    ),
  );
}

/** A match within `reopen_within` reopens; only later ones meet the cooldown. */
function lintCooldown(placed: PlacedRule): Finding[] {
  const { cooldownMs, reopenWithinMs } = placed.rule.plan;
  if (cooldownMs === 0 || reopenWithinMs === undefined || reopenWithinMs < cooldownMs) return [];
  const { cooldown, reopen_within } = placed.written.suppress;
  return [
    finding(
      'cooldown-without-effect',
      placed,
      placed.place(['spec', 'suppress', 'cooldown']),
      `a match within reopen_within (${reopen_within}) reopens the alert, so the cooldown of ${cooldown} never holds anything back`,
      'make cooldown longer than reopen_within, or remove one of them',
    ),
  ];
}

/** The contact that closed the last alert is as old as the cooldown, at least, when the next one opens. */
function lintFatigue(placed: PlacedRule): Finding[] {
  const { fatigue, plan } = placed.rule;
  if (fatigue === undefined || plan.cooldownMs <= fatigue.overMs) return [];
  const { cooldown, contact_fatigue: written } = placed.written.suppress;
  return [
    finding(
      'fatigue-without-effect',
      placed,
      placed.place(['spec', 'suppress', 'contact_fatigue', 'over']),
      `the cooldown of ${cooldown} outlasts the contacts of the last ${written?.over}, so contact_fatigue never counts those that this rule led to`,
      'make the cooldown shorter than over, or remove one of them',
    ),
  ];
}
