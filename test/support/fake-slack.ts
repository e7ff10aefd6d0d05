import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the fake answers one call. Without a script it obeys. */
export type SlackScript =
  | { readonly type: 'ok' }
  | { readonly type: 'error'; readonly error: string }
  /** 429; `retryAfter` is written as it stands, and left out when undefined. */
  | { readonly type: 'rateLimited'; readonly retryAfter?: string }
  | { readonly type: 'status'; readonly status: number }
  /** Obeys, then drops the connection instead of answering. */
  | { readonly type: 'obeyThenDrop' }
  | { readonly type: 'neverAnswer' };

export interface SlackCall {
  readonly method: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface SlackMessage {
  readonly channel: string;
  readonly ts: string;
  readonly threadTs?: string;
  readonly text: string;
  readonly blocks: unknown;
  readonly metadata?: unknown;
  readonly edits: number;
  /** What it said before it was edited. */
  readonly asPosted: { readonly text: string; readonly blocks: unknown };
}

/** A Slack over real HTTP that remembers what it was told and misbehaves on order. */
export class FakeSlack {
  readonly calls: SlackCall[] = [];
  readonly messages: SlackMessage[] = [];
  readonly #scripts = new Map<string, SlackScript[]>();
  readonly #awaited: { readonly method: string; readonly arrived: (call: SlackCall) => void }[] = [];
  readonly #server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => this.#answer((request.url ?? '').replace('/api/', ''), argsOf(body), response));
  });
  #ts = 0;

  static async start(): Promise<FakeSlack> {
    const slack = new FakeSlack();
    await new Promise<void>((resolve) => slack.#server.listen(0, '127.0.0.1', resolve));
    return slack;
  }

  get apiUrl(): string {
    // A listening TCP server has an address with a port.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/`;
  }

  /** The next calls of `method` are answered so, in this order. */
  script(method: string, ...scripts: readonly SlackScript[]): void {
    this.#scripts.set(method, [...(this.#scripts.get(method) ?? []), ...scripts]);
  }

  callsOf(method: string): readonly SlackCall[] {
    return this.calls.filter((call) => call.method === method);
  }

  /** The next call of `method`, once it has come. */
  nextCall(method: string): Promise<SlackCall> {
    return new Promise((arrived) => this.#awaited.push({ method, arrived }));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(method: string, args: Readonly<Record<string, unknown>>, response: ServerResponse): void {
    this.calls.push({ method, args });
    this.#tellWhoWaits({ method, args });
    const script = this.#scripts.get(method)?.shift() ?? { type: 'ok' };
    switch (script.type) {
      case 'ok':
        send(response, 200, this.#obey(method, args));
        break;
      case 'error':
        send(response, 200, { ok: false, error: script.error });
        break;
      case 'rateLimited':
        if (script.retryAfter !== undefined) response.setHeader('retry-after', script.retryAfter);
        send(response, 429, { ok: false, error: 'ratelimited' });
        break;
      case 'status':
        send(response, script.status, { ok: false });
        break;
      case 'obeyThenDrop':
        this.#obey(method, args);
        response.destroy();
        break;
      case 'neverAnswer':
        break;
    }
  }

  #tellWhoWaits(call: SlackCall): void {
    const place = this.#awaited.findIndex(({ method }) => method === call.method);
    if (place >= 0) this.#awaited.splice(place, 1)[0]?.arrived(call);
  }

  #obey(method: string, args: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const channel = channelId(String(args.channel ?? ''));
    switch (method) {
      case 'chat.postMessage': {
        this.#ts += 1;
        const ts = `1700000000.${String(this.#ts).padStart(6, '0')}`;
        const said = { text: String(args.text), blocks: parsed(args.blocks) };
        this.messages.push({
          channel,
          ts,
          ...(args.thread_ts === undefined ? {} : { threadTs: String(args.thread_ts) }),
          ...said,
          metadata: parsed(args.metadata),
          edits: 0,
          asPosted: said,
        });
        return { ok: true, channel, ts };
      }
      case 'chat.update': {
        const index = this.messages.findIndex(
          (message) => message.channel === channel && message.ts === args.ts,
        );
        const old = this.messages[index];
        if (old === undefined) return { ok: false, error: 'message_not_found' };
        this.messages[index] = {
          ...old,
          text: String(args.text),
          blocks: parsed(args.blocks),
          edits: old.edits + 1,
        };
        return { ok: true, channel, ts: args.ts };
      }
      case 'conversations.history':
        return {
          ok: true,
          messages: this.messages.filter((one) => one.channel === channel && one.threadTs === undefined),
        };
      case 'conversations.replies':
        return {
          ok: true,
          messages: this.messages.filter((one) => one.channel === channel && one.threadTs === args.ts),
        };
      case 'conversations.list':
        return {
          ok: true,
          channels: [...new Set(this.messages.map((one) => one.channel))].map((id) => ({
            id,
            name: nameOf(id),
          })),
        };
      case 'conversations.open':
        return { ok: true, channel: { id: channelId(String(args.users)) } };
      default:
        return { ok: true };
    }
  }
}

/** Slack posts to `#name` and answers with an id. */
const channelId = (address: string): string => (address.startsWith('#') ? `C_${address.slice(1)}` : address);
const nameOf = (id: string): string => id.replace(/^C_/, '');

function send(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}

const argsOf = (body: string): Readonly<Record<string, unknown>> =>
  Object.fromEntries(new URLSearchParams(body));

function parsed(value: unknown): unknown {
  return typeof value === 'string' ? JSON.parse(value) : value;
}
