import { expect, test } from 'vitest';
import { DAY } from '../../platform/time/clock.ts';
import { type AlertStory, at, planWith, story } from '../test-support/alert-story.ts';
import { ATTEMPTS_BEFORE_UNREACHABLE } from './decide-command.ts';

const ben = { kind: 'person', id: 'ben' } as const;
const opened = () => story().request('Fri 15:00');
const refusals = (given: ReturnType<typeof story>) =>
  given.events.filter((event) => event.type === 'refused').map((event) => [event.refusal, event.note]);

test('acknowledging meets ack_by and says who', () => {
  const { alert, events } = opened().acknowledge('Fri 15:10', 'ana');
  expect(events.at(-1)).toMatchObject({ type: 'acknowledged', by: { id: 'ana' }, via: 'api' });
  expect(alert).toMatchObject({
    status: 'acknowledged',
    acknowledgedAt: at('Fri 15:10'),
    acknowledgedBy: { id: 'ana' },
    deadlines: { ack_by: { metAt: at('Fri 15:10') } },
  });
});

test('the same click twice counts once', () => {
  const given = opened().acknowledge('Fri 15:10', 'ana', 'click-1');
  const once = given.state;
  given.acknowledge('Fri 15:11', 'ana', 'click-1');
  expect(given.outcome).toEqual({ type: 'skipped', reason: 'repeated' });
  expect(given.state).toEqual(once);
});

test('a second click of the same person changes nothing', () => {
  const given = opened().acknowledge('Fri 15:10', 'ana').acknowledge('Fri 15:11', 'ana');
  expect(given.outcome).toEqual({ type: 'skipped', reason: 'already_acknowledged' });
});

test('somebody else learns that a colleague has it', () => {
  const given = opened().acknowledge('Fri 15:10', 'ana').acknowledge('Fri 15:11', 'ben');
  expect(refusals(given)).toEqual([['already_acknowledged', 'ana is on it']]);
  expect(given.alert.acknowledgedBy?.id).toBe('ana');
});

test('a try without an answer is noted, acknowledges, and does not meet contact_by', () => {
  const { alert, types } = opened().contact('Fri 15:20', 'ana', false);
  expect(types.at(-1)).toBe('contact_attempted');
  expect(alert).toMatchObject({ status: 'acknowledged', contactAttempts: 1 });
  expect(alert.contact).toBeUndefined();
  expect(alert.deadlines.contact_by?.metAt).toBeUndefined();
});

test('a declared contact meets contact_by and counts as acknowledged', () => {
  const { alert } = opened().contact('Fri 15:20', 'ana');
  expect(alert).toMatchObject({
    status: 'acknowledged',
    contact: { at: at('Fri 15:20'), reached: true, proven: false, by: { id: 'ana' } },
    deadlines: { ack_by: { metAt: at('Fri 15:20') }, contact_by: { metAt: at('Fri 15:20') } },
  });
});

test('a call note proves the contact, and replaces a declared one', () => {
  const given = opened().contact('Fri 15:20', 'ana').proof('Fri 15:18', 'Fri 16:00');
  expect(given.alert.contact).toEqual({
    at: at('Fri 15:18'),
    by: { kind: 'record', id: 'note-Fri 15:18' },
    channel: 'phone',
    reached: true,
    proven: true,
    signalId: 'note-Fri 15:18',
  });
  expect(given.alert.deadlines.contact_by?.metAt).toBe(at('Fri 15:20'));
});

test('a call note that reached nobody is an attempt, counts once and meets no contact_by', () => {
  const unreached = (given: AlertStory) => given.proof('Fri 15:20', 'Fri 15:20', undefined, false);
  const given = unreached(unreached(opened()));
  expect(given.alert.contactAttempts).toBe(1);
  expect(given.alert.deadlines.contact_by?.metAt).toBeUndefined();
  expect(given.outcome).toEqual({ type: 'skipped', reason: 'repeated' });
});

test('a second proof changes nothing', () => {
  const given = opened().proof('Fri 15:20').proof('Fri 16:00');
  expect(given.outcome).toEqual({ type: 'skipped', reason: 'already_proven' });
});

test('a contact in time whose note comes late shows both: the breach and the contact', () => {
  const given = opened().acknowledge('Fri 15:10', 'ana').until('Mon 10:00').proof('Fri 16:00', 'Mon 11:00');
  expect(given.alert.deadlines.contact_by).toMatchObject({
    dueAt: at('Mon 10:00'),
    breachedAt: at('Mon 10:00'),
    metAt: at('Fri 16:00'),
  });
});

test('a call note read together with overdue timers does not hide the earlier breach', () => {
  const given = opened().proof('Fri 17:00', 'Mon 09:30').wakeUpAt('Mon 09:30');
  expect(given.types).toEqual(['raised', 'breached', 'escalated', 'reassigned', 'contacted']);
});

test('a proof for an earlier cycle or a closed loop is skipped', () => {
  const given = opened().proof('Fri 15:20', 'Fri 15:20', 'churn:c1#0');
  expect(given.outcome).toEqual({ type: 'skipped', reason: 'loop_closed' });
});

test('reassigning tells the new owner and leaves everything else', () => {
  const given = opened().command('Fri 15:05', { id: 'r1', type: 'reassign', by: ben, to: 'person/ben' });
  expect(given.alert).toMatchObject({ status: 'open', owner: { team: 'retention', person: 'ben' } });
  expect(given.told.slice(2)).toEqual([]);
  given.command('Fri 15:06', { id: 'r2', type: 'reassign', by: ben, to: 'evening', reason: 'late shift' });
  expect(given.alert.owner).toEqual({ team: 'evening', person: 'nils' });
  expect(given.told.slice(2)).toEqual(['reassigned/3: U0NILS']);
});

test('nobody can be given an alert who does not exist', () => {
  const given = opened().command('Fri 15:05', { id: 'r1', type: 'reassign', by: ben, to: 'person/zoe' });
  expect(refusals(given)).toEqual([['assignee_unknown', 'person/zoe is neither a person nor a team']]);
});

test('closing needs contact, outcome and root cause, and says which is missing', () => {
  const given = opened()
    .close('Fri 15:01', '', 'price')
    .close('Fri 15:02', 'happy', 'price')
    .close('Fri 15:03', 'saved', ' ')
    .close('Fri 15:04', 'saved', 'price');
  expect(refusals(given)).toEqual([
    ['outcome_missing', 'an outcome is needed: saved, not_at_risk, churned, unreachable'],
    ['outcome_unknown', '"happy" is none of saved, not_at_risk, churned, unreachable'],
    ['root_cause_missing', 'a root cause is needed'],
    ['contact_missing', 'nobody has logged that the customer was spoken to'],
  ]);
  expect(given.alert.status).toBe('open');
});

test('a rule that requires nothing lets anything be closed', () => {
  const plan = planWith({ closeRequires: [], outcomes: [] });
  const given = story().request('Fri 15:00', 's1', { plan }).close('Fri 15:10', 'whatever', '');
  expect(given.alert).toMatchObject({ status: 'closed', outcome: 'whatever' });
});

test('unreachable needs as many attempts as the no-answer policy asks for', () => {
  const given = opened().contact('Fri 15:10', 'ana', false).contact('Mon 10:00', 'ana', false);
  given.close('Mon 10:05', 'unreachable');
  expect(refusals(given)).toEqual([['contact_missing', 'unreachable needs 3 logged attempts; there are 2']]);
  given.contact('Tue 14:00', 'ana', false).close('Tue 14:05', 'unreachable');
  expect(given.alert).toMatchObject({
    status: 'closed',
    contactAttempts: ATTEMPTS_BEFORE_UNREACHABLE,
    deadlines: { contact_by: expect.not.objectContaining({ metAt: expect.anything() }) },
  });
});

test('closing ends every clock and releases the customer', () => {
  const given = opened().contact('Fri 15:10', 'ana').close('Fri 15:20');
  expect(given.alert).toMatchObject({
    status: 'closed',
    outcome: 'saved',
    rootCause: 'price',
    closedBy: { id: 'ana' },
    deadlines: { close_by: { metAt: at('Fri 15:20') } },
  });
  expect(given.timerAt).toBeNull();
  expect(given.facts.at(-1)).toMatchObject({ topic: 'customer-loops', key: 'c1', value: { open: false } });
});

test('a closed alert takes no orders', () => {
  const given = opened().contact('Fri 15:10', 'ana').close('Fri 15:20').acknowledge('Fri 15:30', 'ben');
  expect(refusals(given)).toEqual([['alert_closed', 'the alert is closed']]);
});

test('an order for an earlier cycle is refused', () => {
  const given = opened().contact('Fri 15:10', 'ana').close('Fri 15:20').request('Fri 16:00', 's2');
  given.command('Fri 16:01', { id: 'x', type: 'acknowledge', by: ben, alertId: 'churn:c1#1' });
  expect(refusals(given)).toEqual([['earlier_cycle', expect.stringContaining('reopened as T-')]]);
});

test('an order for an alert that never was is skipped', () => {
  const given = story().acknowledge('Fri 15:00', 'ana');
  expect(given.outcome).toEqual({ type: 'skipped', reason: 'alert_unknown' });
  expect(given.events).toEqual([]);
});

test('an order from a clock that runs ahead counts as now', () => {
  const by = { kind: 'person', id: 'ana' } as const;
  const given = opened().command('Mon 12:00', { id: 'a', type: 'acknowledge', by }, 'Fri 15:10');
  expect(given.types).toEqual(['raised', 'acknowledged']);
  expect(given.alert.acknowledgedAt).toBe(at('Fri 15:10'));
});

test.each([
  ['ends in the past', 'Fri 15:10', 'Fri 15:09', 'snooze_in_past'],
  ['takes longer than thirty days', 'Fri 15:10', 'later 12:00', 'snooze_too_long'],
])('a snooze that %s is refused', (_, when, until, refusal) => {
  expect(refusals(opened().snooze(when, until)).map(([reason]) => reason)).toEqual([refusal]);
});

test('a snooze silences reminders until it ends, and its end is told', () => {
  const given = opened().snooze('Fri 15:10', 'Mon 09:30').until('Mon 09:30');
  expect(given.types).toEqual(['raised', 'snoozed', 'woken', 'escalated']);
  expect(given.told.slice(2)).toEqual(['woken/3: U0ANA', '3:contact_by: U0ANA']);
  expect(given.alert).toMatchObject({ status: 'acknowledged' });
  expect(given.alert.snooze).toBeUndefined();
});

test('a snooze moves no deadline: a breach is a breach, its steps fire, and only the late reminder is dropped', () => {
  const given = opened().snooze('Fri 15:10', 'Tue 10:00').until('Tue 10:00');
  expect(given.events.map((event) => [event.type, event.step ?? event.milestone]).slice(2)).toEqual([
    ['breached', 'contact_by'],
    ['escalated', '4:contact_by'],
    ['woken', undefined],
  ]);
});

test('repeats wait for the end of a snooze and are then one message', () => {
  const given = opened()
    .contact('Fri 15:10', 'ana')
    .until('Wed 18:30')
    .snooze('Wed 18:30', 'nextTue 20:00')
    .until('nextTue 20:00');
  const told = given.events.filter((event) => event.step === '5:close_by');
  expect(told.map((event) => [event.notify?.step, event.at, event.recordedAt])).toEqual([
    ['5:close_by', at('Wed 18:00'), at('Wed 18:00')],
    ['5:close_by+2', at('Thu 18:00'), at('nextTue 20:00')],
  ]);
});

test('where the rule says so, deadlines stand still in a snooze and go on with the time that was left', () => {
  const plan = planWith({ pauseOn: ['waiting_on_customer'] });
  const given = story()
    .request('Fri 15:00', 's1', { plan })
    .acknowledge('Fri 15:10', 'ana')
    .snooze('Fri 16:00', 'Tue 10:00', 'waiting_on_customer')
    .until('Tue 10:00');
  expect(given.types).toEqual(['raised', 'acknowledged', 'snoozed', 'woken']);
  // Three of the four business hours were left on Friday at 16:00.
  expect(given.alert.deadlines.contact_by).toMatchObject({ dueAt: at('Tue 13:00'), version: 2 });
  // ack_by was met before, so it does not move.
  expect(given.alert.deadlines.ack_by).toMatchObject({ version: 1, metAt: at('Fri 15:10') });
});

test('snoozing again does not count the pause twice', () => {
  const plan = planWith({ pauseOn: ['snoozed'] });
  const given = story()
    .request('Fri 15:00', 's1', { plan })
    .snooze('Fri 16:00', 'Tue 10:00')
    .until('Mon 10:00')
    .snooze('Mon 10:00', 'Wed 10:00')
    .until('Wed 10:00');
  expect(given.alert.deadlines.contact_by?.dueAt).toBe(at('Wed 13:00'));
});

test('whoever snoozed ends the snooze by acknowledging', () => {
  const given = opened().snooze('Fri 15:10', 'Tue 10:00').acknowledge('Fri 16:00', 'ana');
  expect(given.events.at(-1)).toMatchObject({ type: 'woken', by: { id: 'ana' } });
  expect(given.alert.status).toBe('acknowledged');
  expect(given.told).toHaveLength(2);
});

test('the longest snooze is thirty days', () => {
  const by = { kind: 'person', id: 'ana' } as const;
  const until = at('Fri 15:10') + 30 * DAY;
  const given = opened().command('Fri 15:10', { id: 's', type: 'snooze', by, until, reason: 'holiday' });
  expect(given.alert.status).toBe('snoozed');
});
