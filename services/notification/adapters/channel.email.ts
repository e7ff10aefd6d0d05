import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { SECOND } from '../../platform/time/clock.ts';
import type { DeliveryOrder, EmailOrder } from '../domain/message.ts';
import type { Channel, DeliveryAnswer } from '../ports.ts';

export interface EmailChannelOptions {
  /** `smtp://user:password@host:587` */
  readonly smtpUrl: string;
  /** `Tocsin <tocsin@example.com>` */
  readonly from: string;
  /** No step of a conversation with the mail server takes longer, ms. */
  readonly timeoutMs?: number;
}

/**
 * E-mail through a mail server. A connection for each message: mail is rare here, and a pool hides which of
 * its messages a dropped connection took with it.
 *
 * A delivery keeps its Message-ID over all its attempts, so that mailboxes can fold a repeat; the mails of one
 * alert refer to a common first one, so that they stand together.
 */
export function createEmailChannel(options: EmailChannelOptions): Channel {
  const within = options.timeoutMs ?? STEP_WITHIN_MS;
  const domain = /@([^\s>]+)/.exec(options.from)?.[1] ?? 'localhost';
  const transport = createTransport({
    url: options.smtpUrl,
    connectionTimeout: within,
    greetingTimeout: within,
    socketTimeout: within,
    dnsTimeout: within,
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
  });
  /** By Message-ID: told when the mail server has taken a message's last byte. */
  const onWire = new Map<string, () => void>();
  transport.use('stream', (mail, done) => {
    const sent = onWire.get(mail.data.messageId ?? '');
    mail.message.processFunc((message) => message.pipe(new PassThrough()).once('end', () => sent?.()));
    done();
  });

  return {
    deliver: async (order, signal) => {
      let bodySent = false;
      const id = messageId(order.deliveryId, domain);
      onWire.set(id, () => {
        bodySent = true;
      });
      try {
        await transport.sendMail(mailOf(emailOnly(order), options.from, domain, signal));
        return { type: 'accepted', ref: { address: order.address, id } };
      } catch (error) {
        return failureOf(error, bodySent);
      } finally {
        onWire.delete(id);
      }
    },
    find: async () => undefined,
  };
}

const STEP_WITHIN_MS = 10 * SECOND;

function emailOnly(order: DeliveryOrder): EmailOrder {
  if (order.channel === 'email') return order;
  throw new Error(`delivery ${order.deliveryId} is for ${order.channel}, not for email`);
}

function mailOf(order: EmailOrder, from: string, domain: string, signal: AbortSignal): SendMailOptions {
  const thread = messageId(order.alertId, domain);
  const mail: SendMailOptions & { readonly signal: AbortSignal } = {
    signal,
    from,
    // Given apart, the address is not parsed as a list: one delivery goes to one mailbox.
    to: { name: '', address: order.address },
    subject: order.content.subject,
    text: order.content.text,
    html: order.content.html,
    messageId: messageId(order.deliveryId, domain),
    inReplyTo: thread,
    references: [thread],
    headers: {
      // RFC 3834: nobody's out-of-office shall answer, and our own ingestion shall know it for its own.
      'Auto-Submitted': 'auto-generated',
      'X-Tocsin-Alert': order.alertId,
      ...(order.mayBeRepeat ? { 'X-Tocsin-May-Be-A-Repeat': 'yes' } : {}),
    },
  };
  return mail;
}

/** The same for the same name, wherever and whenever it is asked for. */
const messageId = (name: string, domain: string): string =>
  `<${createHash('sha256').update(name).digest('hex').slice(0, 32)}@${domain}>`;

interface SmtpError {
  readonly name: string;
  readonly code?: string;
  readonly responseCode?: number;
  readonly command?: string;
}

/** What went wrong, in our words. Once the body is on its way, silence means that it may have arrived. */
function failureOf(error: unknown, bodySent: boolean): DeliveryAnswer {
  if (!(error instanceof Error)) throw error;
  // What the library adds to its errors; https://nodemailer.com/errors
  const { name, code, responseCode, command } = error as Error & SmtpError;
  const detail = [code, responseCode, command].filter((part) => part !== undefined).join(' ') || name;
  if (responseCode !== undefined) return { ...answered(responseCode, code, command), detail };
  if (code !== undefined && OURS.includes(code)) {
    return { type: 'failed', reason: 'content_refused', retriable: false, detail };
  }
  if (code === 'EAUTH') return { type: 'failed', reason: 'unauthorized', retriable: true, detail };
  const reason =
    code === 'ETIMEDOUT' || name === 'AbortError' || name === 'TimeoutError' ? 'timeout' : 'connection_lost';
  if (bodySent) return { type: 'failed', reason, retriable: true, uncertain: true, detail };
  return {
    type: 'failed',
    reason: reason === 'timeout' ? 'timeout' : 'unavailable',
    retriable: true,
    detail,
  };
}

/** Errors that our own message or address caused, before the server was asked. */
const OURS = ['EENVELOPE', 'EMESSAGE', 'ESTREAM', 'ECONFIG'];

type Failed = Extract<DeliveryAnswer, { readonly type: 'failed' }>;

/** 4xx: later perhaps. 5xx: never (RFC 5321, section 4.2.1); which of the two parties is at fault, its code says. */
function answered(response: number, code: string | undefined, command: string | undefined): Failed {
  if (response < 500) return { type: 'failed', reason: 'unavailable', retriable: true };
  if (code === 'EAUTH' || response === 530 || response === 535) {
    return { type: 'failed', reason: 'unauthorized', retriable: true };
  }
  if (command === 'RCPT TO') return { type: 'failed', reason: 'target_unknown', retriable: false };
  if (command === 'DATA') return { type: 'failed', reason: 'content_refused', retriable: false };
  return { type: 'failed', reason: 'rejected', retriable: false };
}
