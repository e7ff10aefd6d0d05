import type { FakeSmtp } from '../fake-smtp.ts';
import { Inbox } from './inbox.ts';
import { type ReadMail, readMail } from './read-mail.ts';

/** Mailboxes as the people of a story read them. */
export class MailDesk {
  readonly #smtp: FakeSmtp;
  readonly #addressOf: (person: string) => string;
  readonly #boxes = new Map<string, Inbox<ReadMail>>();

  constructor(smtp: FakeSmtp, addressOf: (person: string) => string) {
    this.#smtp = smtp;
    this.#addressOf = addressOf;
  }

  /** The next mail to somebody in `teams.yaml`, which says all of this, in this order, its subject first. */
  expects(person: string, ...words: readonly string[]): ReadMail {
    return this.#box(this.#addressOf(person)).next(words, this.expects);
  }

  unexpected(): readonly string[] {
    const addresses = new Set(this.#smtp.mails.flatMap(({ to }) => to));
    return [...addresses].flatMap((address) => this.#box(address).unexpected());
  }

  #box(address: string): Inbox<ReadMail> {
    const known = this.#boxes.get(address);
    if (known !== undefined) return known;
    const box = new Inbox(
      address,
      () => this.#smtp.mails.filter(({ to }) => to.includes(address)).map(({ raw }) => readMail(raw)),
      ({ subject, text }) => `${subject}\n${text}`,
    );
    this.#boxes.set(address, box);
    return box;
  }
}
