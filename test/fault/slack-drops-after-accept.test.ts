import { expect, test } from 'vitest';
import { SECOND } from '../../services/platform/time/clock.ts';
import { openStage } from './support/stage.ts';

test('a message whose answer was lost is found again: it is there once, and counted as uncertain', async () => {
  const stage = await openStage();
  stage.slack.script('chat.postMessage', { type: 'obeyThenDrop' });
  await stage.raise('c1');
  await stage.advance(10 * SECOND);

  expect(stage.slack.messages).toHaveLength(1);
  expect(stage.mailsTo).toEqual([]);
  expect(await stage.metric('tocsin_notifications_uncertain_total', { channel: 'slack' })).toBe(1);
});

test('what was found is the alert’s message: it is updated in place, and later steps answer in its thread', async () => {
  const stage = await openStage();
  stage.slack.script('chat.postMessage', { type: 'obeyThenDrop' });
  await stage.raise('c1');
  await stage.advance(10 * SECOND);
  await stage.order('complains-again:c1', 'acknowledge', { by: 'm02' });
  await stage.advance(10 * SECOND);

  const [message, ...others] = stage.slack.messages;
  expect(others).toEqual([]);
  expect(JSON.stringify(message?.blocks)).toContain('Taken by m02');
});

test('control: where the channel may not be read, the message is there twice, and the second says so', async () => {
  const stage = await openStage();
  stage.log.expect(/could not look for a message/);
  stage.slack.script('chat.postMessage', { type: 'obeyThenDrop' });
  stage.slack.script('conversations.history', { type: 'error', error: 'missing_scope' });
  await stage.raise('c1');
  await stage.advance(10 * SECOND);

  expect(stage.slack.messages.map(({ text }) => text.includes('may be a repeat'))).toEqual([false, true]);
  expect(await stage.metric('tocsin_notifications_uncertain_total', { channel: 'slack' })).toBe(1);
});
