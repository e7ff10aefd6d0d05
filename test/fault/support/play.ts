import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { EMBEDDED_MIGRATIONS } from '../../../services/embedded/pipeline.ts';
import { openEmbeddedStore } from '../../../services/platform/database/embedded-store.ts';
import { EMBEDDED_PARTITION } from '../../../services/platform/event-log/event-log.sqlite.ts';
import type { CrashPoint } from '../../../services/platform/process/crash-point.ts';
import { systemClock } from '../../../services/platform/time/clock.ts';
import { FakeSlack } from '../../support/fake-slack.ts';
import { FakeSmtp } from '../../support/fake-smtp.ts';
import { type Faults, type Fingerprint, takeFingerprint } from './fingerprint.ts';
import { messagesAt } from './messages.ts';
import { Supervised } from './supervised.ts';
import {
  customerId,
  LATE_CLAIMED,
  lastComplaints,
  type Sending,
  SILVER,
  thousandRecords,
} from './thousand-records.ts';

export interface Scene {
  readonly rules: string;
  /** The records happened in the hours before. */
  readonly now: number;
}

/** What is left when everything is over. */
export interface Played {
  readonly print: Fingerprint;
  readonly faults: Faults;
  /** One entry for each message that Slack or the mail server took: repeats stand twice. */
  readonly messages: readonly string[];
  /** Attempts whose answer was lost, as the log has them. */
  readonly uncertain: number;
  readonly kills: number;
  /** How often each crash point was passed; only with the failpoint `count`. */
  readonly passes: { readonly [P in CrashPoint]?: number };
}

/**
 * Plays the whole scene: a thousand records, missed milestones, twenty orders; then, when all of that is over
 * and a failpoint `…:kill@signal` is armed, one last alert and one last order.
 */
export async function play({ rules, now }: Scene, failpoint: string, times = 1): Promise<Played> {
  const slack = await FakeSlack.start();
  const smtp = await FakeSmtp.start();
  const data = mkdtempSync(join(tmpdir(), 'tocsin-fault-'));
  const env = {
    TOCSIN_RULES_DIR: rules,
    TOCSIN_SLACK_TOKEN: 'xoxb-fake',
    TOCSIN_SLACK_API_URL: slack.apiUrl,
    TOCSIN_SMTP_URL: smtp.url,
  };
  const tocsin = new Supervised({ data, env }, { text: failpoint, times });
  try {
    for (const sending of thousandRecords(now)) await send(tocsin, sending);
    await quiet(tocsin);
    for (const one of orders()) await order(tocsin, one);
    await quiet(tocsin);
    if (failpoint.endsWith('@signal')) await tocsin.arm();
    await send(tocsin, lastComplaints(now));
    await quiet(tocsin);
    await order(tocsin, acknowledge(`silver-posts:${customerId(LATE_CLAIMED[0] ?? 0)}`));
    await quiet(tocsin);
    const { print, faults } = await takeFingerprint(tocsin);
    const ended = await tocsin.stop();
    if (ended.code !== 0) throw new Error(`ended with ${ended.code ?? ended.signal}:\n${ended.stderr}`);
    return {
      print,
      faults,
      messages: messagesAt(slack, smtp),
      uncertain: await uncertainAttempts(data),
      kills: tocsin.kills,
      passes: failpoint === 'count' ? JSON.parse(ended.stderr.trim().split('\n').at(-1) ?? '{}') : {},
    };
  } finally {
    await tocsin.stop();
    await Promise.all([slack.stop(), smtp.stop()]);
    rmSync(data, { recursive: true, force: true });
  }
}

/** A client repeats a request until it is answered, so a killed server may have taken it already. */
async function send(tocsin: Supervised, { source, records }: Sending): Promise<void> {
  const { status, text } = await tocsin.ask(`/v1/${source}`, records);
  if (status !== 202 && status !== 200) throw new Error(`POST ${source}: ${status} ${text}`);
  const { rejected } = z.object({ rejected: z.number() }).parse(JSON.parse(text));
  if (rejected > 0) throw new Error(`POST ${source}: ${text}`);
}

interface Order {
  readonly alertKey: string;
  readonly verb: string;
  readonly body: unknown;
}

const acknowledge = (alertKey: string): Order => ({ alertKey, verb: 'acknowledge', body: { by: 'm01' } });

/** Each silver alert is acknowledged; four of the customers are called, and their loops closed. */
function orders(): readonly Order[] {
  const keys = SILVER.map((customer) => `silver-complains-again:${customerId(customer)}`);
  const called = keys.slice(0, 4);
  return [
    ...keys.map(acknowledge),
    ...called.map((alertKey) => ({
      alertKey,
      verb: 'contact',
      body: { by: 'm01', channel: 'phone', reached: true },
    })),
    ...called.map((alertKey) => ({
      alertKey,
      verb: 'close',
      body: { by: 'm01', outcome: 'saved', rootCause: 'outage' },
    })),
  ];
}

async function order(tocsin: Supervised, { alertKey, verb, body }: Order): Promise<void> {
  const path = `/v1/alerts/${encodeURIComponent(alertKey)}/${verb}`;
  const { status, text } = await tocsin.ask(path, body, { 'idempotency-key': `${alertKey}/${verb}` });
  if (status !== 200 && status !== 202) throw new Error(`POST ${path}: ${status} ${text}`);
}

const LOOK_EVERY_MS = 100;
/** What is due later than this is not waited for: the milestones that nobody is to miss. */
const SOON_MS = 60_000;
const waitingInputs = z.object({ waiting: z.number() });
const timerList = z.object({ timers: z.array(z.object({ dueAt: z.number() })) });

/** Waits until nothing is left to do: no input, no timer within a minute, no message. Twice, as one leads to another. */
async function quiet(tocsin: Supervised): Promise<void> {
  for (let seen = 0; seen < 2; seen = (await isQuiet(tocsin)) ? seen + 1 : 0) await pause(LOOK_EVERY_MS);
}

async function isQuiet(tocsin: Supervised): Promise<boolean> {
  if (waitingInputs.parse(await tocsin.json('/v1/ledger')).waiting > 0) return false;
  const { timers } = timerList.parse(await tocsin.json('/v1/timers'));
  if (timers.some(({ dueAt }) => dueAt < Date.now() + SOON_MS)) return false;
  return (await metric(tocsin, 'tocsin_outbox_pending')) === 0;
}

/** Counted in the data that is left: the metric forgets what a killed process had counted. */
async function uncertainAttempts(data: string): Promise<number> {
  const store = openEmbeddedStore(data, systemClock, EMBEDDED_MIGRATIONS);
  try {
    const outcomes = await store.log.read('notification-outcomes', EMBEDDED_PARTITION, 0, 100_000);
    return outcomes.filter(({ value }) => value.outcome === 'uncertain').length;
  } finally {
    store.close();
  }
}

/** The sum of a metric over its labels. */
async function metric(tocsin: Supervised, name: string): Promise<number> {
  const { text } = await tocsin.ask('/metrics');
  const values = text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'));
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0);
}
