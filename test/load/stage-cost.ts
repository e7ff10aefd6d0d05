import { mkdtempSync, rmSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openQuietPipeline } from '../../services/embedded/bench/quiet-pipeline.ts';
import { createTraffic } from '../../services/embedded/bench/traffic.ts';
import { readRulesFolder, SHIPPED_RULES } from '../../services/embedded/rules-folder.ts';
import { systemClock } from '../../services/platform/time/clock.ts';

/**
 * What a signal costs each stage, in microseconds of processor time: `npx node test/load/stage-cost.ts [signals]`.
 *
 * Plays the bench's seeded records through the whole embedded pipeline, with the shipped rules, under V8's sampling
 * profiler, and gives each sample to the innermost folder of `services/` on its stack. Shares come from the samples, the
 * whole from the processor time of the process, other threads included: a busy machine does not change either much.
 */
const signals = Number(process.argv[2] ?? 20_000);
const CUSTOMERS = 5_000;
const BATCH = 500;

const dir = mkdtempSync(join(tmpdir(), 'tocsin-stage-cost-'));
const { pipeline, close } = openQuietPipeline({
  dir,
  name: 'data',
  rules: await readRulesFolder(SHIPPED_RULES),
  clock: systemClock,
  onDelivery: () => undefined,
});
try {
  const traffic = createTraffic(CUSTOMERS, 1, systemClock.now());
  const { source, records } = traffic.profiles(0, CUSTOMERS);
  await pipeline.gateway.accept(source, records);
  await play(traffic, signals / 4);

  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  const before = process.cpuUsage();
  await play(traffic, signals);
  const { user, system } = process.cpuUsage(before);
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();

  const samples = samplesByStage(profile);
  const all = [...samples.values()].reduce((sum, count) => sum + count, 0);
  const perSignal = (user + system) / signals;
  const rows = [...samples].toSorted(([, a], [, b]) => b - a);
  const microsecondsPerSignal = {
    all: rounded(perSignal),
    ...Object.fromEntries(rows.map(([stage, count]) => [stage, rounded((perSignal * count) / all)])),
  };
  process.stdout.write(`${JSON.stringify({ signals, microsecondsPerSignal }, undefined, 2)}\n`);
} finally {
  await close();
  rmSync(dir, { recursive: true, force: true });
}

async function play(traffic: ReturnType<typeof createTraffic>, count: number): Promise<void> {
  for (let done = 0; done < count; done += BATCH) {
    const { source, records } = traffic.batch(BATCH, systemClock.now());
    await pipeline.gateway.accept(source, records);
    await pipeline.settle();
  }
}

function samplesByStage({ nodes, samples = [] }: Profiler.Profile): ReadonlyMap<string, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  );
  const stageOf = (id: number | undefined): string => {
    const frame = id === undefined ? undefined : byId.get(id)?.callFrame;
    if (id === undefined || frame === undefined) return 'node';
    if (frame.functionName === '(garbage collector)') return 'garbage collection';
    const [, stage] = /\/services\/([a-z-]+)\//.exec(frame.url) ?? [];
    return stage ?? stageOf(parents.get(id));
  };
  const counts = new Map<string, number>();
  for (const id of samples) {
    if (byId.get(id)?.callFrame.functionName === '(idle)') continue;
    const stage = stageOf(id);
    counts.set(stage, (counts.get(stage) ?? 0) + 1);
  }
  return counts;
}

function rounded(microseconds: number): number {
  return Math.round(microseconds * 10) / 10;
}
