import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { NOTIFICATION_QUEUES } from '../../../services/notification/domain/message.ts';
import type { Channels } from '../../../services/notification/ports.ts';
import {
  acknowledged,
  anAlert,
  CHANNEL,
  LATE,
  LEAD_MAIL,
  OPEN,
} from '../../../services/notification/test-support/an-alert.ts';
import type { CrashPoint } from '../../../services/platform/process/crash-point.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../../services/platform/time/clock.ts';
import { Notifier } from './notifier.ts';

let notifier: Notifier;
beforeEach(async () => {
  notifier = await Notifier.start();
});
afterEach(() => notifier.stop());

const MAIL_ONLY = { ...OPEN, targets: [LEAD_MAIL] };
const named = (n: number) => anAlert({ alertKey: `k${n}`, alertId: `k${n}#1` });

test('an alert is one message: posted, answered in its thread, updated in place', async () => {
  await notifier.event('raised', anAlert(), OPEN);
  await notifier.settle();
  await notifier.event('escalated', anAlert({ rung: 1 }), LATE);
  await notifier.settle();
  await notifier.event('acknowledged', acknowledged(anAlert({ rung: 1 })));
  await notifier.pass(5 * SECOND, SECOND);
  const [main, reply, ...others] = notifier.slack.messages;
  expect(others).toEqual([]);
  expect(JSON.stringify(main?.blocks)).toContain('Taken by ana');
  expect(JSON.stringify(main?.blocks)).not.toContain('tocsin.acknowledge');
  expect(reply).toMatchObject({ threadTs: main?.ts });
  expect(notifier.smtp.mails.map(({ to }) => to)).toEqual([['lea@example.com']]);
});

test('a shadow alert leaves no trace in any channel or queue', async () => {
  await notifier.event('raised', anAlert({ stage: 'shadow' }), OPEN);
  await notifier.pass(DAY, HOUR);
  expect(notifier.slack.calls).toEqual([]);
  expect(notifier.smtp.mails).toEqual([]);
});

test('after a plain failure the message comes once, a little later', async () => {
  notifier.slack.script('chat.postMessage', { type: 'status', status: 500 });
  await notifier.event('raised', anAlert(), OPEN);
  await notifier.settle();
  await notifier.pass(2 * SECOND);
  expect(notifier.slack.messages).toHaveLength(1);
  expect((await notifier.outcomes()).map(({ outcome, reason }) => [outcome, reason])).toEqual([
    ['failed', 'unavailable'],
    ['delivered', 'accepted'],
  ]);
  expect(await notifier.counted('tocsin_notifications_uncertain_total')).toBe(0);
});

test.each(['obeyThenDrop', 'neverAnswer'] as const)(
  'Slack: %s is counted as uncertain and doubles nothing',
  async (type) => {
    notifier.slack.script('chat.postMessage', { type });
    await notifier.event('raised', anAlert(), OPEN);
    await notifier.settle();
    await notifier.pass(2 * SECOND);
    expect(notifier.slack.messages).toHaveLength(1);
    expect(await notifier.counted('tocsin_notifications_uncertain_total', { channel: 'slack' })).toBe(1);
  },
);

test('control: were the message not looked for, it would be there twice', async () => {
  const { slack, email } = notifier.channels();
  notifier.use(
    notifier.senderWith({ channels: { email, slack: { ...slack, find: async () => undefined } } }),
  );
  notifier.slack.script('chat.postMessage', { type: 'obeyThenDrop' });
  await notifier.event('raised', anAlert(), OPEN);
  await notifier.settle();
  await notifier.pass(2 * SECOND);
  expect(notifier.slack.messages).toHaveLength(2);
  expect(JSON.stringify(notifier.slack.messages[1]?.blocks)).toContain('may be a repeat');
});

test('a mail whose answer was lost is repeated with the same Message-ID, and says so', async () => {
  notifier.smtp.script({ type: 'takeThenDrop' });
  await notifier.event('raised', anAlert(), MAIL_ONLY);
  await notifier.settle();
  await notifier.pass(2 * SECOND);
  const [first, second] = notifier.smtp.mails;
  expect(second?.messageId).toBe(first?.messageId);
  expect(first?.raw).not.toContain('may be a repeat');
  expect(second?.raw).toContain('may be a repeat');
  expect(await notifier.counted('tocsin_notifications_uncertain_total', { channel: 'email' })).toBe(1);
});

test('a channel that asks for patience is left alone; others go on, and mail stands in at half of the time', async () => {
  notifier.slack.script('chat.postMessage', { type: 'rateLimited', retryAfter: '1200' });
  await notifier.event('raised', anAlert(), OPEN);
  await notifier.settle();
  await notifier.event('raised', named(2), { ...OPEN, targets: [{ ...CHANNEL, address: '#other' }] });
  await notifier.settle();
  expect(notifier.slack.messages.map(({ channel }) => channel)).toEqual(['C_other']);
  await notifier.pass(14 * MINUTE);
  expect(notifier.smtp.mails).toHaveLength(0);
  await notifier.pass(2 * MINUTE);
  expect(notifier.smtp.mails).toHaveLength(1);
  expect(notifier.slack.callsOf('chat.postMessage')).toHaveLength(2);
});

test('a channel that asks for more patience than there is time is given up visibly; mail stands in at once', async () => {
  notifier.slack.script('chat.postMessage', { type: 'rateLimited', retryAfter: '3600' });
  await notifier.event('raised', anAlert(), OPEN);
  await notifier.settle();
  expect(notifier.smtp.mails).toHaveLength(1);
  expect((await notifier.outcomes())[1]).toMatchObject({ outcome: 'gave_up', reason: 'expired' });
});

test('a channel that does not exist is given up visibly, and mail stands in at once', async () => {
  notifier.slack.script('chat.postMessage', { type: 'error', error: 'channel_not_found' });
  await notifier.event('raised', anAlert(), OPEN);
  await notifier.settle();
  expect(notifier.smtp.mails).toHaveLength(1);
  expect((await notifier.outcomes()).map(({ outcome, reason }) => [outcome, reason])).toEqual([
    ['failed', 'target_unknown'],
    ['gave_up', 'target_unknown'],
    ['delivered', 'accepted'],
  ]);
  expect(await notifier.counted('tocsin_notification_attempts_total', { outcome: 'gave_up' })).toBe(1);
});

test('a refused token is not hammered with further messages; mail stands in for each', async () => {
  notifier.slack.script('chat.postMessage', { type: 'error', error: 'invalid_auth' });
  await notifier.event('raised', named(1), OPEN);
  await notifier.settle();
  for (const n of [2, 3, 4]) await notifier.event('raised', named(n), OPEN);
  await notifier.settle();
  expect(notifier.slack.calls).toHaveLength(1);
  expect(notifier.smtp.mails).toHaveLength(4);
});

test('a reminder that waits for its next attempt is gone once somebody acknowledges', async () => {
  notifier.smtp.script({ type: 'refuse', at: 'mail', code: 451 });
  await notifier.event('escalated', anAlert({ rung: 1 }), { ...LATE, targets: [LEAD_MAIL] });
  await notifier.settle();
  await notifier.event('acknowledged', acknowledged(anAlert({ rung: 1 })));
  await notifier.pass(HOUR, MINUTE);
  expect(notifier.smtp.mails).toEqual([]);
  expect(notifier.slack.messages).toEqual([]);
  expect((await notifier.outcomes()).at(-1)).toMatchObject({ outcome: 'gave_up', reason: 'superseded' });
});

test('a burst to one channel goes out one a second; another channel does not wait for it', async () => {
  for (let n = 1; n <= 6; n += 1) await notifier.event('raised', named(n), OPEN);
  await notifier.event('raised', named(7), { ...OPEN, targets: [{ ...CHANNEL, address: '#other' }] });
  await notifier.settle();
  const inChannel = (channel: string) =>
    notifier.slack.messages.filter((one) => one.channel === channel).length;
  expect([inChannel('C_retention'), inChannel('C_other')]).toEqual([3, 1]);
  await notifier.pass(SECOND);
  expect(inChannel('C_retention')).toBe(4);
  await notifier.pass(2 * SECOND, SECOND);
  expect(inChannel('C_retention')).toBe(6);
  expect(await notifier.counted('tocsin_notification_throttled_total', { channel: 'slack' })).toBe(3);
});

test('Slack down for a quarter of an hour: the message comes, and the mail that was readied does not', async () => {
  notifier.slack.script(
    'chat.postMessage',
    ...Array.from({ length: 5 }, () => ({ type: 'status', status: 503 }) as const),
  );
  await notifier.event('raised', anAlert(), OPEN);
  await notifier.pass(14 * MINUTE, 10 * SECOND);
  expect(notifier.slack.messages).toHaveLength(1);
  await notifier.pass(HOUR, MINUTE);
  expect(notifier.smtp.mails).toEqual([]);
});

test('an outbox that waits shows its size and age', async () => {
  await notifier.event('raised', anAlert(), OPEN);
  notifier.clock.advance(90 * SECOND);
  const text = await notifier.registry.metrics();
  expect(text).toContain('tocsin_outbox_oldest_pending_seconds{channel="slack"} 90');
  expect(text).toContain('tocsin_outbox_pending{channel="slack"} 1');
});

test('between two attempts the outbox is as old as its oldest message', async () => {
  notifier.slack.script(
    'chat.postMessage',
    ...Array.from({ length: 5 }, () => ({ type: 'status', status: 503 }) as const),
  );
  await notifier.event('raised', anAlert(), OPEN);
  await notifier.pass(6 * MINUTE, 10 * SECOND);
  const { earliestDueAt = 0 } = await notifier.store.effects.pending(NOTIFICATION_QUEUES.slack);
  expect(earliestDueAt).toBeGreaterThan(notifier.clock.now());
  const text = await notifier.registry.metrics();
  const [, seconds] = /tocsin_outbox_oldest_pending_seconds\{channel="slack"\} (\d+)/.exec(text) ?? [];
  expect(Number(seconds)).toBeGreaterThanOrEqual(6 * 60);
  // The mail that is readied for later is not late.
  expect(text).toContain('tocsin_outbox_pending{channel="email"} 1');
  expect(text).toContain('tocsin_outbox_oldest_pending_seconds{channel="email"} 0');
});

describe('a worker dies', () => {
  const dieAt = (point: CrashPoint) => (name: CrashPoint) => {
    if (name === point) throw new Error(`died at ${point}`);
  };
  const crash = async (point: CrashPoint, channels?: Channels): Promise<void> => {
    const parts = channels === undefined ? {} : { channels };
    await notifier.senderWith({ crashPoint: dieAt(point), ...parts }).step(notifier.clock.now());
    await notifier.pass(2 * MINUTE);
  };

  test.each([
    ['cp5', 'before the call: the message comes late'],
    ['cp6', 'after the call, before looking at the answer: the message is found'],
    ['cp7', 'after the answer, before storing it: the message is found'],
  ] as const)('at %s, %s, once, and counted as uncertain', async (point, _) => {
    await notifier.event('raised', anAlert(), OPEN);
    await crash(point);
    expect(notifier.slack.messages).toHaveLength(1);
    expect(await notifier.counted('tocsin_notifications_uncertain_total', { channel: 'slack' })).toBe(1);
    expect((await notifier.outcomes()).map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['uncertain', 'crashed_while_sending'],
      ['delivered', 'accepted'],
    ]);
    await notifier.event('acknowledged', acknowledged(anAlert()));
    await notifier.settle();
    expect(notifier.slack.messages[0]?.edits).toBe(1);
  });

  test.each([
    ['cp5', 'before the call', 0],
    ['cp6', 'after it', 1],
  ] as const)(
    'at %s, %s, and the message is cancelled: it is not sent again, and leaves the queue',
    async (point, _, sent) => {
      await notifier.event('raised', anAlert(), OPEN);
      await notifier.senderWith({ crashPoint: dieAt(point) }).step(notifier.clock.now());
      await notifier.cancelAll();
      await notifier.pass(2 * MINUTE);
      expect(notifier.slack.messages).toHaveLength(sent);
      expect(await notifier.store.effects.pending(NOTIFICATION_QUEUES.slack)).toEqual({ count: 0 });
      expect(await notifier.counted('tocsin_notifications_uncertain_total', { channel: 'slack' })).toBe(1);
    },
  );

  test('a mail sent by it comes again, marked, with the same Message-ID', async () => {
    await notifier.event('raised', anAlert(), MAIL_ONLY);
    await crash('cp6');
    const [first, second, ...others] = notifier.smtp.mails;
    expect(others).toEqual([]);
    expect(second?.messageId).toBe(first?.messageId);
    expect(second?.raw).toContain('may be a repeat');
  });
});

test('a message that is cancelled between the claim and the call is not sent, and leaves the queue', async () => {
  await notifier.event('raised', anAlert(), OPEN);
  const claim = notifier.store.effects.claim.bind(notifier.store.effects);
  notifier.store.effects.claim = async (...args) => {
    const claimed = await claim(...args);
    await notifier.cancelAll();
    return claimed;
  };
  await notifier.settle();
  expect(notifier.slack.messages).toEqual([]);
  expect(await notifier.store.effects.pending(NOTIFICATION_QUEUES.slack)).toEqual({ count: 0 });
});

test('it runs until it is told to stop, and sends as soon as it is woken', async () => {
  const stop = new AbortController();
  const sender = notifier.senderWith({});
  const running = sender.run(stop.signal);
  await notifier.event('raised', anAlert(), OPEN);
  sender.wake();
  await expect.poll(() => notifier.slack.messages.length, { interval: 5 }).toBe(1);
  stop.abort();
  await running;
  expect(await notifier.outcomes()).toHaveLength(1);
});

test('a queue that cannot be read is asked ever more seldom, and soon again once it can', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const stop = new AbortController();
  const claim = vi.spyOn(notifier.store.effects, 'claim');
  claim.mockRejectedValue(new Error('the database is gone'));
  const running = notifier.senderWith({}).run(stop.signal);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(claim.mock.calls.length).toBeLessThan(50);
  claim.mockClear();
  claim.mockResolvedValue([]);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(claim.mock.calls.length).toBeGreaterThan(10);
  stop.abort();
  await running;
});
