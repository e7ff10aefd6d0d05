import type { Registry } from 'prom-client';
import manifest from '../../../package.json' with { type: 'json' };
import type { NamedSql, Postgres } from '../database/postgres.ts';
import type { RunnerObserver } from '../keyed-process/runner.ts';
import type { Topology } from '../keyed-process/topology.ts';
import { registerBuildInfo } from '../metrics/build-info.ts';
import { registerClockOffset } from '../metrics/clock-offset.ts';
import { createPipelineMetrics } from '../metrics/pipeline-metrics.ts';
import type { Clock } from '../time/clock.ts';

export interface MeasuredService {
  readonly name: string;
  readonly postgres: Postgres;
  readonly topology: Topology;
  /** The partitions that this instance owns. */
  readonly partitions: () => readonly number[];
  readonly lastScanAt: () => number;
  readonly clock: Clock;
}

/** The figures that every service of the distributed mode has: of its runners and timers, its clock and its version. */
export function registerServiceMetrics(registry: Registry, service: MeasuredService): RunnerObserver {
  const { name, postgres, topology, partitions, lastScanAt, clock } = service;
  const timers = async () => {
    const [row] = await postgres.query<{ count: string; due: string | null }>(TIMERS, [name, partitions()]);
    return { count: Number(row?.count ?? 0), due: row?.due ?? undefined };
  };
  registerBuildInfo(registry, manifest.version);
  registerClockOffset(registry, async () => {
    const asked = clock.now();
    const [row] = await postgres.query<{ now: string }>(DATABASE_CLOCK, []);
    // Half of the way there and back.
    return (asked + (clock.now() - asked) / 2 - Number(row?.now)) / 1000;
  });
  return createPipelineMetrics(registry, {
    processes: topology.processes(),
    store: {
      nextTimerAt: async () => {
        const { due } = await timers();
        return due === undefined ? undefined : Number(due);
      },
    },
    timersPending: async () => (await timers()).count,
    lastScanAt,
    clock,
  });
}

const TIMERS: NamedSql = {
  name: 'count-timers',
  text: 'SELECT count(*) AS count, min(due_at) AS due FROM timer WHERE consumer = $1 AND partition = ANY ($2::integer[])',
};

const DATABASE_CLOCK: NamedSql = {
  name: 'database-clock',
  text: 'SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now',
};
