import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { z } from 'zod';
import type { Source, SourceRecords } from '../../../services/contracts/sources.ts';
import type { Topic, TopicValues } from '../../../services/contracts/topics.ts';
import { SHIPPED_RULES } from '../../../services/embedded/rules-folder.ts';
import {
  AlertDetail,
  AlertList,
  HeldList,
  KpiReport,
} from '../../../services/loop-closure/adapters/answer-schemas.ts';
import { ManualClock } from '../../../services/platform/time/clock.ts';
import { loadSettings, type Settings } from '../../../services/settings/load-settings.ts';
import { findPerson, type Person } from '../../../services/settings/teams.ts';
import { FakeSlack } from '../fake-slack.ts';
import { FakeSmtp } from '../fake-smtp.ts';
import { type Files, onlyTheseRules } from '../rules-folder.ts';
import { defaultDeployment } from './default-deployment.ts';
import type { Deploy, Deployment, HttpAnswer, HttpRequest, Site } from './deployment.ts';
import { elapsed } from './duration.ts';
import { Logbook } from './logbook.ts';
import { MailDesk } from './mail-desk.ts';
import { filesOpenIn, leftOpen, openHandles } from './open-handles.ts';
import { SlackDesk } from './slack-desk.ts';

export interface WorldOptions {
  /** When the story begins: RFC 3339 with an offset. */
  readonly at: string;
  /** Rule files by name, instead of those that come with Tocsin. Teams and calendars stay. */
  readonly rules?: Files;
  /** Further `TOCSIN_…` settings. */
  readonly env?: Readonly<Record<string, string>>;
  /** How Tocsin runs. Default: as the suite has it. */
  readonly deploy?: Deploy;
}

/** A signing secret of the Slack app, as long as Slack's own. */
const SIGNING_SECRET = '8f742231b10e8888abcd99yyyzzz85a5';

/**
 * The world of one story: a whole Tocsin, a Slack, a mail server and a clock that stands still until told
 * otherwise.
 *
 * When the test ends well, the world is looked over: no message that the story did not expect, no warning or
 * error in the log, every input accounted for, nothing left open.
 */
export async function openWorld(options: WorldOptions): Promise<World> {
  const before = openHandles();
  const slack = await FakeSlack.start();
  const smtp = await FakeSmtp.start();
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-story-'));
  const log = new Logbook();
  const rules =
    options.rules === undefined ? SHIPPED_RULES : onlyTheseRules(join(folder, 'rules'), options.rules);
  const site: Site = {
    folder: join(folder, 'data'),
    clock: new ManualClock(options.at),
    log,
    env: {
      TOCSIN_RULES_DIR: rules,
      TOCSIN_SLACK_TOKEN: 'xoxb-story',
      TOCSIN_SLACK_SIGNING_SECRET: SIGNING_SECRET,
      TOCSIN_SLACK_API_URL: slack.apiUrl,
      TOCSIN_SMTP_URL: smtp.url,
      TOCSIN_MAIL_FROM: 'Tocsin <tocsin@example.com>',
      ...options.env,
    },
  };
  const deploy = options.deploy ?? defaultDeployment();
  const world = new World(
    { site, slack, smtp, log, deploy, settings: settingsIn(rules) },
    await deploy(site),
  );
  onTestFinished(async ({ task }) => {
    const faults = await world.end();
    await Promise.all([slack.stop(), smtp.stop()]);
    const open = [...filesOpenIn(folder), ...(await leftOpen(before))];
    rmSync(folder, { recursive: true, force: true });
    // A story that failed has said why; what else is amiss then is a consequence.
    if (task.result?.state !== 'fail') expect([...faults, ...open].join('\n')).toBe('');
  });
  return world;
}

interface WorldParts {
  readonly site: Site;
  readonly slack: FakeSlack;
  readonly smtp: FakeSmtp;
  readonly log: Logbook;
  readonly deploy: Deploy;
  readonly settings: Settings;
}

type Given<S extends Source> = Partial<SourceRecords[S]>;
export type ShownAlert = z.infer<typeof AlertDetail>;
type Summary = z.infer<typeof AlertList>['alerts'][number];

export class World {
  readonly slack: SlackDesk;
  readonly mail: MailDesk;
  readonly log: Logbook;
  readonly #parts: WorldParts;
  #deployment: Deployment;
  #records = 0;

  constructor(parts: WorldParts, deployment: Deployment) {
    this.#parts = parts;
    this.#deployment = deployment;
    this.log = parts.log;
    this.slack = new SlackDesk({
      slack: parts.slack,
      signingSecret: SIGNING_SECRET,
      now: () => parts.site.clock.now(),
      memberId: (id) => this.#person(id).slack ?? id,
      request: (request) => this.#ask(request),
    });
    this.mail = new MailDesk(parts.smtp, (id) => this.#person(id).email);
  }

  /** Epoch ms. */
  get now(): number {
    return this.#parts.site.clock.now();
  }

  /** A source sends a record about something that happens now, and everything that follows at once follows. */
  post<S extends Source>(source: S, record: Given<S>): Promise<HttpAnswer> {
    this.#records += 1;
    return this.#ask({
      method: 'POST',
      path: `/v1/${source}`,
      headers: { 'content-type': 'application/json' },
      body: { id: `record-${this.#records}`, occurredAt: this.now, ...record },
    });
  }

  /** The CRM says who somebody is. */
  async customer(customerId: string, record: Given<'crm-records'>): Promise<void> {
    const answer = await this.post('crm-records', { customerId, event: 'profile_updated', ...record });
    expect(answer).toMatchObject({ status: 202 });
  }

  get(path: string): Promise<HttpAnswer> {
    return this.#ask({ method: 'GET', path });
  }

  /** Somebody posts JSON to the API. */
  send(path: string, body: object): Promise<HttpAnswer> {
    return this.#ask({ method: 'POST', path, headers: { 'content-type': 'application/json' }, body });
  }

  /** Somebody submits a form of a page. */
  submit(path: string, form: Readonly<Record<string, string>>): Promise<HttpAnswer> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.#ask({ method: 'POST', path, headers, body: new URLSearchParams(form).toString() });
  }

  /** Alerts, newest last. Default: all that are not closed. */
  async alerts(query = 'status=unfinished'): Promise<readonly Summary[]> {
    const { alerts } = AlertList.parse((await this.get(`/v1/alerts?${query}`)).body);
    return alerts.toSorted((a, b) => a.openedAt.localeCompare(b.openedAt));
  }

  /** The one alert that is not closed, whole. */
  async theAlert(): Promise<ShownAlert> {
    const alerts = await this.alerts();
    expect(alerts.map(({ label, ruleId }) => `${label} ${ruleId}`)).toHaveLength(1);
    return this.alert(alerts[0]?.alertId ?? '');
  }

  /** By id, label or key. */
  async alert(name: string): Promise<ShownAlert> {
    return AlertDetail.parse((await this.get(`/v1/alerts/${encodeURIComponent(name)}`)).body);
  }

  /** Matches of live rules that told nobody. */
  async held(): Promise<z.infer<typeof HeldList>['held']> {
    const { held } = HeldList.parse((await this.get('/v1/held')).body);
    return held.filter(({ stage }) => stage === 'live');
  }

  /** How well loops were closed in the last thirty days, and what became of customers before. */
  async kpis(): Promise<z.infer<typeof KpiReport>> {
    return KpiReport.parse((await this.get('/v1/kpis')).body);
  }

  /** Somebody gives an order over the API. */
  order(alert: string, verb: string, body: object): Promise<HttpAnswer> {
    return this.send(`/v1/alerts/${encodeURIComponent(alert)}/${verb}`, body);
  }

  facts<T extends Topic>(topic: T): Promise<readonly TopicValues[T][]> {
    return this.#deployment.facts(topic);
  }

  /** Lets time go by, from one thing that falls due to the next: `30m`, `1h30m`, `2d`. */
  async advance(duration: string): Promise<void> {
    await this.advanceTo(this.now + elapsed(duration));
  }

  /** Lets time go by until an instant: RFC 3339 with an offset, or epoch ms. */
  async advanceTo(instant: string | number): Promise<void> {
    const { clock } = this.#parts.site;
    const end = typeof instant === 'number' ? instant : Date.parse(instant);
    if (end < this.now) throw new Error(`${instant} is over; it is ${new Date(this.now).toISOString()}`);
    for (let stuck = 0; stuck < MOST_AT_ONE_INSTANT; stuck += 1) {
      await this.#deployment.settle();
      const due = await this.#deployment.nextDueAt();
      if (due === undefined || due > end) {
        clock.moveTo(end);
        return this.#deployment.settle();
      }
      if (due > clock.now()) stuck = 0;
      clock.moveTo(Math.max(due, clock.now()));
    }
    throw new Error(`something is due at ${new Date(this.now).toISOString()} and is never done`);
  }

  /** Stops Tocsin and starts it again on the same data. */
  async restart({ downFor = '0s' }: { readonly downFor?: string } = {}): Promise<void> {
    expect(await this.#deployment.stop()).toEqual([]);
    this.#parts.site.clock.advance(elapsed(downFor));
    this.#deployment = await this.#parts.deploy(this.#parts.site);
    await this.#deployment.settle();
  }

  /** Stops everything. Answers what is not as it should be at the end of a story. */
  async end(): Promise<readonly string[]> {
    const ledger = await this.get('/v1/ledger');
    const closing = await this.#deployment.stop();
    return [
      ...this.slack.unexpected(),
      ...this.mail.unexpected(),
      ...this.log.unexpected(),
      ...ledgerFaults(ledger.body),
      ...closing.map((step) => `could not close ${step}`),
    ];
  }

  async #ask(request: HttpRequest): Promise<HttpAnswer> {
    const answer = await this.#deployment.request(request);
    await this.#deployment.settle();
    return answer;
  }

  #person(id: string): Person {
    const person = findPerson(this.#parts.settings.teams, id);
    if (person === undefined) throw new Error(`teams.yaml knows nobody called ${id}`);
    return person;
  }
}

/** Things that may follow from each other at one instant; more is a loop. */
const MOST_AT_ONE_INSTANT = 100;

interface Ledger {
  readonly waiting: number;
  readonly deadLetters: Readonly<Record<string, number>>;
  readonly checks: readonly {
    readonly says: string;
    readonly left: number;
    readonly right: number;
    readonly meets: boolean;
  }[];
}

function ledgerFaults(answer: unknown): readonly string[] {
  // `LedgerReport`, as JSON.
  const { checks, waiting, deadLetters } = answer as Ledger;
  return [
    ...checks
      .filter(({ meets }) => !meets)
      .map(({ says, left, right }) => `ledger: ${says}: ${left} is not ${right}`),
    ...(waiting === 0 ? [] : [`ledger: ${waiting} inputs wait`]),
    ...Object.entries(deadLetters).flatMap(([status, n]) =>
      n === 0 ? [] : [`${n} dead letters are ${status}`],
    ),
  ];
}

function settingsIn(rules: string): Settings {
  const read = loadSettings(rules);
  if (!read.ok) throw new Error(read.problems.map(({ message }) => message).join('\n'));
  return read.settings;
}
