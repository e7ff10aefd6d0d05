import { createTransport } from 'nodemailer';
import { expect, test } from 'vitest';
import { HOUR, MINUTE, SECOND } from '../../services/platform/time/clock.ts';
import { COMPLAINS_AGAIN, openStage } from './support/stage.ts';

/** The opening is told by mail. */
const BY_MAIL = { 'complains-again': COMPLAINS_AGAIN.replace('slack:#care', 'email:team') };

test.each([
  { at: 'mail', code: 421 },
  { at: 'recipient', code: 451 },
  { at: 'data', code: 450 },
] as const)(
  '$code at $at: the mail comes a little later, once, and nothing is uncertain',
  async ({ at, code }) => {
    const stage = await openStage({ rules: BY_MAIL });
    stage.smtp.script({ type: 'refuse', at, code });
    await stage.raise('c1');
    expect(stage.mailsTo).toEqual([]);

    await stage.advance(10 * SECOND);

    expect(stage.mailsTo).toEqual(['care@example.com']);
    expect(stage.slack.messages).toEqual([]);
    expect(await stage.metric('tocsin_notification_attempts_total', { reason: 'unavailable' })).toBe(1);
    expect(await stage.metric('tocsin_notifications_uncertain_total')).toBe(0);
  },
);

test('greylisted for longer than half of its time: Slack has the message, and the mail is not tried on', async () => {
  const stage = await openStage({ rules: BY_MAIL });
  stage.smtp.script(
    ...Array.from({ length: 20 }, () => ({ type: 'refuse', at: 'recipient', code: 451 }) as const),
  );
  await stage.raise('c1');
  await stage.advance(15 * MINUTE);

  expect(stage.slack.messages.map(({ channel }) => channel)).toEqual(['C_care']);
  const tried = await stage.metric('tocsin_notification_attempts_total', {
    channel: 'email',
    outcome: 'failed',
  });
  await stage.advance(14 * MINUTE);
  expect(stage.mailsTo).toEqual([]);
  expect(
    await stage.metric('tocsin_notification_attempts_total', { channel: 'email', outcome: 'failed' }),
  ).toBe(tried);
});

test('550: the address will never work, so Slack has the message at once', async () => {
  const stage = await openStage({ rules: BY_MAIL });
  stage.smtp.script({ type: 'refuse', at: 'recipient', code: 550 });
  await stage.raise('c1');

  expect(stage.slack.messages.map(({ channel }) => channel)).toEqual(['C_care']);
  await stage.advance(HOUR / 4);
  expect(stage.mailsTo).toEqual([]);
  const gaveUp = { channel: 'email', outcome: 'gave_up', reason: 'target_unknown' };
  expect(await stage.metric('tocsin_notification_attempts_total', gaveUp)).toBe(1);
});

test('control: the mail library by itself does not try again', async () => {
  const stage = await openStage();
  stage.smtp.script({ type: 'refuse', at: 'recipient', code: 451 });
  const transport = createTransport({ url: stage.smtp.url });
  await expect(transport.sendMail({ from: 'a@example.com', to: 'b@example.com', text: 'x' })).rejects.toThrow(
    /451/,
  );
  expect(stage.mailsTo).toEqual([]);
});
