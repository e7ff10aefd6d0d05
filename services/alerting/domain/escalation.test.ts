import { expect, test } from 'vitest';
import { MINUTE } from '../../platform/time/clock.ts';
import { at, planWith, story } from '../test-support/alert-story.ts';

test('an alert acknowledged and contacted in time is not escalated; only its close is', () => {
  const given = story()
    .request('Fri 17:30')
    .until('Fri 17:40')
    .acknowledge('Fri 17:40', 'ana')
    .until('Fri 17:50')
    .contact('Fri 17:50', 'ana')
    .until('Wed 18:00');
  expect(given.types).toEqual(['raised', 'acknowledged', 'contacted', 'breached', 'escalated']);
  expect(given.events.at(-1)).toMatchObject({ step: '5:close_by', at: at('Wed 18:00') });
});

test('a deadline that passes is a breach, once, in the instant of the deadline', () => {
  const given = story().request('Fri 15:00').until('Fri 15:29').until('Fri 17:00');
  expect(given.events.filter((event) => event.type === 'breached')).toMatchObject([
    { milestone: 'ack_by', at: at('Fri 15:30'), recordedAt: at('Fri 15:30') },
  ]);
  expect(given.alert.deadlines.ack_by).toMatchObject({ breachedAt: at('Fri 15:30'), version: 1 });
});

test('nobody acknowledged: lead and mail are told, and the next one on shift takes over and hears of it', () => {
  const given = story().request('Fri 15:00').until('Fri 15:30');
  expect(given.types).toEqual(['raised', 'breached', 'escalated', 'reassigned']);
  expect(given.told.slice(2)).toEqual([
    '2:ack_by: U0PETRA',
    '2:ack_by: petra@example.com',
    'reassigned/4: U0BEN',
  ]);
  expect(given.alert).toMatchObject({ owner: { team: 'retention', person: 'ben' }, rung: 1 });
});

test('nobody else on shift: the alert stays, and the event says why', () => {
  const alone = planWith({ owner: 'team/evening', escalation: planWith({}).escalation });
  const given = story().request('Fri 15:00', 's1', { plan: alone }).until('Fri 15:30');
  expect(given.alert.owner).toEqual({ team: 'evening', person: 'nils' });
  expect(given.events.at(-1)).toMatchObject({
    type: 'escalated',
    note: 'nobody else is on shift to take it over',
  });
});

test('in a team of one the reminder goes to the same person again, and the alert stays with them', () => {
  const alone = planWith({ owner: 'team/evening' });
  const given = story().request('Fri 15:00', 's1', { plan: alone }).until('Fri 15:30');
  expect(given.told.slice(2)).toEqual(['2:ack_by: U0NILS', '2:ack_by: nils@example.com']);
  expect(given.alert).toMatchObject({ owner: { team: 'evening', person: 'nils' }, rung: 1 });
  expect(given.types).toEqual(['raised', 'breached', 'escalated']);
});

test('a step before a milestone fires before it', () => {
  const given = story().request('Fri 15:00').acknowledge('Fri 15:10', 'ana').until('Mon 09:00');
  // Four business hours from Friday 15:00 end on Monday at 10:00.
  expect(given.events.at(-1)).toMatchObject({ step: '3:contact_by', at: at('Mon 09:00') });
  expect(given.told.at(-1)).toBe('3:contact_by: U0ANA');
});

test('a step repeats in business time as often as it may, each time under a name of its own', () => {
  const given = story().request('Fri 17:30').until('nextWed 20:00');
  const told = given.events.filter((event) => event.step === '5:close_by');
  expect(told.map((event) => [event.notify?.step, event.at])).toEqual([
    ['5:close_by', at('Wed 18:00')],
    ['5:close_by+1', at('Thu 18:00')],
    ['5:close_by+2', at('nextTue 18:00')],
    ['5:close_by+3', at('nextWed 18:00')],
  ]);
  expect(given.until('later 12:00').timerAt).toBeNull();
});

test('after an outage each step fires once, in due order, marked late; missed repeats are one message', () => {
  const given = story().request('Fri 17:30').wakeUpAt('nextTue 10:00');
  expect(given.events.slice(1).map((event) => [event.type, event.milestone ?? event.step, event.at])).toEqual(
    [
      ['breached', 'ack_by', at('Fri 18:00')],
      ['escalated', '2:ack_by', at('Fri 18:00')],
      ['reassigned', undefined, at('Fri 18:00')],
      ['escalated', '3:contact_by', at('Mon 11:30')],
      ['breached', 'contact_by', at('Mon 12:30')],
      ['escalated', '4:contact_by', at('Mon 12:30')],
      ['breached', 'close_by', at('Wed 18:00')],
      ['escalated', '5:close_by', at('Wed 18:00')],
    ],
  );
  expect(given.events.slice(1).every((event) => event.recordedAt === at('nextTue 10:00'))).toBe(true);
  // The repeat of Thursday is done with; Tuesday's and Wednesday's are still to come.
  expect(given.timerAt).toBe(at('nextTue 18:00'));
});

test('a timer that fires early changes nothing and is set again', () => {
  const given = story().request('Fri 15:00');
  const before = given.state;
  given.wakeUpAt('Fri 15:29');
  expect(given.state).toEqual(before);
  expect(given.timerAt).toBe(at('Fri 15:30'));
});

test('an order first settles what fell due before it, even when the timer has not fired yet', () => {
  const given = story().request('Fri 15:00').acknowledge('Fri 15:40', 'ben');
  expect(given.types).toEqual(['raised', 'breached', 'escalated', 'reassigned', 'acknowledged']);
  expect(given.alert.deadlines.ack_by).toMatchObject({
    metAt: at('Fri 15:40'),
    breachedAt: at('Fri 15:40'),
  });
});

test('an order given in time counts as in time although it is read later', () => {
  const by = { kind: 'person', id: 'ana' } as const;
  const given = story()
    .request('Fri 15:00')
    .command('Fri 15:29', { id: 'a1', type: 'acknowledge', by }, 'Fri 15:35')
    .wakeUpAt('Fri 15:35');
  expect(given.types).toEqual(['raised', 'acknowledged']);
  expect(given.alert.deadlines.ack_by).toMatchObject({ metAt: at('Fri 15:29') });
});

test('the deadline itself is already too late', () => {
  const given = story().request('Fri 15:00').acknowledge('Fri 15:30', 'ana');
  expect(given.types).toContain('breached');
});

test('a step without `unless` is as needless as any once its milestone is met', () => {
  const plan = planWith({
    escalation: [
      {
        id: '1:ack_by',
        at: 'ack_by',
        offsetMs: 10 * MINUTE,
        notify: ['slack:team-lead'],
        template: 'late-ack',
      },
    ],
  });
  const given = story().request('Fri 15:00', 's1', { plan }).acknowledge('Fri 15:20', 'ana');
  expect(given.until('Fri 17:00').told).toEqual([]);
});

test('a step whose assignee cannot be reached tells the channel and says so', () => {
  const plan = planWith({ owner: 'person/chloe' });
  const given = story().request('Fri 15:00', 's1', { plan });
  expect(given.told).toEqual(['1:opened: #retention']);
  expect(given.events[0]?.note).toBe('slack:assignee cannot be reached; told #retention instead');
});
