import { LogLevel, WebClient, WebClientEvent } from '@slack/web-api';
import { expect, test } from 'vitest';
import { MINUTE, SECOND } from '../../services/platform/time/clock.ts';
import { openStage } from './support/stage.ts';

/** The rule leaves half an hour, so at a quarter of an hour somebody is told in another way. */
const HALF_TIME_MS = 15 * MINUTE;

test.each([
  ['1', SECOND],
  ['30', 30 * SECOND],
  [undefined, 30 * SECOND],
  ['abc', 30 * SECOND],
])('Retry-After %s: nothing is sent there before its time, and then once', async (retryAfter, waitMs) => {
  const stage = await openStage();
  stage.slack.script('chat.postMessage', {
    type: 'rateLimited',
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
  await stage.raise('c1');
  expect(stage.slack.calls).toHaveLength(1);

  await stage.advance(waitMs - 1);
  expect(stage.slack.calls).toHaveLength(1);
  await stage.advance(10 * SECOND);

  expect(stage.slack.messages).toHaveLength(1);
  expect(stage.mailsTo).toEqual([]);
  expect(await stage.metric('tocsin_notification_attempts_total', { reason: 'rate_limited' })).toBe(1);
  expect(await stage.metric('tocsin_notifications_uncertain_total')).toBe(0);
});

test('Retry-After of twenty minutes: at half of its time the message takes the other channel as well', async () => {
  const stage = await openStage();
  stage.slack.script('chat.postMessage', { type: 'rateLimited', retryAfter: '1200' });
  await stage.raise('c1');

  await stage.advance(HALF_TIME_MS - 1);
  expect(stage.mailsTo).toEqual([]);
  await stage.advance(1);
  expect(stage.mailsTo).toEqual(['care@example.com']);
  expect(stage.slack.calls).toHaveLength(1);
});

test('Retry-After of an hour: as that is too late, the message takes the other channel at once', async () => {
  const stage = await openStage();
  stage.slack.script('chat.postMessage', { type: 'rateLimited', retryAfter: '3600' });
  await stage.raise('c1');

  expect(stage.mailsTo).toEqual(['care@example.com']);
  expect(stage.slack.calls).toHaveLength(1);
  expect(await stage.metric('tocsin_notification_attempts_total', { outcome: 'gave_up' })).toBe(1);
});

test('one address that waits keeps neither another address nor mail waiting', async () => {
  const stage = await openStage();
  await stage.raise('c1');
  stage.slack.script('chat.postMessage', { type: 'rateLimited', retryAfter: '30' });
  await stage.raise('c2');

  await stage.order('complains-again:c1', 'reassign', { by: 'm01', to: 'person/m03' });
  await stage.settle();

  expect(stage.slack.messages.map(({ channel }) => channel)).toEqual(['C_care', 'U0M03']);
});

test('control: the client as it comes lets one rate limit stop all channels', async () => {
  const stage = await openStage();
  stage.slack.script('chat.postMessage', { type: 'rateLimited', retryAfter: '1' });
  const client = new WebClient('xoxb-fake', { slackApiUrl: stage.slack.apiUrl, logLevel: LogLevel.ERROR });
  const limited = client.chat.postMessage({ channel: '#a', text: 'a' });
  await new Promise((heard) => client.once(WebClientEvent.RATE_LIMITED, heard));
  const began = performance.now();
  await client.chat.postMessage({ channel: '#b', text: 'b' });
  expect(performance.now() - began).toBeGreaterThan(0.5 * SECOND);
  await limited;
});
