import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSlackChannel } from '../../../services/notification/adapters/channel.slack.ts';
import type { SlackOrder } from '../../../services/notification/domain/message.ts';
import { FakeSlack, type SlackScript } from '../../support/fake-slack.ts';

let slack: FakeSlack;
beforeEach(async () => {
  slack = await FakeSlack.start();
});
afterEach(() => slack.stop());

const channel = (timeoutMs = 5_000) =>
  createSlackChannel({ token: 'xoxb-1', apiUrl: slack.apiUrl, timeoutMs });
const never = new AbortController().signal;

function order(changes: Partial<SlackOrder> = {}): SlackOrder {
  return {
    channel: 'slack',
    deliveryId: 'a#1/1:opened/slack:#x',
    attempt: 1,
    alertKey: 'a',
    alertId: 'a#1',
    address: '#x',
    template: 'open',
    dueAt: 1_700_000_000_000,
    expiresAt: 1_700_000_900_000,
    mayBeRepeat: false,
    form: { type: 'post' },
    content: { text: 'hello', blocks: [{ type: 'divider' }] },
    ...changes,
  };
}

test('a post is accepted and says where it stands', async () => {
  expect(await channel().deliver(order(), never)).toEqual({
    type: 'accepted',
    ref: { address: 'C_x', id: '1700000000.000001' },
  });
  expect(slack.messages).toMatchObject([
    {
      channel: 'C_x',
      text: 'hello',
      blocks: [{ type: 'divider' }],
      metadata: { event_type: 'tocsin_delivery' },
    },
  ]);
});

test('a reply stands in the thread and is shown in the channel; an update changes the message', async () => {
  const posted = await channel().deliver(order(), never);
  if (posted.type !== 'accepted') throw new Error('the fake accepts');
  await channel().deliver(order({ deliveryId: 'r', form: { type: 'reply', to: posted.ref } }), never);
  const content = { text: 'changed', blocks: [] };
  await channel().deliver(
    order({ deliveryId: 'u', form: { type: 'update', ref: posted.ref }, content }),
    never,
  );
  expect(slack.messages).toMatchObject([{ text: 'changed', edits: 1 }, { threadTs: posted.ref.id }]);
  expect(slack.callsOf('chat.postMessage')[1]?.args.reply_broadcast).toBe('true');
});

test.each<[string, SlackScript, object]>([
  [
    '429 with a wait',
    { type: 'rateLimited', retryAfter: '3600' },
    { reason: 'rate_limited', retriable: true, retryAfterMs: 3_600_000 },
  ],
  [
    '429 without a wait',
    { type: 'rateLimited' },
    { reason: 'rate_limited', retriable: true, retryAfterMs: 30_000 },
  ],
  [
    '429 with an unreadable wait',
    { type: 'rateLimited', retryAfter: 'abc' },
    { reason: 'rate_limited', retriable: true, retryAfterMs: 30_000 },
  ],
  [
    'ok:false ratelimited',
    { type: 'error', error: 'ratelimited' },
    { reason: 'rate_limited', retriable: true, retryAfterMs: 30_000 },
  ],
  [
    'ok:false message_limit_exceeded',
    { type: 'error', error: 'message_limit_exceeded' },
    { reason: 'rate_limited', retriable: true },
  ],
  [
    'ok:false channel_not_found',
    { type: 'error', error: 'channel_not_found' },
    { reason: 'target_unknown', retriable: false },
  ],
  [
    'ok:false invalid_auth',
    { type: 'error', error: 'invalid_auth' },
    { reason: 'unauthorized', retriable: true, retryAfterMs: 300_000 },
  ],
  [
    'ok:false invalid_blocks',
    { type: 'error', error: 'invalid_blocks' },
    { reason: 'content_refused', retriable: false },
  ],
  [
    'ok:false something new',
    { type: 'error', error: 'never_heard_of' },
    { reason: 'rejected', retriable: false, detail: 'never_heard_of' },
  ],
  ['HTTP 500', { type: 'status', status: 500 }, { reason: 'unavailable', retriable: true }],
  ['HTTP 400', { type: 'status', status: 400 }, { reason: 'rejected', retriable: false }],
])('%s is told apart', async (_, script, expected) => {
  slack.script('chat.postMessage', script);
  const answer = await channel().deliver(order(), never);
  expect(answer).toMatchObject({ type: 'failed', ...expected });
  expect(answer).not.toHaveProperty('uncertain');
  expect(slack.calls).toHaveLength(1);
});

test('a connection dropped after Slack had obeyed is uncertain', async () => {
  slack.script('chat.postMessage', { type: 'obeyThenDrop' });
  expect(await channel().deliver(order(), never)).toMatchObject({
    reason: 'connection_lost',
    retriable: true,
    uncertain: true,
  });
  expect(slack.messages).toHaveLength(1);
});

test('an answer that never comes is uncertain, and is not waited for', async () => {
  slack.script('chat.postMessage', { type: 'neverAnswer' });
  const answer = await channel(100).deliver(order(), never);
  expect(answer).toMatchObject({ reason: 'timeout', retriable: true, uncertain: true });
});

test('a server that is not there is plainly unavailable', async () => {
  const gone = channel();
  await slack.stop();
  const answer = await gone.deliver(order(), never);
  slack = await FakeSlack.start();
  expect(answer).toMatchObject({ reason: 'unavailable', retriable: true });
  expect(answer).not.toHaveProperty('uncertain');
});

test.each([
  ['a post, by a process that has never posted there', order()],
  ['a direct message', order({ address: 'U0ANA', deliveryId: 'dm' })],
  ['a reply', order({ deliveryId: 'r', form: { type: 'reply', to: { address: 'C_x', id: '1.1' } } })],
])('%s that may have arrived is found by its mark', async (_, sent) => {
  slack.script('chat.postMessage', { type: 'obeyThenDrop' });
  await channel().deliver(sent, never);
  const [message] = slack.messages;
  expect(await channel().find(sent, never)).toEqual({ address: message?.channel, id: message?.ts });
  expect(await channel().find({ ...sent, deliveryId: 'another' }, never)).toBeUndefined();
});
