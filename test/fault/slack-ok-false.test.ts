import { expect, test } from 'vitest';
import { MINUTE, SECOND } from '../../services/platform/time/clock.ts';
import { openStage } from './support/stage.ts';

test.each(['ratelimited', 'message_limit_exceeded'])(
  '%s: nothing is sent there for half a minute, and then the message comes once',
  async (error) => {
    const stage = await openStage();
    stage.slack.script('chat.postMessage', { type: 'error', error });
    await stage.raise('c1');
    await stage.advance(30 * SECOND - 1);
    expect(stage.slack.calls).toHaveLength(1);

    await stage.advance(10 * SECOND);

    expect(stage.slack.messages).toHaveLength(1);
    expect(stage.mailsTo).toEqual([]);
  },
);

test('channel_not_found: the message goes by mail at once, and Slack is not asked again', async () => {
  const stage = await openStage();
  stage.slack.script('chat.postMessage', { type: 'error', error: 'channel_not_found' });
  await stage.raise('c1');
  expect(stage.mailsTo).toEqual(['care@example.com']);

  await stage.advance(20 * MINUTE);

  expect(stage.slack.calls).toHaveLength(1);
  const gaveUp = { channel: 'slack', outcome: 'gave_up', reason: 'target_unknown' };
  expect(await stage.metric('tocsin_notification_attempts_total', gaveUp)).toBe(1);
});

test('invalid_auth: mail at once, and Slack is left alone until somebody may have mended the token', async () => {
  const stage = await openStage();
  stage.slack.script('chat.postMessage', { type: 'error', error: 'invalid_auth' });
  await stage.raise('c1');
  expect(stage.mailsTo).toEqual(['care@example.com']);

  await stage.raise('c2');
  expect(stage.mailsTo).toEqual(['care@example.com', 'care@example.com']);
  expect(stage.slack.calls).toHaveLength(1);
  const refused = { channel: 'slack', reason: 'unauthorized' };
  expect(await stage.metric('tocsin_notification_attempts_total', refused)).toBeGreaterThan(0);

  await stage.advance(10 * MINUTE);
  expect(stage.slack.messages).toHaveLength(2);
});

test('control: by its status alone, a refused message looks delivered', async () => {
  const stage = await openStage();
  stage.slack.script('chat.postMessage', { type: 'error', error: 'channel_not_found' });
  const answer = await fetch(`${stage.slack.apiUrl}chat.postMessage`, { method: 'POST' });
  expect(answer.ok).toBe(true);
  expect(stage.slack.messages).toEqual([]);
});
