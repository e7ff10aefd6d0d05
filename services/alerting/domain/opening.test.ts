import { expect, test } from 'vitest';
import { HOUR } from '../../platform/time/clock.ts';
import { at, evidence, PLAN, planWith, story, wall } from '../test-support/alert-story.ts';

const dueAt = (when: string) => expect.objectContaining({ dueAt: at(when), version: 1 });

test('an alert opens with business-time deadlines across a weekend and a clock change', () => {
  const { alert } = story().request('Fri 17:30');
  expect(alert.deadlines).toEqual({
    ack_by: dueAt('Fri 18:00'),
    contact_by: dueAt('Mon 12:30'),
    close_by: dueAt('Wed 18:00'),
  });
});

test('a time box on the wall clock knows no weekend', () => {
  const { alert } = story().request('Fri 17:30', 's1', {
    plan: planWith({ deadlines: { contact_by: wall(4 * HOUR) } }),
  });
  expect(alert.deadlines).toEqual({
    contact_by: {
      dueAt: at('Fri 21:30'),
      version: 1,
      text: '240m@24x7',
      clock: 'wall',
      calendar: '24x7',
    },
  });
});

test('an alert whose calendar is gone counts time as 24x7: too early, never too late', () => {
  const { alert } = story().request('Fri 17:30', 's1', { plan: planWith({ calendar: 'gone' }) });
  expect(alert.deadlines.contact_by).toMatchObject({ dueAt: at('Fri 21:30'), calendar: '24x7' });
});

test('the opening tells the assignee and the channel, once', () => {
  const given = story().request('Fri 15:00');
  expect(given.events).toMatchObject([
    { id: 'churn:c1#1/1', type: 'raised', step: '1:opened', notify: { step: '1:opened', template: 'open' } },
  ]);
  expect(given.told).toEqual(['1:opened: U0ANA', '1:opened: #retention']);
  expect(given.alert).toMatchObject({ cycle: 1, status: 'open', rung: 0, owner: { person: 'ana' } });
});

test('a second opening step follows as an event of its own', () => {
  const [first] = planWith({}).escalation;
  if (first === undefined) throw new Error('the plan has steps');
  const plan = planWith({
    escalation: [first, { ...first, id: '2:opened', notify: ['email:team-lead'], template: 'breach' }],
  });
  const given = story().request('Fri 15:00', 's1', { plan });
  expect(given.types).toEqual(['raised', 'escalated']);
  expect(given.told.at(-1)).toBe('2:opened: petra@example.com');
});

test('the same request again is skipped', () => {
  const given = story().request('Fri 15:00', 's1').request('Fri 15:01', 's1');
  expect(given.outcome).toEqual({ type: 'skipped', reason: 'repeated' });
  expect(given.types).toEqual(['raised']);
});

test('a request that is held back is recorded with its reason and tells nobody', () => {
  const given = story().request('Fri 15:00', 's1', { held: 'mute', heldBy: 'profile.flags: deceased' });
  expect(given.events).toMatchObject([
    {
      type: 'held_back',
      held: 'mute',
      heldBy: 'profile.flags: deceased',
      alert: { alertId: 'churn:c1#1', severity: 'P2' },
    },
  ]);
  expect(given.told).toEqual([]);
  expect(given.facts.map((fact) => fact.topic)).toEqual(['alerts']);
  expect(given.timerAt).toBeNull();
});

test('what was held back takes nothing from the alert that comes later', () => {
  const given = story().request('Fri 15:00', 's1', { held: 'mute' }).request('Fri 15:05', 's2');
  expect(given.events.map((event) => event.id)).toEqual(['churn:c1#1/1', 'churn:c1#1/2']);
  expect(given.alert).toMatchObject({ cycle: 1, evidenceCount: 1, openedAt: at('Fri 15:05') });
});

test('opening an alert opens the loop with the customer', () => {
  expect(story().request('Fri 15:00').facts.at(-1)).toEqual({
    topic: 'customer-loops',
    key: 'c1',
    value: {
      customerId: 'c1',
      alertKey: 'churn:c1',
      alertId: 'churn:c1#1',
      open: true,
      openedAt: at('Fri 15:00'),
      at: at('Fri 15:00'),
    },
  });
});

test('an alert about a segment opens no loop with a customer; the segment hears of it', () => {
  const subject = 'product=dsl/region=north';
  const given = story().request('Fri 15:00', 's1', { scope: 'segment', subject });
  expect(given.facts.map((fact) => fact.topic)).toEqual(['alerts', 'segment-loops']);
  expect(given.facts[1]).toMatchObject({ key: subject, value: { segment: subject, open: true } });
});

test('a silent alert about a segment tells nobody, the segment included', () => {
  const given = story().request('Fri 15:00', 's1', { scope: 'segment', subject: 'a', stage: 'shadow' });
  expect(given.facts.map((fact) => fact.topic)).toEqual(['alerts']);
});

test('where the customer is to be left alone, contact and closing are counted from the end of that', () => {
  const given = story().request('Fri 15:00', 's1', { contactNotBefore: at('Mon 12:00') });
  const { ack_by, contact_by, close_by } = given.alert.deadlines;
  expect([ack_by?.dueAt, contact_by?.dueAt]).toEqual([at('Fri 15:30'), at('Mon 16:00')]);
  expect(close_by?.dueAt).toBe(at('Thu 18:00'));
  expect(given.alert.contactNotBefore).toBe(at('Mon 12:00'));
});

test('a calendar can be counted on another clock', () => {
  const plan = { ...PLAN, calendar: 'business@America/New_York' };
  const given = story().request('Fri 12:00', 's1', { plan });
  // Nine in New York is 14:00 in Berlin: there the clocks have changed already, here not yet.
  expect(given.alert.deadlines.ack_by?.dueAt).toBe(at('Fri 14:30'));
});

test('a request that waited in the queue counts from the moment it was made', () => {
  const given = story().request('Fri 17:30', 's1', { requestedAt: at('Fri 15:00') });
  expect(given.alert.openedAt).toBe(at('Fri 15:00'));
  expect(given.wakeUpAt('Fri 17:30').events.find((event) => event.type === 'breached')).toMatchObject({
    milestone: 'ack_by',
    at: at('Fri 15:30'),
    recordedAt: at('Fri 17:30'),
  });
});

test('a shadow alert lives the same life and never tells anybody nor holds the customer', () => {
  const given = story().request('Fri 15:00', 's1', { stage: 'shadow' }).until('nextWed 18:00');
  expect(given.types).toEqual([
    'raised',
    'breached',
    'escalated',
    'reassigned',
    'escalated',
    'breached',
    'escalated',
    'breached',
    'escalated',
    'escalated',
    'escalated',
    'escalated',
  ]);
  expect(given.told).toEqual([]);
  expect(new Set(given.facts.map((fact) => fact.topic))).toEqual(new Set(['alerts']));
});

test('when a rule goes live, its shadow alert ends and a real one opens', () => {
  const given = story().request('Fri 15:00', 's1', { stage: 'shadow' }).request('Fri 15:10', 's2');
  expect(given.events).toMatchObject([
    { type: 'raised' },
    { type: 'closed', alert: { outcome: 'superseded', stage: 'shadow' } },
    { type: 'raised', alert: { alertId: 'churn:c1#2', stage: 'live' } },
  ]);
  expect(given.facts.filter((fact) => fact.topic === 'customer-loops')).toHaveLength(1);
});

test('twenty pieces of evidence are kept, and all are counted', () => {
  const many = Array.from({ length: 25 }, (_, index) => evidence(`e${index}`, at('Fri 10:00') + index));
  const given = story().request('Fri 15:00', 's1', { evidence: many });
  expect(given.alert.evidenceCount).toBe(25);
  expect(given.alert.evidence.map((each) => each.signalId)).toEqual(
    many.slice(5).map((each) => each.signalId),
  );
});
