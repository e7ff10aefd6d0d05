import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { stderr, stdout } from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { writeBenchRules } from '../../services/embedded/bench/bench-rules.ts';
import { percentiles, rounded } from '../../services/embedded/bench/figures.ts';
import { createTraffic } from '../../services/embedded/bench/traffic.ts';
import { openTocsin, readSettings, type Tocsin } from '../../services/embedded/tocsin.ts';
import { takeDataFolder } from '../../services/platform/database/data-folder.ts';
import { silentLogger } from '../../services/platform/logging/logger.ts';
import { createRegistry } from '../../services/platform/metrics/registry.ts';
import { SECOND, systemClock } from '../../services/platform/time/clock.ts';

/**
 * What a reload does to signals that come in meanwhile: `npx node test/load/reload.ts [--rules N] [--seconds N] [--rate N]`.
 *
 * Sends seeded signals through the embedded pipeline at a steady rate: first with the rules left alone, then while they
 * are edited and reloaded without a rest, each good edit followed by a bad one, that cannot be read, can never match, or
 * fails its test. Prints of both the longest pause between two commits of judged signals, and how long signals waited for
 * their alert requests; and ends with 1 when
 *
 * - a bad set was not refused, or a good one was,
 * - a signal was judged never or twice, or by a set that was not in force, or by the old one after the new one,
 * - the longest pause with reloads is above 200 ms. Where it is so without them as well, or the thread had the processor for
 *   less than half of it, the machine is too busy to tell, and it says so.
 */
const { values } = parseArgs({
  options: {
    rules: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '20' },
    rate: { type: 'string', default: '2000' },
  },
});
const [rules, seconds, rate] = [values.rules, values.seconds, values.rate].map(Number) as [
  number,
  number,
  number,
];
const LONGEST_PAUSE_MS = 200;
const CUSTOMERS = 5_000;
/** Signals that ask to cancel, of which each must raise a request: at 2,000 a second forty of them. */
const CANCEL_SHARE = 0.02;
const RULE = 'raises.rule.yaml';
const TEST = `apiVersion: tocsin/v1
kind: RuleTest
start: "2026-03-02T10:00:00+01:00"
tests:
  - name: who wants to leave is told
    events: [{at: 0m, type: call_note.received, customer_id: c1, intents: [leave]}]
    expect: [{at: 1m, alerts: [{rule: raises}]}]
`;
/** What edits of the rule lead to. */
const BAD = [
  (text: string) => text.replace('listen:', 'lisen:'),
  (text: string) => text.replace('any_of: [leave]', 'any_of: [leave], exists: false'),
  (text: string) => text.replace('any_of: [leave]', 'any_of: [praise]'),
];

async function measure(dir: string): Promise<number> {
  const folder = join(dir, 'rules');
  writeBenchRules(folder, rules);
  writeFileSync(join(folder, 'raises.test.yaml'), TEST);
  const tocsin = await openTocsin({
    folder: takeDataFolder(join(dir, 'data')).path,
    settings: readSettings({ TOCSIN_RULES_DIR: folder }),
    clock: systemClock,
    url: 'http://127.0.0.1:8080',
    registry: createRegistry(),
    log: silentLogger,
  });
  await tocsin.app.ready();
  const load = new Load(tocsin);
  const stop = new AbortController();
  const running = tocsin.run(stop.signal, false);
  await load.start();
  stderr.write(`${rate} signals a second, ${rules} rules; ${seconds} s without reloads\n`);
  const without = await load.during(setTimeout(seconds * SECOND));
  stderr.write(`${seconds} s with reloads\n`);
  const edits = reloads(tocsin, join(folder, RULE));
  const withReloads = await load.during(edits);
  await load.stop();
  stop.abort();
  await running;
  const { hashes, goodRefused, badTaken, refused } = await edits;
  const judged = load.judged(hashes);
  await tocsin.lifecycle.close(10_000);

  const wrong = [
    ...goodRefused.map((problem) => `a good set was refused: ${problem}`),
    ...(badTaken > 0 ? [`${badTaken} bad sets came into force`] : []),
    ...judged.wrong,
    ...pauseTooLong(without.longestPause, withReloads.longestPause),
  ];
  stdout.write(
    `${JSON.stringify({ rules, setsInForce: hashes.length, refused, requests: judged.requests, without, withReloads, wrong }, undefined, 2)}\n`,
  );
  return wrong.length > 0 ? 1 : 0;
}

interface Pause {
  readonly ms: number;
  /** For how much of it the thread had the processor. */
  readonly cpuMs: number;
}

function pauseTooLong(without: Pause, { ms, cpuMs }: Pause): string[] {
  if (ms <= LONGEST_PAUSE_MS) return [];
  const found = `the longest pause with reloads is ${ms} ms, with ${cpuMs} ms of the processor`;
  if (without.ms > LONGEST_PAUSE_MS || cpuMs < ms / 2)
    return [`${found}, and without them ${without.ms} ms: the machine is too busy to tell`];
  return [`${found}; at most ${LONGEST_PAUSE_MS} ms are allowed`];
}

/** Edits and reloads, one after the other, until the time is over and each kind of edit was tried. */
async function reloads({ rulesReload, pipeline }: Tocsin, file: string) {
  const good = readFileSync(file, 'utf8');
  const found = {
    /** Every set that was in force, in order. */
    hashes: [pipeline.rules.current.hash],
    goodRefused: [] as string[],
    badTaken: 0,
    refused: 0,
  };
  const until = performance.now() + seconds * SECOND;
  for (let n = 0; n <= 2 * BAD.length || performance.now() < until; n++) {
    const titled = good.replace('title: ', `title: Edited ${n} `);
    const breakIt = n % 2 === 0 ? undefined : BAD[((n - 1) / 2) % BAD.length];
    writeFileSync(file, breakIt === undefined ? titled : breakIt(titled));
    const { outcome, hash, problems } = await rulesReload.reload();
    if (breakIt === undefined) {
      if (outcome === 'in_force') found.hashes.push(hash);
      else found.goodRefused.push(...problems);
    } else if (outcome === 'refused' && hash === found.hashes.at(-1)) found.refused += 1;
    else found.badTaken += 1;
  }
  return found;
}

interface Request {
  readonly id: string;
  readonly hash: string;
}

const NO_PAUSE: Pause = { ms: 0, cpuMs: 0 };

/** A steady stream of signals, and what becomes of those that ask to cancel. */
class Load {
  readonly #tocsin: Tocsin;
  /** When each signal that asks to cancel was handed to the gateway, by the number in its id. */
  readonly #handedOverAt = new Map<string, number>();
  readonly #requests: Request[] = [];
  #waits: number[] = [];
  #passedAt = performance.now();
  #passedCpuMs = threadCpuMs();
  #longestPause: Pause = NO_PAUSE;
  #stopped = false;
  #sending: Promise<void> | undefined;
  #sent = 0;

  constructor(tocsin: Tocsin) {
    this.#tocsin = tocsin;
    tocsin.pipeline.observe({
      onFact: ({ topic, value }) => {
        if (topic !== 'alert-requests' || value.ruleId !== 'raises') return;
        this.#requests.push({ id: value.id, hash: value.ruleSetHash });
        const handedOver = this.#handedOverAt.get(numberIn(value.id));
        if (handedOver !== undefined) this.#waits.push(performance.now() - handedOver);
      },
      onPass: () => this.#passed(),
    });
  }

  /** The load never rests, so that between two passes there is a pause. */
  #passed(): void {
    const [now, cpuMs] = [performance.now(), threadCpuMs()];
    const pause = { ms: Math.round(now - this.#passedAt), cpuMs: Math.round(cpuMs - this.#passedCpuMs) };
    if (pause.ms > this.#longestPause.ms) this.#longestPause = pause;
    this.#passedAt = now;
    this.#passedCpuMs = cpuMs;
  }

  async start(): Promise<void> {
    const { gateway, runner } = this.#tocsin.pipeline;
    const traffic = createTraffic(CUSTOMERS, 1, systemClock.now(), CANCEL_SHARE);
    for (let from = 0; from < CUSTOMERS; from += 500) {
      const { source, records } = traffic.profiles(from, Math.min(CUSTOMERS, from + 500));
      await gateway.accept(source, records);
    }
    await runner.drain();
    this.#sending = this.#send(traffic);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#sending;
    await this.#tocsin.pipeline.runner.drain();
  }

  async #send(traffic: ReturnType<typeof createTraffic>): Promise<void> {
    const began = performance.now();
    while (!this.#stopped) {
      const due = Math.floor(((performance.now() - began) / SECOND) * rate - this.#sent);
      if (due > 0) {
        const { source, records } = traffic.batch(Math.min(due, rate), systemClock.now());
        for (const { id } of records.filter(asksToCancel))
          this.#handedOverAt.set(numberIn(id), performance.now());
        await this.#tocsin.pipeline.gateway.accept(source, records);
        this.#sent += records.length;
      }
      await setTimeout(5);
    }
  }

  /** What the load saw while `work` was done. */
  async during(work: Promise<unknown>) {
    this.#waits = [];
    this.#longestPause = NO_PAUSE;
    const before = this.#sent;
    const loop = monitorEventLoopDelay({ resolution: 1 });
    loop.enable();
    await work;
    loop.disable();
    const waits = percentiles(this.#waits);
    return {
      signals: this.#sent - before,
      longestPause: this.#longestPause,
      loopBusyMs: { p99: inMs(loop.percentile(99)), longest: inMs(loop.max) },
      signalToRequestMs: { ...waits, longest: rounded(Math.max(...this.#waits)) },
    };
  }

  /** Whether each signal that asks to cancel was judged once, by the set that was in force at its turn. */
  judged(hashes: readonly string[]): { readonly requests: number; readonly wrong: readonly string[] } {
    const ids = new Set(this.#requests.map(({ id }) => id));
    const order = this.#requests.map(({ hash }) => hashes.indexOf(hash));
    const backwards = order.findIndex((place, n) => place < (order[n - 1] ?? 0));
    return {
      requests: this.#requests.length,
      wrong: [
        ...(ids.size === this.#requests.length ? [] : ['a signal was judged twice']),
        ...(ids.size === this.#handedOverAt.size
          ? []
          : [`${this.#handedOverAt.size} signals led to ${ids.size} requests`]),
        ...(order.includes(-1) ? ['a request carries the hash of a set that was not in force'] : []),
        ...(backwards < 0 ? [] : [`request ${backwards} was decided by an older set than the one before it`]),
        ...(new Set(order).size > 1 ? [] : ['no request was decided by a set that was reloaded']),
      ],
    };
  }
}

const inMs = (nanoseconds: number): number => rounded(nanoseconds / 1e6);

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Of a record `1-278`, and of the request `raises/call-notes/1-278`. */
const numberIn = (id: string): string => id.slice(id.lastIndexOf('-') + 1);

const asksToCancel = (record: object): record is { readonly id: string } =>
  'text' in record && typeof record.text === 'string' && record.text.includes('wants to cancel');

const dir = mkdtempSync(join(tmpdir(), 'tocsin-reload-'));
try {
  process.exitCode = await measure(dir);
} finally {
  rmSync(dir, { recursive: true });
}
