import { expect, test } from 'vitest';
import { nextFiring } from '../../services/alerting/domain/settle.ts';
import type { Alert } from '../../services/contracts/alert.ts';
import { ALWAYS_OPEN } from '../../services/platform/time/business-time.ts';
import { DAY, HOUR, MINUTE } from '../../services/platform/time/clock.ts';
import { openStage, START, type Stage } from './support/stage.ts';

const KEY = 'complains-again:c1';
/** Whom the ladder tells by mail: the lead, the assignee, the team; the team again for each repeat. */
const LADDER = ['m01@example.com', 'm02@example.com', 'care@example.com'];

test('back one hour: nothing is said twice, and the milestone comes at its own time', async () => {
  const stage = await openStage();
  await stage.raise('c1');
  stage.clock.moveTo(START - HOUR);
  await stage.settle();
  await stage.post('complaints', { customerId: 'c1', text: 'and again' });
  await stage.settle();
  expect(stage.slack.messages).toHaveLength(1);

  await stage.advance(HOUR + 30 * MINUTE - 1);
  expect(stage.mailsTo).toEqual([]);
  await stage.advance(1);

  expect(stage.mailsTo).toEqual(LADDER.slice(0, 1));
  expect(await eventsOf(stage, 'raised')).toBe(1);
  expect(await eventsOf(stage, 'evidence_added')).toBe(1);
  expect(await eventsOf(stage, 'breached')).toBe(1);
});

test('forward three days: every milestone once, in its order, as of its own time; repeats become one', async () => {
  const stage = await openStage();
  await stage.raise('c1');

  stage.clock.advance(3 * DAY);
  await stage.settle();

  const breaches = (await stage.facts('alerts')).filter(({ type }) => type === 'breached');
  expect(
    breaches.map(({ milestone, at, recordedAt }) => [milestone, at - START, recordedAt - START]),
  ).toEqual([
    ['ack_by', 30 * MINUTE, 3 * DAY],
    ['contact_by', 2 * HOUR, 3 * DAY],
    ['close_by', 6 * HOUR, 3 * DAY],
  ]);
  expect(stage.mailsTo.toSorted()).toEqual(LADDER.toSorted());

  await stage.advance(3 * DAY);
  expect(stage.mailsTo).toHaveLength(LADDER.length);
  expect(stage.slack.messages).toHaveLength(1);
});

test('forward three days and back again: what was said is not said again', async () => {
  const stage = await openStage();
  await stage.raise('c1');
  stage.clock.advance(3 * DAY);
  await stage.settle();
  stage.clock.moveTo(START);
  await stage.advance(7 * HOUR);

  expect(stage.mailsTo).toHaveLength(LADDER.length);
  expect(await eventsOf(stage, 'breached')).toBe(3);
});

test('stopped for three days: the same as a jump', async () => {
  const stage = await openStage();
  await stage.raise('c1');
  await stage.stop();
  stage.clock.advance(3 * DAY);
  await stage.start();
  await stage.settle();

  expect(stage.mailsTo.toSorted()).toEqual(LADDER.toSorted());
  expect(await eventsOf(stage, 'breached')).toBe(3);
});

test('back one hour while messages wait for their next attempt: they come, once', async () => {
  const stage = await openStage();
  stage.slack.script('chat.postMessage', { type: 'status', status: 500 });
  await stage.raise('c1');
  stage.clock.moveTo(START - HOUR);
  await stage.advance(HOUR + MINUTE);
  expect(stage.slack.messages).toHaveLength(1);
});

test('a jump does not make an order late: who acknowledges before the timers have run is not overtaken', async () => {
  const stage = await openStage();
  await stage.raise('c1');
  await stage.advance(29 * MINUTE);
  expect((await stage.order(KEY, 'acknowledge', { by: 'm02' })).status).toBe(200);
  stage.clock.advance(HOUR);
  await stage.settle();
  expect(await eventsOf(stage, 'breached')).toBe(0);
});

test('control: repeats that do not look at the clock are made up for one by one', () => {
  const alert = { plan: { calendar: ALWAYS_OPEN.id } } as Alert;
  const every = { amount: HOUR, unit: 'ms', clock: 'wall', text: '1h' } as const;
  const step = {
    id: '4:close_by',
    at: 'close_by',
    offsetMs: 0,
    notify: [],
    template: 'breach',
    repeat: { every, max: 3 },
  } as const;
  const calendars = new Map([[ALWAYS_OPEN.id, ALWAYS_OPEN]]);
  const threeDaysLater = START + 3 * DAY;
  let made = 0;
  let next = nextFiring(step, 0, alert, START, START, calendars).nextAt;
  while (next !== undefined && next <= threeDaysLater) {
    made += 1;
    next = nextFiring(step, made, alert, next, next, calendars).nextAt;
  }
  expect(made).toBe(3);
  expect(nextFiring(step, 0, alert, START, threeDaysLater, calendars).nextAt).toBeUndefined();
});

async function eventsOf(stage: Stage, type: string): Promise<number> {
  return (await stage.facts('alerts')).filter((event) => event.type === type).length;
}
