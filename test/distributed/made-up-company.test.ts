import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Command } from '../../services/cli/command.ts';
import { historyPullCommand } from '../../services/cli/history-pull.ts';
import { rulesReplayCommand } from '../../services/cli/rules-replay.ts';
import type { AlertEvent } from '../../services/contracts/alert.ts';
import { play } from '../../services/embedded/demo/play.ts';
import type { Stage } from '../../services/embedded/demo/stage.ts';
import { openPipeline } from '../../services/embedded/pipeline.ts';
import { readRulesFolder, SHIPPED_RULES } from '../../services/embedded/rules-folder.ts';
import type { AsItWas } from '../../services/embedded/rules-replay/as-it-was.ts';
import { NO_OWN_VOICES } from '../../services/ingestion/domain/ignore.ts';
import type { AlertDesk } from '../../services/loop-closure/service.ts';
import { chooseChannels } from '../../services/notification/adapters/choose-channels.ts';
import { createSandboxStore } from '../../services/notification/adapters/sandbox-store.sqlite.ts';
import { notificationSettings } from '../../services/notification/config.ts';
import type { LedgerEntry } from '../../services/platform/keyed-process/state-store.ts';
import { silentLogger } from '../../services/platform/logging/logger.ts';
import { createRegistry } from '../../services/platform/metrics/registry.ts';
import { Lifecycle } from '../../services/platform/process/lifecycle.ts';
import { ManualClock } from '../../services/platform/time/clock.ts';
import { newPlace, openSixServices } from './support/six-services.ts';

const START = Date.parse('2026-03-02T00:00:00+01:00');
const STORY = { seed: 7, customers: 60, days: 60, start: START, paceMs: 0 };

test('sixty days at the made-up company end in the same alerts, evidence, milestones and ledger; pulled, they are replayed as they were', {
  timeout: 600_000,
}, async () => {
  const embedded = await playEmbedded();
  const distributed = await playDistributed();
  expect(embedded.alerts.length).toBeGreaterThan(10);
  expect(distributed.records).toBe(embedded.records);
  expect(distributed.alerts).toEqual(embedded.alerts);
  expect(distributed.events).toEqual(embedded.events);
  expect(distributed.ledger).toEqual(embedded.ledger);
  expect(distributed.unbalanced).toEqual([]);
  expect(distributed.again).toMatchObject({
    pulled: { unreadable: 0, topics: [{ topic: 'alert-commands' }, {}, {}, { topic: 'signals' }] },
    pulledAgain: { pulled: 0 },
    asItWas: { alertsThatDiffer: 0, differences: [] },
  });
  // Those in shadow are among them, which views do not show.
  const { alertsThen, alertsReplayed } = distributed.again.asItWas;
  expect(alertsThen).toBeGreaterThan(distributed.alerts.length);
  expect(alertsReplayed).toBe(alertsThen);
});

/** What both ways of running must agree on. */
interface Ending {
  readonly records: number;
  readonly alerts: readonly object[];
  readonly events: readonly object[];
  readonly ledger: readonly LedgerEntry[];
  readonly unbalanced: readonly object[];
}

async function playEmbedded(): Promise<Ending> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-company-'));
  const clock = new ManualClock(START);
  const lifecycle = new Lifecycle();
  const pipeline = openPipeline({
    folder,
    rules: await readRulesFolder(SHIPPED_RULES),
    clock,
    log: silentLogger,
    registry: createRegistry(),
    lifecycle,
    own: NO_OWN_VOICES,
    publicUrl: 'http://127.0.0.1:8080',
    channels: (store) =>
      chooseChannels(notificationSettings.parse({}), createSandboxStore(store.db), clock).channels,
  });
  try {
    const stage: Stage = {
      clock,
      accept: async (source, records) => void (await pipeline.gateway.accept(source, records)),
      order: async (alert, verb, body, person) => {
        const by = { kind: 'person', id: person } as const;
        const ordered = pipeline.desk.order({ alert, verb, body, by, via: 'demo' });
        const obeyed = ordered.then(() => true);
        const turn = () => new Promise<false>((resume) => setImmediate(() => resume(false)));
        while (!(await Promise.race([obeyed, turn()]))) await pipeline.runner.drain();
      },
      settle: () => pipeline.settle(),
      nextDueAt: () => pipeline.nextDueAt(),
      onFact: (listener) => pipeline.observe({ onFact: listener }),
    };
    const { records } = await play(steady(stage), { ...STORY, calendar: undefined, onEvent: nobody });
    return {
      records,
      ...(await endingOf(pipeline.desk)),
      ledger: ofProcesses(pipeline.store.ledger.entries()),
      unbalanced: [],
    };
  } finally {
    await lifecycle.close(10_000);
    rmSync(folder, { recursive: true });
  }
}

async function playDistributed(): Promise<Ending & { readonly again: Again }> {
  const place = await newPlace(2);
  const services = await openSixServices({ place, clock: new ManualClock(START), rules: SHIPPED_RULES });
  try {
    const { records } = await play(steady(services.stage), {
      ...STORY,
      calendar: undefined,
      onEvent: nobody,
    });
    const { entries, checks } = await services.ledger();
    const unbalanced = checks.filter(({ meets }) => !meets);
    const ending = { ...(await endingOf(services.desk)), ledger: ofProcesses(entries), unbalanced };
    return { records, ...ending, again: await pullAndReplay(place.env) };
  } finally {
    expect(await services.stop()).toEqual([]);
  }
}

interface Again {
  readonly pulled: object;
  readonly pulledAgain: object;
  readonly asItWas: AsItWas;
}

/** What the commands say that take the history out of Kafka and replay it. */
async function pullAndReplay(env: Readonly<Record<string, string>>): Promise<Again> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-pulled-'));
  const say = async ({ run }: Command, ...args: readonly string[]) => {
    const told: string[] = [];
    const io = { out: (text: string) => void told.push(text), err: () => undefined, interactive: false, env };
    expect(await run([...args, '--data', folder, '--json'], io)).toBe(0);
    return JSON.parse(told.join(''));
  };
  try {
    return {
      pulled: await say(historyPullCommand),
      pulledAgain: await say(historyPullCommand),
      ...(await say(rulesReplayCommand, '--check')),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Hands out the facts of an instant once all is done, in an order that does not depend on which service was
 * faster: the company's people draw lots in the order in which they hear.
 */
function steady(stage: Stage): Stage {
  const listeners: Parameters<Stage['onFact']>[0][] = [];
  const heard: AlertEvent[] = [];
  stage.onFact((fact) => {
    if (fact.topic === 'alerts') heard.push(fact.value);
  });
  return {
    ...stage,
    onFact: (listener) => void listeners.push(listener),
    settle: async () => {
      await stage.settle();
      const events = heard
        .splice(0)
        .sort((a, b) => a.recordedAt - b.recordedAt || compare(a.alertKey, b.alertKey) || a.seq - b.seq);
      for (const value of events) {
        for (const listener of listeners) listener({ topic: 'alerts', key: value.alertKey, value });
      }
    },
  };
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
const nobody = (): void => undefined;

/** Every alert and every event of it; where they lie in the log is each way's own affair. */
async function endingOf(desk: AlertDesk): Promise<Pick<Ending, 'alerts' | 'events'>> {
  const rows = [];
  for (let cursor: string | undefined; ; ) {
    const page = await desk.queries.alerts({}, 100, cursor);
    rows.push(...page.rows);
    if (page.next === undefined) break;
    cursor = page.next;
  }
  rows.sort((a, b) => compare(a.alertId, b.alertId));
  const events = [];
  for (const alertKey of new Set(rows.map((row) => row.alertKey)))
    events.push(...(await desk.queries.eventsOfAlert(alertKey)));
  return { alerts: rows.map(({ partition, offset, ...row }) => row), events };
}

/** Counts of the processes. What the logs themselves count differs: one has chained topics, the other an outbox. */
const ofProcesses = (entries: readonly LedgerEntry[]): LedgerEntry[] =>
  entries.filter(({ stage }) => stage !== 'log').map((entry) => ({ ...entry }));
