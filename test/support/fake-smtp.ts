import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';

/** How the fake treats one mail. Without a script it accepts. */
export type SmtpScript =
  | { readonly type: 'accept' }
  /** Refuses at this point of the conversation. */
  | { readonly type: 'refuse'; readonly at: 'mail' | 'recipient' | 'data'; readonly code: number }
  /** Takes the whole mail, then drops the connection instead of answering. */
  | { readonly type: 'takeThenDrop' }
  | { readonly type: 'neverAnswer' };

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came: headers and body. */
  readonly raw: string;
  readonly messageId: string;
}

/** A mail server over a real socket that remembers what it took and misbehaves on order. */
export class FakeSmtp {
  readonly mails: ReceivedMail[] = [];
  readonly #scripts: SmtpScript[] = [];
  readonly #server: SMTPServer;
  #current: SmtpScript = { type: 'accept' };

  private constructor() {
    this.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      logger: false,
      onMailFrom: (_, __, callback) => {
        this.#current = this.#scripts.shift() ?? { type: 'accept' };
        callback(this.#refusal('mail'));
      },
      onRcptTo: (_, __, callback) => callback(this.#refusal('recipient')),
      onData: (stream, session, callback) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => this.#taken(Buffer.concat(chunks).toString(), session, callback));
      },
    });
    // A client that goes away in the middle is part of the play.
    this.#server.on('error', () => undefined);
  }

  static async start(): Promise<FakeSmtp> {
    const smtp = new FakeSmtp();
    await new Promise<void>((resolve) => smtp.#server.listen(0, '127.0.0.1', resolve));
    return smtp;
  }

  get url(): string {
    // A listening TCP server has an address with a port.
    return `smtp://127.0.0.1:${(this.#server.server.address() as AddressInfo).port}`;
  }

  /** The next mails are treated so, in this order. */
  script(...scripts: readonly SmtpScript[]): void {
    this.#scripts.push(...scripts);
  }

  async stop(): Promise<void> {
    this.#dropConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #dropConnections(): void {
    for (const connection of this.#server.connections) connection._socket.destroy();
  }

  #refusal(at: 'mail' | 'recipient' | 'data'): Error | null {
    const script = this.#current;
    if (script.type !== 'refuse' || script.at !== at) return null;
    return Object.assign(new Error('refused by the script'), { responseCode: script.code });
  }

  #taken(raw: string, session: SMTPServerSession, callback: (error?: Error | null) => void): void {
    const refusal = this.#refusal('data');
    if (refusal !== null) {
      callback(refusal);
      return;
    }
    if (this.#current.type === 'neverAnswer') return;
    const { mailFrom, rcptTo } = session.envelope;
    this.mails.push({
      from: mailFrom === false ? '' : mailFrom.address,
      to: rcptTo.map(({ address }) => address),
      raw,
      messageId: /^message-id:\s*(\S+)/im.exec(raw)?.[1] ?? '',
    });
    if (this.#current.type === 'takeThenDrop') this.#dropConnections();
    else callback(null);
  }
}
