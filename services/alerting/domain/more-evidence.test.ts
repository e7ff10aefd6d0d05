import { expect, test } from 'vitest';
import { HOUR } from '../../platform/time/clock.ts';
import { at, business, businessDays, evidence, planWith, story } from '../test-support/alert-story.ts';

const opened = () => story().request('Fri 15:00', 's1');
const closed = () => opened().contact('Fri 15:10', 'ana').close('Fri 16:00');
const urgent = planWith({
  deadlines: {
    ack_by: business(10 * 60_000, '10m'),
    contact_by: business(HOUR, '1h'),
    close_by: businessDays(5),
  },
});

test('a second match joins the open alert and tells nobody again', () => {
  const given = opened().request('Fri 15:20', 's2');
  expect(given.types).toEqual(['raised', 'evidence_added']);
  expect(given.told).toHaveLength(2);
  expect(given.alert).toMatchObject({ cycle: 1, evidenceCount: 2, because: ['because of s2'] });
});

test('evidence that is known already is not counted again', () => {
  const known = [evidence('s1', at('Fri 15:00')), evidence('s2', at('Fri 15:20'))];
  const given = opened().request('Fri 15:20', 's2', { evidence: known });
  expect(given.alert.evidence.map((each) => each.signalId)).toEqual(['s1', 's2']);
  expect(given.alert.evidenceCount).toBe(2);
});

test('a match without a new signal raises the severity and says why all the same', () => {
  const again = {
    evidence: [evidence('s1', at('Fri 15:00'))],
    severity: 'P1',
    because: ['worse now'],
  } as const;
  const given = opened().request('Fri 15:05', 's2', again);
  expect(given.alert).toMatchObject({ severity: 'P1', because: ['worse now'], evidenceCount: 1 });
});

test('severity rises and never falls; the owner hears of a rise', () => {
  const given = opened()
    .request('Fri 15:05', 's2', { severity: 'P4' })
    .request('Fri 15:06', 's3', { severity: 'P1' })
    .request('Fri 15:07', 's4', { severity: 'P2' });
  expect(given.alert.severity).toBe('P1');
  expect(given.told.slice(2)).toEqual(['severity/3: U0ANA']);
});

test('with a rise in severity a deadline comes nearer, as a new version, and never moves away', () => {
  const given = opened().request('Fri 15:05', 's2', { severity: 'P1', plan: urgent });
  expect(given.alert.deadlines).toMatchObject({
    ack_by: { dueAt: at('Fri 15:15'), version: 2 },
    contact_by: { dueAt: at('Fri 16:05'), version: 2 },
    close_by: { dueAt: at('Wed 18:00'), version: 1 },
  });
  expect(given.timerAt).toBe(at('Fri 15:15'));
});

test('a new version fires its steps under a name of its own', () => {
  const given = opened().request('Fri 15:05', 's2', { severity: 'P1', plan: urgent }).until('Fri 15:15');
  expect(given.told.slice(3)).toEqual([
    '3:contact_by@2: U0ANA',
    '2:ack_by@2: U0PETRA',
    '2:ack_by@2: petra@example.com',
    'reassigned/6: U0BEN',
  ]);
});

test('a deadline that is met or missed stays as it is', () => {
  const given = opened()
    .acknowledge('Fri 15:01', 'ana')
    .request('Fri 15:05', 's2', { severity: 'P1', plan: urgent });
  expect(given.alert.deadlines.ack_by).toMatchObject({ version: 1, metAt: at('Fri 15:01') });
});

test('an open alert keeps the rule version that raised it', () => {
  const given = opened().request('Fri 15:05', 's2', { severity: 'P1', plan: urgent, ruleSetHash: 'v2' });
  expect(given.alert).toMatchObject({ ruleSetHash: 'v1', severity: 'P1' });
  expect(given.alert.plan.deadlines.contact_by?.text).toBe('4h');
  expect(given.alert.deadlines.contact_by).toMatchObject({ dueAt: at('Mon 10:00'), version: 1 });
});

test('a rise in severity ends a snooze, for whoever snoozed did not know of it', () => {
  const given = opened().snooze('Fri 15:10', 'Tue 10:00').request('Fri 15:20', 's2', { severity: 'P1' });
  expect(given.events.slice(2)).toMatchObject([
    { type: 'woken', note: 'severity rose to P1' },
    { type: 'evidence_added', alert: { status: 'acknowledged' } },
  ]);
});

test('more of the same does not end a snooze', () => {
  const given = opened().snooze('Fri 15:10', 'Tue 10:00').request('Fri 15:20', 's2');
  expect(given.alert).toMatchObject({ status: 'snoozed', evidenceCount: 2 });
});

test('a match for a muted customer does not join the open alert', () => {
  const given = opened().request('Fri 15:05', 's2', { held: 'mute' });
  expect(given.types).toEqual(['raised', 'held_back']);
  expect(given.alert.evidenceCount).toBe(1);
});

test('a rule that does not merge holds further matches back while its alert is open', () => {
  const plan = planWith({ mergeOpen: false });
  const given = story().request('Fri 15:00', 's1', { plan }).request('Fri 15:05', 's2', { plan });
  expect(given.events.at(-1)).toMatchObject({
    type: 'held_back',
    held: 'cooldown',
    heldBy: expect.stringMatching(/^T-\w{5} is still open/),
  });
});

test('a match soon after the close reopens: a new cycle with its own clocks, evidence and owner who knows', () => {
  const given = closed().request('Mon 10:00', 's2');
  expect(given.events.at(-1)).toMatchObject({ type: 'reopened', id: 'churn:c1#2/4' });
  expect(given.alert).toMatchObject({
    alertId: 'churn:c1#2',
    cycle: 2,
    status: 'open',
    evidenceCount: 1,
    contactAttempts: 0,
    owner: { person: 'ana' },
    deadlines: { ack_by: { dueAt: at('Mon 10:30'), version: 1 } },
  });
  expect(given.alert.contact).toBeUndefined();
  expect(given.told.slice(2)).toEqual(['1:opened: U0ANA', '1:opened: #retention']);
});

test('an owner who is away does not get the reopened alert', () => {
  const given = opened().contact('Wed 15:10', 'ana').close('Wed 16:00').request('Thu 10:00', 's2');
  expect(given.alert.owner.person).toMatch(/^(ben|chloe)$/);
});

test('a match after the reopen window and within the cooldown is held back, with the reason', () => {
  const given = closed().request('Tue 16:00', 's2');
  expect(given.events.at(-1)).toMatchObject({
    type: 'held_back',
    held: 'cooldown',
    heldBy: expect.stringMatching(/^T-\w{5} was closed less than 7 days ago$/),
    alert: { alertId: 'churn:c1#2', status: 'open' },
  });
  expect(given.alert.status).toBe('closed');
});

test('a match after the cooldown is a new alert', () => {
  const given = closed().request('nextWed 10:00', 's2');
  expect(given.events.at(-1)).toMatchObject({ type: 'raised', alert: { cycle: 2 } });
});

test.each([
  ['the last instant of the reopen window', 3 * 24 * HOUR - 1, 'reopened'],
  ['its end', 3 * 24 * HOUR, 'held_back'],
  ['the last instant of the cooldown', 7 * 24 * HOUR - 1, 'held_back'],
  ['its end, too', 7 * 24 * HOUR, 'raised'],
])('%s', (_, after, expected) => {
  const given = closed().request('later 12:00', 's2', { requestedAt: at('Fri 16:00') + after });
  expect(given.events.find((event) => event.seq === 4)?.type).toBe(expected);
});

test('a closed cycle is frozen: later matches change nothing in it', () => {
  const given = closed();
  const frozen = given.alert;
  given.request('Tue 16:00', 's2');
  expect(given.alert).toEqual(frozen);
});
