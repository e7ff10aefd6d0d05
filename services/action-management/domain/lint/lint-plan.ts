import type { EscalationStep, TimeBoxDuration } from '../../../contracts/alert-request.ts';
import { DAY } from '../../../platform/time/clock.ts';
import type { Person, Team, Teams } from '../../../settings/teams.ts';
import { durationWords } from '../language/duration.ts';
import { EVENT_FIELDS } from '../language/fields.ts';
import { type Finding, finding, type PlacedRule } from './finding.ts';

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

function lintLadder(placed: PlacedRule, teams: Teams): Finding[] {
  const { rule } = placed;
  const owners = rule.route.flatMap(({ to, fallback }) =>
    teamsOf(typeof to === 'string' ? [to, fallback] : [fallback], teams),
  );
  const steps = rule.plan.escalation.flatMap((step, index) => lintStep(step, index, owners, placed, teams));
  return [...steps, ...nobodyElse(placed)];
}

const teamsOf = (owners: readonly (string | undefined)[], { byId }: Teams): Team[] =>
  owners.flatMap((owner) => byId.get(owner?.replace(/^team\//, '') ?? '') ?? []);

function lintStep(
  step: EscalationStep,
  index: number,
  owners: readonly Team[],
  placed: PlacedRule,
  teams: Teams,
): Finding[] {
  const findings: Finding[] = [];
  const alone = owners.find((team) => team.members.length < 2);
  if (step.reassign !== undefined && alone !== undefined) {
    const at = placed.place(['spec', 'escalate', index, 'reassign']);
    const message = `${alone.title} has one member, so there is nobody to hand the alert to`;
    findings.push(
      finding('reaches-nobody', placed, at, message, 'remove reassign, or add members to the team'),
    );
  }
  for (const [place, target] of step.notify.entries()) {
    const problem = unreachable(target, owners, teams);
    if (problem === undefined) continue;
    const at = placed.place(['spec', 'escalate', index, 'notify', place]);
    findings.push(finding('reaches-nobody', placed, at, problem.message, problem.fix));
  }
  return findings;
}

function unreachable(
  target: string,
  owners: readonly Team[],
  { people }: Teams,
): { message: string; fix: string } | undefined {
  const [channel, who = ''] = target.split(/:(.*)/s);
  if (channel === 'slack') {
    const asked = who === 'team-lead' ? owners.map(({ lead }) => lead) : [people.get(who)];
    const mute = asked.find((person): person is Person => person !== undefined && person.slack === undefined);
    if (mute === undefined) return undefined;
    return {
      message: `"${target}" is ${mute.name}, who has no Slack member id`,
      fix: `give ${mute.id} a slack id in teams.yaml, or write email:${who}`,
    };
  }
  return undefined;
}

/** Everybody whom a ladder tells after the opening must not be the one who has not reacted. */
function nobodyElse(placed: PlacedRule): Finding[] {
  const { escalation } = placed.rule.plan;
  const others = escalation.some(
    ({ notify, reassign, at, offsetMs }) =>
      reassign !== undefined ||
      ((at !== 'opened' || offsetMs > 0) && notify.some((target) => !target.endsWith(':assignee'))),
  );
  if (others) return [];
  return [
    finding(
      'reaches-nobody-else',
      placed,
      placed.place(['spec', 'escalate'], 'key'),
      'no step after the opening tells anybody but the owner, so an alert of somebody who is ill stays unseen',
      'add a step such as {at: ack_by, unless: acked, notify: ["slack:team-lead"]}',
    ),
  ];
}

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
