import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { z } from 'zod';
import type { Source } from '../../../services/contracts/sources.ts';
import type { Topic, TopicValues } from '../../../services/contracts/topics.ts';
import { openTocsin, readSettings, type Tocsin } from '../../../services/embedded/tocsin.ts';
import { AlertDetail } from '../../../services/loop-closure/adapters/answer-schemas.ts';
import { takeDataFolder } from '../../../services/platform/database/data-folder.ts';
import { EMBEDDED_PARTITION } from '../../../services/platform/event-log/event-log.sqlite.ts';
import { StorageUnavailable } from '../../../services/platform/event-log/event-log.ts';
import { createRegistry } from '../../../services/platform/metrics/registry.ts';
import { CLOSE_WITHIN_MS } from '../../../services/platform/process/lifecycle.ts';
import { ManualClock } from '../../../services/platform/time/clock.ts';
import { FakeSlack } from '../../support/fake-slack.ts';
import { FakeSmtp } from '../../support/fake-smtp.ts';
import { Logbook } from '../../support/world/logbook.ts';
import { rule, writeRulesFolder } from './rules-folder.ts';

export type ShownAlert = z.infer<typeof AlertDetail>;

/** When the plays begin: a Monday morning. */
export const START = Date.parse('2026-03-02T08:00:00Z');

/**
 * The second complaint of a gold customer: half an hour to acknowledge, told in the team's channel; then to the
 * lead by mail; at the end a reminder every hour.
 */
export const COMPLAINS_AGAIN = rule(
  'complains-again',
  'live',
  `
  listen: [complaint.received]
  windows: {complaints: {of: complaint.received, fn: count, over: 14d}}
  when: {all: [{profile.value_tier: {eq: gold}}, {complaints: {gte: 2}}]}
  timebox: {calendar: 24x7, ack_by: 30m, contact_by: 2h, close_by: 6h}
  escalate:
    - {at: opened, notify: ["slack:#care"], template: open}
    - {at: ack_by, unless: acked, notify: ["email:team-lead"], template: late-ack}
    - {at: contact_by, unless: contacted, notify: ["email:assignee"], template: breach}
    - {at: close_by, unless: closed, notify: ["email:team"], template: breach, repeat: {every: 1h, max: 3}}
`,
);

const DEFAULT_RULES: Readonly<Record<string, string>> = { 'complains-again': COMPLAINS_AGAIN };

interface StageOptions {
  /** By rule id. */
  readonly rules?: Readonly<Record<string, string>>;
}

/** The whole embedded pipeline in this process, with a Slack, a mail server and a clock that do as told. */
export async function openStage({ rules = DEFAULT_RULES }: StageOptions = {}): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-fault-'));
  const rulesFolder = writeRulesFolder(rules);
  const stage = new Stage({
    folder: join(folder, 'data'),
    rules: rulesFolder,
    slack: await FakeSlack.start(),
    smtp: await FakeSmtp.start(),
  });
  await stage.start();
  onTestFinished(async () => {
    await stage.stop();
    await Promise.all([stage.slack.stop(), stage.smtp.stop()]);
    for (const left of [folder, rulesFolder]) rmSync(left, { recursive: true, force: true });
  });
  return stage;
}

interface StageParts {
  readonly folder: string;
  readonly rules: string;
  readonly slack: FakeSlack;
  readonly smtp: FakeSmtp;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export class Stage {
  readonly slack: FakeSlack;
  readonly smtp: FakeSmtp;
  readonly clock = new ManualClock(START);
  readonly log = new Logbook();
  readonly #parts: StageParts;
  #running: { readonly tocsin: Tocsin; stop(): Promise<void> } | undefined;
  #records = 0;

  constructor(parts: StageParts) {
    this.#parts = parts;
    this.slack = parts.slack;
    this.smtp = parts.smtp;
  }

  get tocsin(): Tocsin {
    if (this.#running === undefined) throw new Error('Tocsin is stopped');
    return this.#running.tocsin;
  }

  async start(): Promise<void> {
    const taken = takeDataFolder(this.#parts.folder);
    const tocsin = await openTocsin({
      folder: taken.path,
      settings: readSettings({
        TOCSIN_RULES_DIR: this.#parts.rules,
        TOCSIN_SLACK_TOKEN: 'xoxb-fake',
        TOCSIN_SLACK_API_URL: this.slack.apiUrl,
        TOCSIN_SMTP_URL: this.smtp.url,
      }),
      clock: this.clock,
      rulesAreTrusted: true,
      url: 'http://127.0.0.1:8080',
      log: this.log,
      registry: createRegistry(),
    });
    await tocsin.app.ready();
    this.#running = {
      tocsin,
      stop: async () => {
        await tocsin.lifecycle.close(CLOSE_WITHIN_MS);
        taken.release();
      },
    };
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.stop();
  }

  /** Where the rules are that it reads. */
  get rulesFolder(): string {
    return this.#parts.rules;
  }

  /** Works until nothing is left to do now. */
  settle(): Promise<void> {
    return this.tocsin.pipeline.settle();
  }

  /** Lets time go by, from one thing that falls due to the next. */
  async advance(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    await this.settle();
    for (;;) {
      const due = await this.tocsin.pipeline.nextDueAt();
      if (due === undefined || due > end) break;
      this.clock.moveTo(Math.max(due, this.clock.now()));
      await this.settle();
    }
    this.clock.moveTo(end);
    await this.settle();
  }

  async ask(
    method: 'GET' | 'POST',
    url: string,
    body?: object | string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const asked = this.#send(method, url, body, headers);
    // An order is answered when it is obeyed, and nobody works while the clock stands still: so this does.
    const answered = asked.then(() => true);
    const { runner } = this.tocsin.pipeline;
    while (!(await Promise.race([answered, nextTurn()]))) await runner.drain().catch(whileItLasts);
    return asked;
  }

  async #send(
    method: 'GET' | 'POST',
    url: string,
    body: object | string | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await this.tocsin.app.inject({
      method,
      url,
      headers: { ...type, ...headers },
      ...(body === undefined ? {} : { payload: body }),
    });
    return { status: answer.statusCode, headers: answer.headers, text: answer.payload };
  }

  async json(path: string): Promise<unknown> {
    const { status, text } = await this.ask('GET', path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${text}`);
    return JSON.parse(text);
  }

  /** A source sends something that happens now. It is stored and not yet worked on. */
  post(source: Source, record: object): Promise<Answer> {
    this.#records += 1;
    const sent = { id: `record-${this.#records}`, occurredAt: this.clock.now(), ...record };
    return this.#send('POST', `/v1/${source}`, sent, {});
  }

  /** A gold customer complains for the second time: the alert of the rule above, unless the fault prevents it. */
  async raise(customerId: string, accountManager = 'm02'): Promise<void> {
    await this.complainTwice(customerId, accountManager);
    await this.settle();
  }

  /** The same, stored and not yet worked on. */
  async complainTwice(customerId: string, accountManager = 'm02'): Promise<void> {
    await this.post('crm-records', {
      customerId,
      event: 'profile_updated',
      attributes: { valueTier: 'gold', accountManager },
    });
    await this.post('complaints', { customerId, text: 'still broken' });
    await this.post('complaints', { customerId, text: 'broken again' });
  }

  /** An order over the API. */
  order(
    alertKey: string,
    verb: string,
    body: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return this.ask('POST', `/v1/alerts/${encodeURIComponent(alertKey)}/${verb}`, body, headers);
  }

  /** Recipients of the mails so far. */
  get mailsTo(): readonly string[] {
    return this.smtp.mails.flatMap(({ to }) => to);
  }

  /** By alert key. */
  async alert(key: string): Promise<ShownAlert> {
    return AlertDetail.parse(await this.json(`/v1/alerts/${encodeURIComponent(key)}`));
  }

  facts<T extends Topic>(topic: T): Promise<readonly TopicValues[T][]> {
    const read = this.tocsin.pipeline.store.log.read(topic, EMBEDDED_PARTITION, 0, 100_000);
    return read.then((records) => records.map(({ value }) => value));
  }

  /** The sum of a metric over the labels that are given, as a scrape sees it. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const { text } = await this.ask('GET', '/metrics');
    const lines = text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return lines
      .filter((line) => wanted.every((part) => line.includes(part)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }
}

/** The pipeline waits for a disk to have room again. */
function whileItLasts(error: unknown): void {
  if (!(error instanceof StorageUnavailable)) throw error;
}

const nextTurn = (): Promise<false> => new Promise((resolve) => setImmediate(() => resolve(false)));
