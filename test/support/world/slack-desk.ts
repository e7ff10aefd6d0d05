import { createHmac } from 'node:crypto';
import type { FakeSlack, SlackMessage } from '../fake-slack.ts';
import type { HttpAnswer, HttpRequest } from './deployment.ts';
import { checkWords, failure, Inbox } from './inbox.ts';

export interface SlackDeskParts {
  readonly slack: FakeSlack;
  readonly signingSecret: string;
  now(): number;
  /** Slack member id of somebody in `teams.yaml`. */
  memberId(person: string): string;
  /** Asks Tocsin, and lets it do what follows from the answer. */
  request(request: HttpRequest): Promise<HttpAnswer>;
}

/** Slack as the people of a story use it: they read channels, press buttons and fill in forms. */
export class SlackDesk {
  readonly #parts: SlackDeskParts;
  readonly #channels = new Map<string, SlackChannel>();
  #clicks = 0;

  constructor(parts: SlackDeskParts) {
    this.#parts = parts;
  }

  /** `#retention` */
  channel(name: string): SlackChannel {
    return this.#at(name, `C_${name.slice(1)}`);
  }

  /** The direct messages to somebody in `teams.yaml`. */
  person(id: string): SlackChannel {
    return this.#at(`${id} in Slack`, this.#parts.memberId(id));
  }

  /** Messages that no part of the story expected, wherever they came. */
  unexpected(): readonly string[] {
    for (const { channel } of this.#parts.slack.messages) {
      if (!this.#channels.has(channel)) this.#at(channel, channel);
    }
    return [...this.#channels.values()].flatMap((channel) => channel.unexpected());
  }

  #at(name: string, address: string): SlackChannel {
    const known = this.#channels.get(address);
    if (known !== undefined) return known;
    const channel = new SlackChannel(name, address, this.#parts, () => `${++this.#clicks}`);
    this.#channels.set(address, channel);
    return channel;
  }
}

/** One channel, or the direct messages to one person. */
export class SlackChannel {
  readonly #name: string;
  readonly #parts: SlackDeskParts;
  readonly #inbox: Inbox<SlackMessage>;
  readonly #clickId: () => string;

  constructor(name: string, address: string, parts: SlackDeskParts, clickId: () => string) {
    this.#name = name;
    this.#parts = parts;
    this.#clickId = clickId;
    this.#inbox = new Inbox(
      name,
      () => parts.slack.messages.filter((message) => message.channel === address),
      ({ asPosted }) => wordsOf(asPosted),
    );
  }

  /** The next message here, which said all of this in this order when it was posted. */
  expects(...words: readonly string[]): PostedMessage {
    const { ts, channel } = this.#inbox.next(words, this.expects);
    return new PostedMessage(this.#name, channel, ts, this.#parts, this.#clickId);
  }

  unexpected(): readonly string[] {
    return this.#inbox.unexpected();
  }
}

type Form = Readonly<Record<string, string>>;

/** A message as it stands in Slack now: it may have been updated since it was posted. */
export class PostedMessage {
  readonly #name: string;
  readonly #channel: string;
  readonly #ts: string;
  readonly #parts: SlackDeskParts;
  readonly #clickId: () => string;

  constructor(name: string, channel: string, ts: string, parts: SlackDeskParts, clickId: () => string) {
    this.#name = name;
    this.#channel = channel;
    this.#ts = ts;
    this.#parts = parts;
    this.#clickId = clickId;
  }

  /** Its words now, line by line. */
  get text(): string {
    return wordsOf(this.#now());
  }

  /** How often it was updated in place. */
  get edits(): number {
    return this.#now().edits;
  }

  /** What its buttons say now. */
  get buttons(): readonly string[] {
    return buttonsOf(this.#now()).map(({ label }) => label);
  }

  /** Whether it stands in the thread of another message. */
  isReplyTo(other: PostedMessage): boolean {
    return this.#now().threadTs === other.#ts;
  }

  /** Fails unless it now says all of this, in this order. */
  says(...words: readonly string[]): void {
    checkWords(`${this.#name} shows`, this.text, words, this.says);
  }

  /**
   * Presses a button as somebody, through the signed endpoint that Slack calls, and saves the form that it
   * opens, if it opens one. Answers what the form says to its fields, empty when it was taken.
   */
  async click(label: string, by: string, form?: Form): Promise<Form> {
    const button = buttonsOf(this.#now()).find((one) => one.label === label);
    if (button === undefined) {
      throw failure(
        `no button “${label}” at ${this.#name}; there are: ${this.buttons.join(', ')}`,
        this.click,
      );
    }
    const id = this.#clickId();
    const opened = form === undefined ? undefined : this.#parts.slack.nextCall('views.open');
    const answer = await this.#send({
      type: 'block_actions',
      user: { id: this.#parts.memberId(by), username: by },
      trigger_id: `trigger.${id}`,
      actions: [{ action_id: button.actionId, action_ts: `1700000000.${id}`, value: button.value }],
    });
    if (answer.status !== 200) {
      throw failure(
        `pressing “${label}” was answered ${answer.status}: ${JSON.stringify(answer.body)}`,
        this.click,
      );
    }
    if (form === undefined || opened === undefined) return {};
    const { view } = (await opened).args;
    return this.#save(JSON.parse(String(view)), by, id, form);
  }

  async #save(view: ModalView, by: string, id: string, form: Form): Promise<Form> {
    const answer = await this.#send({
      type: 'view_submission',
      user: { id: this.#parts.memberId(by), username: by },
      view: {
        id: `V${id}`,
        callback_id: view.callback_id,
        private_metadata: view.private_metadata,
        state: {
          values: Object.fromEntries(view.blocks.map((block) => [block.block_id, filled(block, form)])),
        },
      },
    });
    // What Slack wants to be told about a form: https://docs.slack.dev/surfaces/modals
    return (answer.body as { readonly errors?: Form }).errors ?? {};
  }

  #send(payload: object): Promise<HttpAnswer> {
    const body = `payload=${encodeURIComponent(JSON.stringify(payload))}`;
    const stamp = String(Math.floor(this.#parts.now() / 1000));
    const signature = createHmac('sha256', this.#parts.signingSecret)
      .update(`v0:${stamp}:${body}`)
      .digest('hex');
    return this.#parts.request({
      method: 'POST',
      path: '/slack/actions',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-slack-request-timestamp': stamp,
        'x-slack-signature': `v0=${signature}`,
      },
      body,
    });
  }

  #now(): SlackMessage {
    const message = this.#parts.slack.messages.find(
      ({ channel, ts }) => channel === this.#channel && ts === this.#ts,
    );
    if (message === undefined) throw new Error(`the message ${this.#ts} at ${this.#name} is gone`);
    return message;
  }
}

/** The part of a modal that somebody who fills it in sees. */
interface ModalView {
  readonly callback_id: string;
  readonly private_metadata: string;
  readonly blocks: readonly {
    readonly block_id: string;
    readonly element: {
      readonly type: string;
      readonly action_id: string;
      readonly options?: readonly { readonly value: string }[];
    };
  }[];
}

/** One input as Slack hands it over. A choice that the form does not offer cannot be made. */
function filled({ block_id: name, element }: ModalView['blocks'][number], form: Form): object {
  const value = form[name] ?? null;
  if (element.type === 'plain_text_input') return { [element.action_id]: { value } };
  const offered = element.options?.map((option) => option.value) ?? [];
  if (value !== null && !offered.includes(value)) {
    throw new Error(`the form offers ${offered.join(', ')} for ${name}, not ${value}`);
  }
  return { [element.action_id]: { selected_option: value === null ? null : { value } } };
}

interface ShownButton {
  readonly label: string;
  readonly actionId: string;
  readonly value: string;
}

/** Slack's blocks, as far as we write them: https://docs.slack.dev/reference/block-kit/blocks */
interface ShownBlock {
  readonly type: string;
  readonly text?: { readonly text: string };
  readonly fields?: readonly { readonly text: string }[];
  readonly elements?: readonly {
    readonly type: string;
    readonly text?: string | { readonly text: string };
    readonly action_id?: string;
    readonly value?: string;
  }[];
}

type Said = Pick<SlackMessage, 'text' | 'blocks'>;

// What we write is typed where it is written; a fake that keeps it knows no more than that it was JSON.
const blocksOf = ({ blocks }: Said): readonly ShownBlock[] => (blocks ?? []) as readonly ShownBlock[];

const buttonsOf = (message: Said): readonly ShownButton[] =>
  blocksOf(message)
    .flatMap(({ elements = [] }) => elements)
    .filter(({ type }) => type === 'button')
    .map(({ text, action_id: actionId = '', value = '' }) => ({ label: plain(text), actionId, value }));

/** What a reader sees, without the buttons. */
function wordsOf(message: Said): string {
  const shown = blocksOf(message).flatMap(({ text, fields = [], elements = [] }) => [
    ...(text === undefined ? [] : [text.text]),
    ...fields.map((field) => field.text),
    ...elements.filter(({ type }) => type !== 'button').map((element) => plain(element.text)),
  ]);
  return [message.text, ...shown]
    .join('\n')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

const plain = (text: string | { readonly text: string } | undefined): string =>
  typeof text === 'string' ? text : (text?.text ?? '');
