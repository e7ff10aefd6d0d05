import { LogLevel, WebClient } from '@slack/web-api';
import { expect, test } from 'vitest';
import { SECOND } from '../../services/platform/time/clock.ts';
import { COMPLAINS_AGAIN, openStage } from './support/stage.ts';

/** Every alert is told to somebody else, so that one may hang without the others. */
const TO_ASSIGNEE = { 'complains-again': COMPLAINS_AGAIN.replace('slack:#care', 'slack:assignee') };

test('a call that is not answered ends within ten seconds, holds nobody up, and is uncertain', async () => {
  const stage = await openStage({ rules: TO_ASSIGNEE });
  stage.slack.script('chat.postMessage', { type: 'neverAnswer' });
  await stage.complainTwice('c1', 'm02');
  await stage.complainTwice('c2', 'm03');
  const calls = [stage.slack.nextCall('chat.postMessage'), stage.slack.nextCall('chat.postMessage')];
  const began = performance.now();
  const settled = stage.settle();

  await Promise.all(calls);
  expect(performance.now() - began).toBeLessThan(2 * SECOND);
  expect(stage.slack.messages.map(({ channel }) => channel)).toEqual(['U0M03']);

  await settled;
  expect(performance.now() - began).toBeLessThan(11 * SECOND);
  expect(await stage.metric('tocsin_notifications_uncertain_total', { channel: 'slack' })).toBe(1);

  await stage.advance(2 * SECOND);
  const late = stage.slack.messages.filter(({ channel }) => channel === 'U0M02');
  expect(late.map(({ text }) => text)).toEqual([expect.stringContaining('may be a repeat')]);
});

test('control: the client as it comes waits for ever', async () => {
  const stage = await openStage();
  stage.slack.script('chat.postMessage', { type: 'neverAnswer' });
  const client = new WebClient('xoxb-fake', {
    slackApiUrl: stage.slack.apiUrl,
    logLevel: LogLevel.ERROR,
    retryConfig: { retries: 0 },
  });
  const call = client.chat.postMessage({ channel: '#a', text: 'a' }).then(
    () => 'answered',
    () => 'ended',
  );
  const waited = new Promise((resolve) => setTimeout(() => resolve('still waiting'), 12 * SECOND));
  expect(await Promise.race([call, waited])).toBe('still waiting');
});
