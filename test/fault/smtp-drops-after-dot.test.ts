import { createTransport } from 'nodemailer';
import { expect, test } from 'vitest';
import { SECOND } from '../../services/platform/time/clock.ts';
import { COMPLAINS_AGAIN, openStage } from './support/stage.ts';

const BY_MAIL = { 'complains-again': COMPLAINS_AGAIN.replace('slack:#care', 'email:team') };

test('a mail whose answer was lost is sent again under the same Message-ID, marked and counted', async () => {
  const stage = await openStage({ rules: BY_MAIL });
  stage.smtp.script({ type: 'takeThenDrop' });
  await stage.raise('c1');
  expect(await stage.metric('tocsin_notifications_uncertain_total', { channel: 'email' })).toBe(1);

  await stage.advance(10 * SECOND);

  expect(stage.mailsTo).toEqual(['care@example.com', 'care@example.com']);
  const [first, second] = stage.smtp.mails;
  expect(second?.messageId).toBe(first?.messageId);
  expect(first?.raw).not.toContain('May-Be-A-Repeat');
  expect(second?.raw).toContain('X-Tocsin-May-Be-A-Repeat: yes');
  expect(
    await stage.metric('tocsin_notification_attempts_total', { channel: 'email', outcome: 'delivered' }),
  ).toBe(1);
});

test('control: with a Message-ID for each attempt, no mailbox can tell that the two are one', async () => {
  const stage = await openStage();
  stage.smtp.script({ type: 'takeThenDrop' });
  const mail = { from: 'a@example.com', to: 'b@example.com', text: 'x' };
  const transport = createTransport({ url: stage.smtp.url });
  await expect(transport.sendMail(mail)).rejects.toThrow();
  await transport.sendMail(mail);
  const [first, second] = stage.smtp.mails;
  expect(second?.messageId).not.toBe(first?.messageId);
});
