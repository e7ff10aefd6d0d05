import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEmailChannel } from '../../../services/notification/adapters/channel.email.ts';
import type { EmailOrder } from '../../../services/notification/domain/message.ts';
import { FakeSmtp, type SmtpScript } from '../../support/fake-smtp.ts';

let smtp: FakeSmtp;
beforeEach(async () => {
  smtp = await FakeSmtp.start();
});
afterEach(() => smtp.stop());

const channel = (timeoutMs = 5_000) =>
  createEmailChannel({ smtpUrl: smtp.url, from: 'Tocsin <tocsin@example.com>', timeoutMs });
const never = new AbortController().signal;

function order(changes: Partial<EmailOrder> = {}): EmailOrder {
  return {
    channel: 'email',
    deliveryId: 'a#1/1:opened/email:team-lead',
    attempt: 1,
    alertKey: 'a',
    alertId: 'a#1',
    address: 'lea@example.com',
    template: 'open',
    dueAt: 0,
    expiresAt: 1,
    mayBeRepeat: false,
    form: { type: 'post' },
    content: { subject: 'Ada is leaving – 10:30', text: 'Please call.', html: '<p>Please call.</p>' },
    ...changes,
  };
}

test('a mail arrives as text and HTML, marked as sent by a machine', async () => {
  const answer = await channel().deliver(order(), never);
  const [mail] = smtp.mails;
  expect(answer).toEqual({ type: 'accepted', ref: { address: 'lea@example.com', id: mail?.messageId } });
  expect(mail).toMatchObject({ from: 'tocsin@example.com', to: ['lea@example.com'] });
  expect(mail?.raw).toContain('Auto-Submitted: auto-generated');
  expect(mail?.raw).toContain('Content-Type: text/plain');
  expect(mail?.raw).toContain('Content-Type: text/html');
});

test('the mails of one alert refer to one thread', async () => {
  await channel().deliver(order(), never);
  await channel().deliver(order({ deliveryId: 'later' }), never);
  const references = smtp.mails.map(({ raw }) => /^References: (\S+)/m.exec(raw)?.[1]);
  expect(references[0]).toMatch(/^<[0-9a-f]{32}@example\.com>$/);
  expect(references[1]).toBe(references[0]);
});

test('words with line breaks in a subject add no header', async () => {
  const content = { subject: 'a\r\nBcc: evil@example.org', text: 't', html: 'h' };
  await channel().deliver(order({ content }), never);
  expect(smtp.mails[0]?.to).toEqual(['lea@example.com']);
  expect(smtp.mails[0]?.raw).not.toMatch(/^Bcc:/im);
});

test.each<[string, SmtpScript, object]>([
  ['421 at the start', { type: 'refuse', at: 'mail', code: 421 }, { reason: 'unavailable', retriable: true }],
  [
    '451 after the body',
    { type: 'refuse', at: 'data', code: 451 },
    { reason: 'unavailable', retriable: true },
  ],
  [
    '550 for the recipient',
    { type: 'refuse', at: 'recipient', code: 550 },
    { reason: 'target_unknown', retriable: false },
  ],
  [
    '450 for the recipient',
    { type: 'refuse', at: 'recipient', code: 450 },
    { reason: 'unavailable', retriable: true },
  ],
  [
    '554 after the body',
    { type: 'refuse', at: 'data', code: 554 },
    { reason: 'content_refused', retriable: false },
  ],
])('%s is told apart', async (_, script, expected) => {
  smtp.script(script);
  const answer = await channel().deliver(order(), never);
  expect(answer).toMatchObject({ type: 'failed', ...expected });
  expect(answer).not.toHaveProperty('uncertain');
});

test('a connection dropped after the last dot is uncertain; the repeat has the same Message-ID', async () => {
  smtp.script({ type: 'takeThenDrop' });
  expect(await channel().deliver(order(), never)).toMatchObject({
    reason: 'connection_lost',
    retriable: true,
    uncertain: true,
  });
  await channel().deliver(order({ attempt: 2, mayBeRepeat: true }), never);
  expect(new Set(smtp.mails.map(({ messageId }) => messageId)).size).toBe(1);
  expect(smtp.mails[1]?.raw).toContain('X-Tocsin-May-Be-A-Repeat: yes');
});

test('a server that falls silent after the body is uncertain, and is not waited for', async () => {
  smtp.script({ type: 'neverAnswer' });
  expect(await channel(200).deliver(order(), never)).toMatchObject({ reason: 'timeout', uncertain: true });
});

test('an abort ends the attempt', async () => {
  smtp.script({ type: 'neverAnswer' });
  const answer = await channel().deliver(order(), AbortSignal.timeout(200));
  expect(answer).toMatchObject({ type: 'failed', reason: 'timeout', retriable: true });
});

test('a server that is not there is plainly unavailable', async () => {
  const gone = channel();
  await smtp.stop();
  const answer = await gone.deliver(order(), never);
  smtp = await FakeSmtp.start();
  expect(answer).toMatchObject({ reason: 'unavailable', retriable: true });
  expect(answer).not.toHaveProperty('uncertain');
});

test('an address is one mailbox, whatever is written in it', async () => {
  const answer = await channel().deliver(order({ address: 'a@example.com, b@example.com' }), never);
  expect(smtp.mails.flatMap(({ to }) => to)).not.toContain('b@example.com');
  expect(answer.type).toBe('failed');
});
