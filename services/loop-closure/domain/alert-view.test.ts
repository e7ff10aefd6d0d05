import { expect, test } from 'vitest';
import type { NotificationOutcome } from '../../contracts/notification.ts';
import { type AlertViewState, alertView } from './alert-view.ts';
import { at, eventRecord, exampleEvent } from './example.ts';

const take = (
  state: AlertViewState | undefined,
  event: ReturnType<typeof exampleEvent>,
  offset = event.seq,
) => alertView.onInput(state, eventRecord(event, offset), at('12:00'));

/** The state after these events. */
const after = (...events: ReturnType<typeof exampleEvent>[]): AlertViewState | undefined =>
  events.reduce<AlertViewState | undefined>((state, event) => take(state, event).state ?? state, undefined);

const rowOf = (step: ReturnType<typeof take>, view: string) =>
  step.views?.find((change) => change.view === view);

const raised = exampleEvent();

test('a raised alert becomes a row of the queue that knows where the whole alert lies', () => {
  const step = take(undefined, raised, 7);
  expect(rowOf(step, 'alerts')).toMatchObject({
    id: 'repeat-complaint:c-1#1',
    row: {
      label: 'T-7Q4MX',
      customerName: 'Ada Example',
      riskScore: 71,
      why: 'complaints in 14 days: 2 (at least 2)',
      next: { deadline: 'ack_by', dueAt: at('10:30') },
      partition: 0,
      offset: 7,
    },
  });
});

test('the next deadline is the earliest that is not met; a closed alert has none', () => {
  const { ack_by, contact_by } = raised.alert.deadlines;
  if (ack_by === undefined || contact_by === undefined) throw new Error('the example has both');
  const acknowledged = { ack_by: { ...ack_by, metAt: at('10:10') }, contact_by };
  const step = take(after(raised), exampleEvent({ seq: 2, alert: { deadlines: acknowledged } }));
  expect(rowOf(step, 'alerts')?.row).toMatchObject({ next: { deadline: 'contact_by' } });
  const closed = take(
    after(raised),
    exampleEvent({ seq: 2, alert: { status: 'closed', closedAt: at('11:00') } }),
  );
  expect(rowOf(closed, 'alerts')?.row).not.toHaveProperty('next');
});

test('while a snooze makes the deadlines stand still there is no next one', () => {
  const snooze = { until: at('15:00'), reason: 'travels', by: { kind: 'person', id: 'anna' } } as const;
  const snoozed = (pauseOn: readonly string[]) =>
    exampleEvent({ seq: 2, alert: { status: 'snoozed', snooze, plan: { ...raised.alert.plan, pauseOn } } });
  for (const pauseOn of [['snoozed'], ['travels']]) {
    const row = rowOf(take(after(raised), snoozed(pauseOn)), 'alerts')?.row;
    expect(row).toMatchObject({ paused: true, snoozedUntil: at('15:00') });
    expect(row).not.toHaveProperty('next');
  }
  expect(rowOf(take(after(raised), snoozed([])), 'alerts')?.row).toHaveProperty('next');
});

test('the audit says what an event changed, before and after', () => {
  const by = { kind: 'person', id: 'anna' } as const;
  const owner = { team: 'retention', person: 'anna' };
  const event = exampleEvent({
    seq: 2,
    type: 'acknowledged',
    by,
    via: 'slack',
    commandId: 'c',
    alert: { status: 'acknowledged', owner },
  });
  expect(rowOf(take(after(raised), event), 'audit')?.row).toMatchObject({
    action: 'acknowledged',
    actorKind: 'person',
    actorId: 'anna',
    via: 'slack',
    commandId: 'c',
    before: 'status: open, owner: team retention',
    after: 'status: acknowledged, owner: anna',
  });
});

test.each([
  [{ type: 'raised' } as const, 'High-value customer complains again'],
  [
    { type: 'closed', alert: { outcome: 'not_at_risk', rootCause: 'outage' } } as const,
    'not at risk, outage',
  ],
  [{ type: 'reassigned', alert: { owner: { team: 'billing' } } } as const, 'to team billing'],
])('the audit says the particulars in words: %j', (changes, detail) => {
  expect(rowOf(take(undefined, exampleEvent(changes)), 'audit')?.row).toMatchObject({ detail });
});

test('a new cycle is not compared with the one before it', () => {
  const reopened = exampleEvent({
    seq: 2,
    type: 'reopened',
    alert: { alertId: 'repeat-complaint:c-1#2', cycle: 2 },
  });
  const row = rowOf(take(after(raised), reopened), 'audit')?.row;
  expect(row).toMatchObject({ before: '', after: expect.stringContaining('status: open') });
});

test('a match that was held back is listed with its reason and leaves the alert as it is', () => {
  const held = exampleEvent({ seq: 2, type: 'held_back', held: 'mute', heldBy: 'flag deceased' });
  const step = take(after(raised), held);
  expect(rowOf(step, 'alerts')).toBeUndefined();
  expect(rowOf(step, 'held')?.row).toMatchObject({ reason: 'mute', heldBy: 'flag deceased', subject: 'c-1' });
  expect(step.state).toEqual({ ...after(raised), seq: 2 });
});

test('a refused order is audited and leaves the alert as it is', () => {
  const refused = exampleEvent({ seq: 2, type: 'refused', refusal: 'contact_missing', commandId: 'c' });
  const step = take(after(raised), refused);
  expect(step.views?.map(({ view }) => view)).toEqual(['audit']);
  expect(step.views?.[0]?.row).toMatchObject({ refusal: 'contact_missing', before: '', after: '' });
});

test('an event that was taken before changes nothing', () => {
  const step = take(after(raised), raised);
  expect(step).toEqual({ outcome: { type: 'skipped', reason: 'repeated' } });
});

test('an attempt to tell somebody becomes a delivery', () => {
  const outcome: NotificationOutcome = {
    id: 'd-1/1',
    deliveryId: 'd-1',
    alertKey: raised.alertKey,
    alertId: raised.alertId,
    channel: 'slack',
    address: '#retention',
    template: 'open',
    outcome: 'delivered',
    reason: 'accepted',
    retriable: false,
    attempt: 1,
    at: at('10:01'),
    dueAt: at('10:00'),
    ref: { address: 'C1', id: '1.2' },
  };
  const record = {
    topic: 'notification-outcomes',
    key: outcome.alertKey,
    value: outcome,
    partition: 0,
    offset: 0,
    appendedAt: outcome.at,
  } as const;
  const { ref, retriable, ...row } = outcome;
  expect(alertView.onInput(undefined, record, at('10:01'))).toEqual({
    outcome: { type: 'handled' },
    views: [{ view: 'deliveries', id: 'd-1/1', row }],
  });
});

test('the state given in is not changed', () => {
  const state = after(raised);
  const frozen = structuredClone(state);
  take(state, exampleEvent({ seq: 2, alert: { status: 'acknowledged' } }));
  expect(state).toEqual(frozen);
});
