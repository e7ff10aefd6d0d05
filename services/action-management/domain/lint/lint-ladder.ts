import type { EscalationStep } from '../../../contracts/alert-request.ts';
import type { Person, Team, Teams } from '../../../settings/teams.ts';
import type { Place } from '../language/ast.ts';
import { type Finding, finding, type PlacedRule } from './finding.ts';

/** Whom the ladder of one rule reaches: nobody, the one who has not reacted again, or somebody else. */
export function lintLadder(placed: PlacedRule, teams: Teams): Finding[] {
  const { rule } = placed;
  const owners = rule.route.flatMap(({ to, fallback }) =>
    teamsOf(typeof to === 'string' ? [to, fallback] : [fallback], teams),
  );
  const steps = rule.plan.escalation.flatMap((step, index) => lintStep(step, index, owners, placed, teams));
  const [alone] = steps.filter(({ lint }) => lint === 'reaches-no-colleague');
  // Once for a rule is enough: a small company has it in every one.
  return [
    ...steps.filter((found) => found.lint !== 'reaches-no-colleague' || found === alone),
    ...nobodyElse(placed),
  ];
}

const teamsOf = (owners: readonly (string | undefined)[], { byId }: Teams): Team[] => [
  ...new Set(owners.flatMap((owner) => byId.get(owner?.replace(/^team\//, '') ?? '') ?? [])),
];

function lintStep(
  step: EscalationStep,
  index: number,
  owners: readonly Team[],
  placed: PlacedRule,
  teams: Teams,
): Finding[] {
  const findings = withoutColleague(step, index, owners, placed);
  for (const [place, target] of step.notify.entries()) {
    const problem = unreachable(target, owners, teams);
    if (problem === undefined) continue;
    const at = placed.place(['spec', 'escalate', index, 'notify', place]);
    findings.push(finding(problem.lint, placed, at, problem.message, problem.fix));
  }
  return findings;
}

/**
 * A team of one has nobody to hand an alert to, and perhaps its lead is the one who has it. That is how a small company
 * is: the alert stays where it is, and the step reminds. Only a step that does nothing else reaches nobody.
 */
function withoutColleague(
  step: EscalationStep,
  index: number,
  owners: readonly Team[],
  placed: PlacedRule,
): Finding[] {
  const alone = owners.find(({ members }) => members.length < 2);
  const [only] = alone?.members ?? [];
  if (alone === undefined || only === undefined) return [];
  const told = step.notify.map((target) => toldWords(target, alone, only));
  if (step.reassign === undefined) {
    const isReminder = step.notify.includes('slack:team-lead') || step.notify.includes('email:team-lead');
    if (!isReminder || told.some(({ again }) => !again)) return [];
    const at = placed.place(['spec', 'escalate', index, 'notify']);
    return [noColleague(`${alone.title} has one member`, told, alone, at, placed)];
  }
  const at = placed.place(['spec', 'escalate', index, 'reassign']);
  const stays = `${alone.title} has one member, so the alert stays with ${only.name}`;
  if (told.length > 0) return [noColleague(stays, told, alone, at, placed)];
  const fix = 'add notify: ["slack:team"], remove the step, or add members to the team';
  return [finding('reaches-nobody', placed, at, `${stays} and nobody is told`, fix)];
}

const noColleague = (
  why: string,
  told: readonly Told[],
  { id }: Team,
  at: Place,
  placed: PlacedRule,
): Finding =>
  finding(
    'reaches-no-colleague',
    placed,
    at,
    `${why}; this step only tells ${told.map(({ words }) => words).join(', ')}`,
    `add a second member to ${id} in teams.yaml; where there is nobody else, leave it so`,
  );

interface Told {
  readonly words: string;
  /** It is the one who has the alert already. */
  readonly again: boolean;
}

/** Who a target is in a team of one: often the same person once more. */
function toldWords(target: string, { lead }: Team, only: Person): Told {
  const [, who = ''] = target.split(/:(.*)/s);
  const asked = who === 'team-lead' ? lead : who === 'assignee' || who === only.id ? only : undefined;
  const again = asked === only;
  if (asked === undefined) return { words: target, again };
  return { words: again ? `${asked.name} again (${target})` : `${asked.name} (${target})`, again };
}

function unreachable(
  target: string,
  owners: readonly Team[],
  { people }: Teams,
): { lint: 'reaches-nobody' | 'reaches-the-channel'; message: string; fix: string } | undefined {
  const [channel, who = ''] = target.split(/:(.*)/s);
  if (channel !== 'slack') return undefined;
  if (who === 'team-lead') {
    const team = owners.find(({ lead }) => lead.slack === undefined);
    if (team === undefined) return undefined;
    const { lead, slackChannel } = team;
    return {
      lint: 'reaches-the-channel',
      message: `"${target}" is ${lead.name}, who has no Slack member id, so ${slackChannel} is told instead`,
      fix: `give ${lead.id} a slack id in teams.yaml, or write email:${who}`,
    };
  }
  const person = people.get(who);
  if (person === undefined || person.slack !== undefined) return undefined;
  return {
    lint: 'reaches-nobody',
    message: `"${target}" is ${person.name}, who has no Slack member id`,
    fix: `give ${person.id} a slack id in teams.yaml, or write email:${who}`,
  };
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
