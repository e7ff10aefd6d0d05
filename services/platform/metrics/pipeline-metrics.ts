import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { DEAD_LETTER_REASONS } from '../../contracts/dead-letter.ts';
import type { RunnerObserver } from '../keyed-process/runner.ts';
import type { PartitionStore } from '../keyed-process/state-store.ts';
import type { Clock } from '../time/clock.ts';
import { guardedCollect } from './registry.ts';

export interface Watched {
  /** What runs, so that its counters are there before anything is counted. */
  readonly processes: readonly { readonly name: string; readonly inputs: readonly string[] }[];
  readonly store: Pick<PartitionStore, 'nextTimerAt'>;
  readonly timersPending: () => number | Promise<number>;
  /** When the runner last looked for due timers, epoch ms. */
  readonly lastScanAt: () => number;
  readonly clock: Clock;
}

/** The figures of a runner: what went through, how long it took, and whether the timers keep up. */
export function createPipelineMetrics(registry: Registry, watched: Watched): RunnerObserver {
  const { processes, store, timersPending, lastScanAt, clock } = watched;
  const registers = [registry];
  const processed = new Counter({
    name: 'tocsin_events_processed_total',
    help: 'Inputs that a process has finished with, by outcome.',
    labelNames: ['service', 'topic', 'outcome'],
    registers,
  });
  const deadLettered = new Counter({
    name: 'tocsin_events_dead_lettered_total',
    help: 'Inputs that could not be processed and were set aside.',
    labelNames: ['service', 'topic', 'reason'],
    registers,
  });
  // A counter that appears with its first failure hides that failure from `increase()`.
  for (const { name: service, inputs } of processes) {
    for (const topic of inputs) {
      for (const outcome of ['handled', 'skipped', 'deadLetter'])
        processed.inc({ service, topic, outcome }, 0);
      for (const reason of DEAD_LETTER_REASONS) deadLettered.inc({ service, topic, reason }, 0);
    }
  }
  const processingSeconds = new Histogram({
    name: 'tocsin_event_processing_duration_seconds',
    help: 'Seconds from taking a batch of inputs until all that it leads to is committed.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const endToEnd = new Histogram({
    name: 'tocsin_event_end_to_end_latency_seconds',
    help: 'Seconds from what happened to the customer to the alert request that it caused.',
    labelNames: ['type'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30, 300, 3600, 86400],
    registers,
  });
  const fires = new Counter({
    name: 'tocsin_timebox_fires_total',
    help: 'Durable timers that fired.',
    labelNames: ['service'],
    registers,
  });
  const fireDelay = new Histogram({
    name: 'tocsin_timebox_fire_delay_seconds',
    help: 'Seconds between the instant for which a timer was set and its firing.',
    buckets: [0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 3600],
    registers,
  });
  const storageTrouble = new Counter({
    name: 'tocsin_storage_errors_total',
    help: 'Passes that the store did not take.',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of ['disk_full', 'not_writable', 'busy', 'closed', 'io_error'])
    storageTrouble.inc({ reason }, 0);
  gauge(registry, 'tocsin_timebox_timers_pending', 'Timers that are set.', async (set) =>
    set(await timersPending()),
  );
  gauge(
    registry,
    'tocsin_timebox_oldest_overdue_seconds',
    'Age of the oldest timer that is due and has not fired; 0 when there is none.',
    async (set) => {
      const next = await store.nextTimerAt();
      set(next === undefined ? 0 : Math.max(0, (clock.now() - next) / 1000));
    },
  );
  gauge(
    registry,
    'tocsin_timebox_last_scan_timestamp_seconds',
    'When the due timers were last looked at, Unix seconds.',
    (set) => set(lastScanAt() / 1000),
  );

  return {
    onPass: ({ ledger, seconds }) => {
      processingSeconds.observe(seconds);
      for (const entry of ledger) {
        processed.inc({ service: entry.stage, topic: entry.topic, outcome: entry.outcome }, entry.count);
        if (entry.outcome !== 'deadLetter') continue;
        deadLettered.inc({ service: entry.stage, topic: entry.topic, reason: entry.reason }, entry.count);
      }
    },
    onFact: (fact) => {
      if (fact.topic !== 'alert-requests') return;
      const newest = fact.value.evidence.at(-1);
      if (newest === undefined) return;
      endToEnd.observe(
        { type: newest.type },
        Math.max(0, (fact.value.requestedAt - newest.occurredAt) / 1000),
      );
    },
    onTimerFired: ({ process, delayMs }) => {
      fires.inc({ service: process });
      fireDelay.observe(Math.max(0, delayMs / 1000));
    },
    onStorageTrouble: (error) => storageTrouble.inc({ reason: error.reason }),
  };
}

function gauge(
  registry: Registry,
  name: string,
  help: string,
  collect: (set: (value: number) => void) => void | Promise<void>,
): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect: guardedCollect(registry, name, async function (this: Gauge) {
      await collect((value) => this.set(value));
    }),
  });
}
