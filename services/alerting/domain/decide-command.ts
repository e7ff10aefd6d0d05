import type { Actor, Alert, AlertCommand, Contact, Refusal } from '../../contracts/alert.ts';
import type { ContactProof } from '../../contracts/identity.ts';
import { DAY } from '../../platform/time/clock.ts';
import { type AlertState, openAlert } from './alert-state.ts';
import type { Change, Decision } from './changes.ts';
import { resolveAssignee } from './owner.ts';
import { type Circumstances, woken } from './settle.ts';

/** Longer is forgetting, not snoozing. The longest that practice guides for customer success allow. */
export const MAX_SNOOZE_MS = 30 * DAY;
/**
 * Tries after which a customer may be called unreachable although the rule asks for a contact: what companies'
 * no-answer policies ask for, on different days.
 */
export const ATTEMPTS_BEFORE_UNREACHABLE = 3;

/**
 * What a person's order leads to: a change, a refusal with its reason, or nothing when it is already so.
 *
 * Deadlines that fell due before `at` have been settled by then: an order never makes a breach undone.
 */
export function decideCommand(
  state: AlertState,
  command: AlertCommand,
  at: number,
  circumstances: Circumstances,
): Decision {
  if (state.alert === undefined) return { skip: 'alert_unknown' };
  if (command.alertId !== undefined && command.alertId !== state.alert.alertId) {
    return refused(command, at, 'earlier_cycle', `the alert has been reopened as ${state.alert.label}`);
  }
  const alert = openAlert(state);
  if (alert === undefined) return refused(command, at, 'alert_closed', 'the alert is closed');
  switch (command.type) {
    case 'acknowledge':
      return acknowledge(state, alert, command, at, circumstances);
    case 'contact':
      return contact(alert, command, at);
    case 'snooze':
      return snooze(state, alert, command, at, circumstances);
    case 'reassign':
      return reassign(state, alert, command, at, circumstances);
    case 'close':
      return close(alert, command, at);
  }
}

/**
 * What a record of a call to the customer leads to: a proven contact, or an attempt when nobody was reached. It counts from the moment of the conversation,
 * however late the record arrives: a contact in time whose breach is already on record shows both.
 */
export function decideProof(state: AlertState, { alertId, signal }: ContactProof, at: number): Decision {
  const alert = openAlert(state);
  if (alert === undefined || alert.alertId !== alertId) return { skip: 'loop_closed' };
  const by: Actor = { kind: 'record', id: signal.id };
  if (signal.reached !== true) return { changes: [{ type: 'contact_attempted', at, by }] };
  if (alert.contact?.proven === true) return { skip: 'already_proven' };
  const made: Contact = {
    at,
    by,
    channel: signal.channel,
    reached: true,
    proven: true,
    signalId: signal.id,
  };
  return { changes: [{ type: 'contacted', at, by, contact: made }] };
}

/** `instant`, or the nearer end of the range when it lies outside. */
export const within = (instant: number, from: number, to: number): number =>
  Math.max(from, Math.min(instant, to));

type Command<T extends AlertCommand['type']> = AlertCommand & { readonly type: T };

/**
 * The first acknowledgement counts, and another person's is refused so that they know a colleague has it. From
 * the person who snoozed, it ends the snooze.
 */
function acknowledge(
  state: AlertState,
  alert: Alert,
  command: Command<'acknowledge'>,
  at: number,
  circumstances: Circumstances,
): Decision {
  if (alert.acknowledgedAt === undefined) {
    return { changes: [{ type: 'acknowledged', at, ...origin(command) }] };
  }
  const isSnoozer = alert.snooze !== undefined && isSame(alert.snooze.by, command.by);
  if (isSnoozer) return { changes: [{ ...woken(state, alert, at, circumstances), ...origin(command) }] };
  if (alert.acknowledgedBy !== undefined && isSame(alert.acknowledgedBy, command.by)) {
    return { skip: 'already_acknowledged' };
  }
  const who = alert.acknowledgedBy?.kind === 'person' ? alert.acknowledgedBy.id : 'somebody';
  return refused(command, at, 'already_acknowledged', `${who} is on it`);
}

/** A try without an answer is noted and meets nothing. A declared contact does not replace an earlier one. */
function contact(alert: Alert, command: Command<'contact'>, at: number): Decision {
  const note = command.note === undefined ? {} : { note: command.note };
  if (!command.reached) {
    return { changes: [{ type: 'contact_attempted', at, ...origin(command), ...note }] };
  }
  const { channel, by } = command;
  const declared: Contact = { at, by, channel, reached: true, proven: false, ...note };
  const change: Change = {
    type: 'contacted',
    at,
    ...origin(command),
    ...note,
    contact: alert.contact ?? declared,
  };
  return { changes: [change] };
}

/** Snoozing again replaces the snooze: time that stood still goes on first, so that no pause is counted twice. */
function snooze(
  state: AlertState,
  alert: Alert,
  command: Command<'snooze'>,
  at: number,
  circumstances: Circumstances,
): Decision {
  const { until, reason } = command;
  if (until <= at) return refused(command, at, 'snooze_in_past', 'a snooze ends in the future');
  if (until - at > MAX_SNOOZE_MS) {
    const note = `a snooze takes at most ${MAX_SNOOZE_MS / DAY} days; close the alert instead`;
    return refused(command, at, 'snooze_too_long', note);
  }
  const pauses = alert.plan.pauseOn.includes('snoozed') || alert.plan.pauseOn.includes(reason);
  const change: Change = { type: 'snoozed', at, ...origin(command), note: reason, until, reason, pauses };
  if (state.pausedAt === undefined) return { changes: [change] };
  return { changes: [{ ...woken(state, alert, at, circumstances), ...origin(command) }, change] };
}

function reassign(
  state: AlertState,
  alert: Alert,
  command: Command<'reassign'>,
  at: number,
  { teams, now }: Circumstances,
): Decision {
  const owner = resolveAssignee(teams, command.to, `${alert.alertId}/${state.seq}`, now);
  if (owner === undefined) {
    return refused(command, at, 'assignee_unknown', `${command.to} is neither a person nor a team`);
  }
  const note = command.reason === undefined ? {} : { note: command.reason };
  return { changes: [{ type: 'reassigned', at, ...origin(command), ...note, owner }] };
}

function close(alert: Alert, command: Command<'close'>, at: number): Decision {
  const missing = missingForClose(alert, command);
  if (missing !== undefined) return refused(command, at, missing.refusal, missing.note);
  const { outcome, rootCause } = command;
  const note = command.note === undefined ? {} : { note: command.note };
  return { changes: [{ type: 'closed', at, ...origin(command), ...note, outcome, rootCause }] };
}

function missingForClose(
  { plan, contact: made, contactAttempts }: Alert,
  { outcome, rootCause }: Command<'close'>,
): { readonly refusal: Refusal; readonly note: string } | undefined {
  const isMissing = (text: string) => text.trim() === '';
  if (plan.closeRequires.includes('outcome') && isMissing(outcome)) {
    return { refusal: 'outcome_missing', note: `an outcome is needed: ${plan.outcomes.join(', ')}` };
  }
  if (!isMissing(outcome) && plan.outcomes.length > 0 && !plan.outcomes.includes(outcome)) {
    return { refusal: 'outcome_unknown', note: `"${outcome}" is none of ${plan.outcomes.join(', ')}` };
  }
  if (plan.closeRequires.includes('root_cause') && isMissing(rootCause)) {
    return { refusal: 'root_cause_missing', note: 'a root cause is needed' };
  }
  if (!plan.closeRequires.includes('contact.logged') || made !== undefined) return undefined;
  if (outcome !== 'unreachable') {
    return { refusal: 'contact_missing', note: 'nobody has logged that the customer was spoken to' };
  }
  if (contactAttempts >= ATTEMPTS_BEFORE_UNREACHABLE) return undefined;
  const note = `unreachable needs ${ATTEMPTS_BEFORE_UNREACHABLE} logged attempts; there are ${contactAttempts}`;
  return { refusal: 'contact_missing', note };
}

const refused = (command: AlertCommand, at: number, refusal: Refusal, note: string): Decision => ({
  changes: [{ type: 'refused', at, ...origin(command), refusal, note }],
});

const origin = (command: AlertCommand) => ({
  by: command.by,
  via: command.via,
  commandId: command.id,
});

const isSame = (a: Actor, b: Actor): boolean => a.kind === b.kind && a.id === b.id;
