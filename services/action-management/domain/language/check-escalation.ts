import {
  type Deadline,
  type EscalationStep,
  MILESTONES,
  type Milestone,
} from '../../../contracts/alert-request.ts';
import { didYouMean, nearestWord } from '../../../platform/config/did-you-mean.ts';
import type { Check, Path } from './check.ts';
import { readElapsed, readTimeBox } from './duration.ts';
import type { EscalationFile } from './rule-file.ts';

/** Reads the ladder of a rule. Every step hangs on the opening or on a deadline that the rule has. */
export function readEscalation(
  steps: readonly EscalationFile[],
  timebox: { readonly calendar: string; readonly deadlines: readonly Deadline[] },
  path: Path,
  check: Check,
): EscalationStep[] {
  return steps.flatMap((step, index) => readStep(step, index, timebox, [...path, index], check) ?? []);
}

function readStep(
  step: EscalationFile,
  index: number,
  timebox: { readonly calendar: string; readonly deadlines: readonly Deadline[] },
  path: Path,
  check: Check,
): EscalationStep | undefined {
  const moment = readMoment(step.at, timebox.deadlines, [...path, 'at'], check);
  const notify = step.notify ?? [];
  if (notify.length === 0 && step.reassign === undefined) {
    check.report(path, 'a step must notify somebody or reassign the alert');
  }
  for (const [place, target] of notify.entries()) checkTarget(target, [...path, 'notify', place], check);
  const template = readTemplateName(step.template, moment?.at, [...path, 'template'], check);
  const repeat =
    step.repeat && readRepeat(step.repeat, timebox.calendar, [...path, 'repeat', 'every'], check);
  if (moment === undefined || template === undefined) return undefined;
  return {
    id: `${index + 1}:${moment.at}`,
    ...moment,
    ...(step.unless === undefined ? {} : { unless: step.unless }),
    notify,
    template,
    ...(step.reassign === undefined ? {} : { reassign: step.reassign }),
    ...(repeat === undefined ? {} : { repeat }),
  };
}

/** `opened`, `ack_by`, `contact_by - 1h`, `close_by + 30m`. */
function readMoment(
  text: string,
  deadlines: readonly Deadline[],
  path: Path,
  check: Check,
): { at: Milestone; offsetMs: number } | undefined {
  const [, name = '', sign, amount = ''] = /^(\w+)(?:\s*([+-])\s*(\S+))?$/.exec(text.trim()) ?? [];
  const at = MILESTONES.find((milestone) => milestone === name);
  if (at === undefined) {
    const hint = didYouMean(name === '' ? text : name, [...MILESTONES]);
    return check.report(
      path,
      `got "${text}", expected a milestone, as in contact_by or contact_by - 1h${hint}`,
    );
  }
  if (at !== 'opened' && !deadlines.includes(at)) {
    return check.report(path, `"${at}" has no deadline in this rule; add ${at} to timebox`);
  }
  if (sign === undefined) return { at, offsetMs: 0 };
  if (at === 'opened' && sign === '-')
    return check.report(path, `got "${text}": nothing happens before the opening`);
  const offset = readElapsed(amount);
  if (!offset.ok) return check.report(path, offset.message);
  return { at, offsetMs: sign === '-' ? -offset.value : offset.value };
}

/** The words behind `slack:` and `email:` that stand for whoever has the alert. */
const ROLES = ['assignee', 'team-lead', 'team'];

function checkTarget(target: string, path: Path, check: Check): void {
  const [channel = '', ...rest] = target.split(':');
  const address = rest.join(':');
  const problem =
    (channel !== 'slack' && channel !== 'email') || address === ''
      ? `expected slack:… or email:…${didYouMean(channel, ['slack', 'email'])}`
      : addressProblem(channel, address, check.names.people);
  if (problem !== undefined) check.report(path, `got "${target}", ${problem}`);
}

function addressProblem(
  channel: 'slack' | 'email',
  address: string,
  people: readonly string[] | undefined,
): string | undefined {
  if (ROLES.includes(address) || people?.includes(address) === true) return undefined;
  if (channel === 'slack' && /^#[a-z0-9][a-z0-9_-]{0,79}$/.test(address)) return undefined;
  if (channel === 'email' && /^[\w.+-]+@[\w-]+(\.[\w-]+)+$/.test(address)) return undefined;
  const isName = /^[a-z0-9][a-z0-9._-]*$/.test(address);
  const near = nearestWord(address, [...ROLES, ...(people ?? [])]);
  if (isName && people === undefined && near === undefined) return undefined;
  const usual = channel === 'slack' ? 'slack:#channel' : 'email:name@company.example';
  const hint = near === undefined ? '' : `; did you mean "${near}"?`;
  const unknown = isName && near === undefined ? `which is nobody in teams.yaml: add ${address} there; ` : '';
  return `${unknown}expected ${usual}, ${channel}:assignee, ${channel}:team, ${channel}:team-lead or a person${hint}`;
}

/** What a step says when it names no template: the opening and the breach have their own wording. */
const USUAL_TEMPLATES: Readonly<Record<Milestone, string>> = {
  opened: 'open',
  ack_by: 'late-ack',
  contact_by: 'breach',
  close_by: 'breach',
};

function readTemplateName(
  template: string | undefined,
  at: Milestone | undefined,
  path: Path,
  check: Check,
): string | undefined {
  const name = template ?? (at === undefined ? undefined : USUAL_TEMPLATES[at]);
  if (name === undefined || check.names.templates.includes(name)) return name;
  return check.report(path, `unknown template "${name}"${didYouMean(name, check.names.templates)}`);
}

function readRepeat(
  repeat: { readonly every: string; readonly max: number },
  calendar: string,
  path: Path,
  check: Check,
): EscalationStep['repeat'] {
  const every = readTimeBox(repeat.every, calendar);
  return every.ok ? { every: every.value, max: repeat.max } : check.report(path, every.message);
}
