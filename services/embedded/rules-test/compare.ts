import type { Alert } from '../../contracts/alert.ts';
import type { Deadline } from '../../contracts/alert-request.ts';
import { isAbout, type Outcome, type Told } from './play-story.ts';
import type { Checkpoint, ExpectedAlert } from './story-file.ts';

/** One expectation that was not met. */
export interface Difference {
  /** `alerts`, `notified`, `suppressed.cooldown` … */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

/**
 * What differs between what was expected at a moment and what had come of the story by then.
 *
 * Each list that is given is meant to be whole: an alert or a message that is not in it is a difference. Lists that
 * are not given are not looked at, save that orders must not be refused and nothing may throw.
 */
export function compare(expected: Checkpoint, outcome: Outcome, offsetMinutes: number): Difference[] {
  const show = (instant: number) => instantText(instant, offsetMinutes);
  return [
    ...outcome.troubles.map((found) => ({ what: 'events', expected: 'to be taken', found })),
    ...(expected.alerts === undefined ? [] : compareAlerts(expected.alerts, outcome.alerts, show)),
    ...(expected.notified === undefined ? [] : compareNotified(expected.notified, outcome.told)),
    ...(expected.notified_steps === undefined ? [] : compareSteps(expected.notified_steps, outcome.told)),
    ...compareSuppressed(expected.suppressed ?? {}, outcome),
    ...(expected.unknown === undefined ? [] : compareSets('unknown', expected.unknown, outcome.unknown)),
  ];
}

type Show = (instant: number) => string;

function compareAlerts(
  expected: readonly ExpectedAlert[],
  found: readonly Alert[],
  show: Show,
): Difference[] {
  if (expected.length !== found.length) {
    return [
      {
        what: 'alerts',
        expected: `${expected.length}${expected.map((each) => `\n  ${expectedWords(each)}`).join('')}`,
        found: `${found.length}${found.map((alert) => `\n  ${alertWords(alert, show)}`).join('')}`,
      },
    ];
  }
  const left = [...found];
  const unmet: ExpectedAlert[] = [];
  for (const each of expected) {
    const place = left.findIndex((alert) => differencesOf(each, alert, show).length === 0);
    if (place < 0) unmet.push(each);
    else left.splice(place, 1);
  }
  return unmet.flatMap((each, index) => {
    const alert = left[index];
    if (alert === undefined) return [];
    return differencesOf(each, alert, show).map((difference) => ({
      ...difference,
      what: `alert ${alert.ruleId} of ${alert.subject}: ${difference.what}`,
    }));
  });
}

const DEADLINES: readonly Deadline[] = ['ack_by', 'contact_by', 'close_by'];

function differencesOf(expected: ExpectedAlert, alert: Alert, show: Show): Difference[] {
  const differences: Difference[] = [];
  const same = (what: string, wanted: unknown, is: unknown) => {
    if (wanted !== undefined && wanted !== is) {
      differences.push({ what, expected: String(wanted), found: String(is ?? 'none') });
    }
  };
  const sameInstant = (what: string, wanted: string | undefined, is: number | undefined) => {
    if (wanted === undefined || Date.parse(wanted) === is) return;
    differences.push({
      what,
      expected: show(Date.parse(wanted)),
      found: is === undefined ? 'none' : show(is),
    });
  };
  same('rule', expected.rule, alert.ruleId);
  if (expected.key !== undefined && !isAbout(alert, expected.key)) same('key', expected.key, alert.subject);
  same('severity', expected.severity, alert.severity);
  same('state', expected.state, alert.status);
  same('evidence', expected.evidence, alert.evidenceCount);
  same('assignee', expected.assignee, alert.owner.person);
  same('team', expected.team, alert.owner.team);
  same('shadow', expected.shadow, alert.stage === 'shadow');
  same('contacted', expected.contacted, alert.contact !== undefined);
  same('outcome', expected.outcome, alert.outcome);
  for (const deadline of DEADLINES) {
    sameInstant(deadline, expected[deadline], alert.deadlines[deadline]?.dueAt);
  }
  return differences;
}

const expectedWords = (expected: ExpectedAlert): string =>
  Object.entries(expected)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ') || 'any';

/** An alert on one line, with the words of the expectation. */
function alertWords(alert: Alert, show: Show): string {
  const deadlines = DEADLINES.flatMap((name) => {
    const deadline = alert.deadlines[name];
    return deadline === undefined ? [] : [`${name}: ${show(deadline.dueAt)}`];
  });
  return [
    `rule: ${alert.ruleId}`,
    `key: ${alert.subject}`,
    `severity: ${alert.severity}`,
    `state: ${alert.status}`,
    `evidence: ${alert.evidenceCount}`,
    ...(alert.owner.person === undefined ? [] : [`assignee: ${alert.owner.person}`]),
    ...(alert.stage === 'shadow' ? ['shadow: true'] : []),
    ...deadlines,
  ].join(', ');
}

type ExpectedTold = NonNullable<Checkpoint['notified']>[number];

function compareNotified(expected: readonly ExpectedTold[], found: readonly Told[]): Difference[] {
  const meets = (each: ExpectedTold, told: Told | undefined): boolean =>
    told !== undefined &&
    (each.step === told.step || each.step === told.stepId) &&
    (each.to === undefined || each.to === told.to) &&
    (each.rule === undefined || each.rule === told.rule);
  if (expected.length === found.length && expected.every((each, index) => meets(each, found[index])))
    return [];
  const words = ({ step, to }: { step: string; to?: string | undefined }) =>
    `\n  ${step} → ${to ?? 'anybody'}`;
  return [
    {
      what: 'notified',
      expected: expected.map(words).join('') || 'nobody',
      found: found.map(words).join('') || 'nobody',
    },
  ];
}

/** The steps in the order in which they first told somebody: several targets of one step count once. */
function compareSteps(expected: readonly string[], found: readonly Told[]): Difference[] {
  const firings = found.filter((told, index) => {
    const before = found[index - 1];
    return before === undefined || before.stepId !== told.stepId || before.rule !== told.rule;
  });
  const steps = firings.map(({ step }) => step);
  const same =
    steps.length === expected.length &&
    firings.every(({ step, stepId }, index) => expected[index] === step || expected[index] === stepId);
  return same ? [] : [{ what: 'notified_steps', expected: listWords(expected), found: listWords(steps) }];
}

function compareSuppressed(
  expected: NonNullable<Checkpoint['suppressed']>,
  { suppressed, heldBack }: Outcome,
) {
  return Object.entries(expected).flatMap(([reason, count = 0]): Difference[] => {
    const found = suppressed[reason as keyof typeof suppressed] ?? 0; // the schema allows these reasons only
    if (found === count) return [];
    const why = heldBack.map(({ held, heldBy }) => `\n  ${held}: ${heldBy ?? ''}`).join('');
    return [{ what: `suppressed.${reason}`, expected: String(count), found: `${found}${why}` }];
  });
}

function compareSets(what: string, expected: readonly string[], found: readonly string[]): Difference[] {
  const same = expected.length === found.length && expected.every((item) => found.includes(item));
  return same ? [] : [{ what, expected: listWords(expected), found: listWords(found) }];
}

const listWords = (words: readonly string[]): string => (words.length === 0 ? 'none' : words.join(', '));

/** An instant as the author would write it: on the clock of the start. */
export function instantText(instant: number, offsetMinutes: number): string {
  const local = new Date(instant + offsetMinutes * 60_000)
    .toISOString()
    .replace(/\.000Z$/, '')
    .replace(/Z$/, '');
  const two = (number: number) => String(Math.floor(Math.abs(number))).padStart(2, '0');
  if (offsetMinutes === 0) return `${local}Z`;
  return `${local}${offsetMinutes < 0 ? '-' : '+'}${two(offsetMinutes / 60)}:${two(offsetMinutes % 60)}`;
}
