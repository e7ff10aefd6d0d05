import { expect, test } from 'vitest';
import { commandOf, type Ordering, parseOrder, type SeenAlert, type Verb } from './command.ts';
import { at } from './example.ts';

const alert: SeenAlert = { alertKey: 'k', alertId: 'k#1', seq: 4 };
const ordering: Ordering = { by: { kind: 'person', id: 'anna' }, via: 'api', at: at('10:00') };

const command = (
  verb: Verb,
  body: unknown,
  changes: { alert?: SeenAlert; ordering?: Partial<Ordering> } = {},
) => {
  const parsed = parseOrder(verb, body);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return commandOf(parsed.order, changes.alert ?? alert, { ...ordering, ...changes.ordering });
};

const id = (...args: Parameters<typeof command>): string => command(...args).id;

test('an order carries the cycle that the person saw, who they are, and from where', () => {
  expect(command('contact', { channel: 'phone', reached: true, note: ' spoke ' })).toEqual({
    id: expect.stringMatching(/^api\/contact\/[\w-]{22}$/),
    type: 'contact',
    alertKey: 'k',
    alertId: 'k#1',
    by: { kind: 'person', id: 'anna' },
    at: at('10:00'),
    via: 'api',
    channel: 'phone',
    reached: true,
    note: 'spoke',
  });
});

test('what was not said is absent, not undefined', () => {
  expect(Object.keys(command('reassign', { to: 'person/ben' }))).not.toContain('reason');
});

test('the same person ordering the same on the same state of an alert orders it once', () => {
  const tried = { channel: 'phone', reached: false };
  const again = { ordering: { at: at('10:01') } };
  expect(id('contact', tried, again)).toBe(id('contact', tried));
});

test.each([
  ['another person', { ordering: { by: { kind: 'person', id: 'ben' } } } as const],
  ['a later state of the alert', { alert: { ...alert, seq: 5 } }],
  ['another cycle', { alert: { ...alert, alertId: 'k#2' } }],
  ['a name of the client', { ordering: { clientId: 'k-1' } }],
])('%s makes it another order', (_, changes) => {
  const tried = { channel: 'phone', reached: false };
  expect(id('contact', tried, changes)).not.toBe(id('contact', tried));
});

test("the client's own name decides alone, within the alert and the verb", () => {
  const named = { ordering: { clientId: 'k-1' } };
  const later = { ordering: { clientId: 'k-1', at: at('11:00') }, alert: { ...alert, seq: 9 } };
  expect(id('snooze', { for: '2h', reason: 'a' }, named)).toBe(
    id('snooze', { for: '2h', reason: 'b' }, later),
  );
  expect(id('acknowledge', {}, named)).not.toBe(id('snooze', { for: '2h', reason: 'a' }, named));
});

test.each([
  [{ for: '30m', reason: 'r' }, at('10:30')],
  [{ for: '2h', reason: 'r' }, at('12:00')],
  [{ until: '2026-03-27T13:00:00+01:00', reason: 'r' }, at('13:00')],
  [{ until: at('13:00'), reason: 'r' }, at('13:00')],
])('snoozing with %j ends at the right moment', (body, until) => {
  expect(command('snooze', body)).toMatchObject({ until });
});

test('a root cause may be written in snake case, and a misspelt field is an error', () => {
  expect(command('close', { outcome: 'saved', root_cause: 'outage' })).toMatchObject({ rootCause: 'outage' });
  expect(parseOrder('close', { outcome: 'saved', rootCuase: 'outage' })).toMatchObject({
    ok: false,
    problems: expect.arrayContaining([expect.objectContaining({ field: 'rootCuase' })]),
  });
});
