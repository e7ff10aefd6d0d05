import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock } from '../../platform/time/clock.ts';
import type { Pipeline } from '../pipeline.ts';
import type { RulesFolder } from '../rules-folder.ts';
import { PUBLISHED_AT_ONCE, runBareLoop, WAVE } from './bare-loop.ts';
import { benchRules } from './bench-rules.ts';
import { type Percentiles, percentiles, rounded } from './figures.ts';
import { multiplyCustomers, multiplyFinishedAlerts, raiseFinishedAlerts } from './grow.ts';
import { emptyFolder, openQuietPipeline } from './quiet-pipeline.ts';
import { createTraffic } from './traffic.ts';

export interface BenchOptions {
  /** An empty folder for the data. */
  readonly dir: string;
  readonly signals: number;
  readonly customers: number;
  readonly rules: number;
  readonly seed: number;
  /** Told what is being measured now. */
  readonly onPhase: (words: string) => void;
}

export interface BenchResult {
  readonly signalsPerSecond: number;
  readonly bareSignalsPerSecond: number;
  readonly ratioToBare: number;
  /** From the gateway's answer to the commit of the alert request, at half of the measured throughput. */
  readonly acceptedToRequestMs: Percentiles;
  /** From the gateway's answer to the call of the channel, at half of the measured throughput. */
  readonly acceptedToSlackMs: Percentiles;
  readonly stateBytesPerCustomer: number;
  /** CPU per signal with ten times the customers, relative to the base. */
  readonly costRatioCustomers10x: number;
  /** CPU per signal with a hundred times the finished alerts, relative to the base. */
  readonly costRatioFinishedAlerts100x: number;
}

/** Records in one request, and records that wait before the runner gets its turn: the same as in the bare loop. */
const BATCH = PUBLISHED_AT_ONCE;
const FINISHED_ALERTS = 200;
const LATENCY_SECONDS = 20;
/** So many of the records raise an alert then: at half load hundreds of alerts, of which a percentile says something. */
const LATENCY_CANCEL_SHARE = 0.005;

/**
 * Measures the whole embedded pipeline, durable, against the bare chained loop in the same run.
 *
 * A signal is a record of any source that went from the gateway through identity, scoring, rules, alerting,
 * notification and views to the commit. The CRM's profiles are loaded first and not counted.
 */
export async function benchPipeline(options: BenchOptions): Promise<BenchResult> {
  const { signals, customers, onPhase } = options;
  const rules = await benchRules(options.rules);
  onPhase(`bare chained loop: ${signals} signals, ${customers} customers`);
  const bare = await runBareLoop({
    signals,
    customers,
    dir: emptyFolder(options.dir, 'bare'),
    seed: options.seed,
  });

  onPhase(`pipeline: loading ${customers} customers`);
  const base = await openBench(options, rules, 'base', customers);
  await raiseFinishedAlerts(base.pipeline, FINISHED_ALERTS);
  onPhase(`pipeline: ${signals} signals, ${options.rules} rules`);
  await feed(base, Math.min(signals, 20_000));
  const baseCost = await measure(base, signals);
  const stateBytesPerCustomer = stateBytes(base.pipeline);
  onPhase(`latency at ${Math.round(baseCost.perSecond / 2)} signals a second for ${LATENCY_SECONDS} s`);
  const latency = await measureLatency(base, baseCost.perSecond / 2, options);
  // Neighbours are compared, and with fewer signals, as customers cost more the more is known of them.
  const fewer = Math.ceil(signals / 4);
  const fewAlerts = await measure(base, fewer);
  onPhase('a hundred times the finished alerts');
  multiplyFinishedAlerts(base.pipeline.store.db, 100);
  // What was copied goes to disk before it is measured.
  await feed(base, Math.min(signals, 20_000));
  const manyAlerts = await measure(base, fewer);
  onPhase('ten times the customers');
  multiplyCustomers(base.pipeline.store.db, customers, 10);
  base.traffic = createTraffic(customers * 10, options.seed + 2, systemClock.now());
  await feed(base, Math.min(signals, 20_000));
  const manyCustomers = await measure(base, fewer);
  await base.close();

  return {
    signalsPerSecond: Math.round(baseCost.perSecond),
    bareSignalsPerSecond: bare.signalsPerSecond,
    ratioToBare: rounded(baseCost.perSecond / bare.signalsPerSecond),
    ...latency,
    stateBytesPerCustomer,
    costRatioCustomers10x: rounded(manyCustomers.cpuMicros / manyAlerts.cpuMicros),
    costRatioFinishedAlerts100x: rounded(manyAlerts.cpuMicros / fewAlerts.cpuMicros),
  };
}

interface Bench {
  readonly pipeline: Pipeline;
  readonly deliveredAt: Map<string, number>;
  readonly requestedAt: Map<string, number>;
  traffic: ReturnType<typeof createTraffic>;
  close(): Promise<void>;
}

async function openBench(
  options: BenchOptions,
  rules: RulesFolder,
  name: string,
  customers: number,
): Promise<Bench> {
  const deliveredAt = new Map<string, number>();
  const requestedAt = new Map<string, number>();
  const { pipeline, close } = openQuietPipeline({
    dir: options.dir,
    name,
    rules,
    clock: systemClock,
    onDelivery: (alertKey) =>
      void (deliveredAt.has(alertKey) || deliveredAt.set(alertKey, performance.now())),
  });
  pipeline.observe({
    onFact: (fact) => {
      if (fact.topic === 'alert-requests') requestedAt.set(fact.value.alertKey, performance.now());
    },
  });
  const traffic = createTraffic(customers, options.seed, systemClock.now());
  for (let from = 0; from < customers; from += BATCH) {
    const { source, records } = traffic.profiles(from, Math.min(customers, from + BATCH));
    await pipeline.gateway.accept(source, records);
    await pipeline.runner.drain();
  }
  return {
    pipeline,
    traffic,
    deliveredAt,
    requestedAt,
    close,
  };
}

/** A few senders at the same time, as in the bare loop. */
async function feed({ pipeline, traffic }: Bench, signals: number): Promise<void> {
  for (let done = 0; done < signals; done += WAVE) {
    const accepting = [];
    for (let from = done; from < Math.min(done + WAVE, signals); from += BATCH) {
      const { source, records } = traffic.batch(Math.min(BATCH, signals - from), systemClock.now());
      accepting.push(pipeline.gateway.accept(source, records));
    }
    await Promise.all(accepting);
    await pipeline.runner.drain();
  }
}

/** Throughput by the wall clock and CPU per signal, garbage collection and sending included. */
async function measure(bench: Bench, signals: number): Promise<{ perSecond: number; cpuMicros: number }> {
  const stop = new AbortController();
  const sending = bench.pipeline.sender.run(stop.signal);
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  await feed(bench, signals);
  const seconds = (performance.now() - started) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  stop.abort();
  await sending;
  return { perSecond: signals / seconds, cpuMicros: (cpu.user + cpu.system) / signals };
}

/** Feeds at a steady rate while runner and sender run as in production. */
async function measureLatency(bench: Bench, perSecond: number, { customers, seed, onPhase }: BenchOptions) {
  const { pipeline } = bench;
  const traffic = createTraffic(customers, seed + 3, systemClock.now(), LATENCY_CANCEL_SHARE);
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  const stop = new AbortController();
  const running = [pipeline.runner.run(stop.signal), pipeline.sender.run(stop.signal)];
  const acceptedAt = new Map<string, number>();
  const began = performance.now();
  let sent = 0;
  while (performance.now() - began < LATENCY_SECONDS * 1000) {
    const due = ((performance.now() - began) / 1000) * perSecond - sent;
    const size = Math.min(BATCH, Math.floor(due));
    if (size > 0) {
      const { source, records } = traffic.batch(size, systemClock.now());
      await pipeline.gateway.accept(source, records);
      const now = performance.now();
      for (const record of records)
        if (asksToCancel(record)) acceptedAt.set(`raises:${record.customerId}`, now);
      sent += size;
    }
    await new Promise((resume) => setTimeout(resume, 2));
  }
  await new Promise((resume) => setTimeout(resume, 1500));
  stop.abort();
  await Promise.all(running);
  loop.disable();
  const longest = Math.round(loop.max / NANOSECONDS_PER_MS);
  onPhase(`${acceptedAt.size} alerts; the event loop was kept busy for ${longest} ms at the longest`);
  return {
    acceptedToRequestMs: waits(acceptedAt, bench.requestedAt),
    acceptedToSlackMs: waits(acceptedAt, bench.deliveredAt),
  };
}

const LOOP_RESOLUTION_MS = 5;
const NANOSECONDS_PER_MS = 1e6;

const asksToCancel = (record: object): record is { readonly customerId: string } =>
  'text' in record && typeof record.text === 'string' && record.text.includes('wants to cancel');

/** Only first alerts of a customer count: later ones join the open alert and tell nobody at once. */
const waits = (from: ReadonlyMap<string, number>, to: ReadonlyMap<string, number>): Percentiles =>
  percentiles(
    [...from].flatMap(([key, began]) => {
      const ended = to.get(key);
      return ended === undefined || ended < began - 1000 ? [] : [Math.max(0, ended - began)];
    }),
  );

const stateBytes = ({ store }: Pipeline): number => {
  const row = store.db
    .prepare("SELECT avg(length(body)) AS bytes FROM state WHERE key_space = 'customer'")
    .get();
  return Math.round(Number(row?.bytes ?? 0));
};
