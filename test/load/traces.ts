import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openQuietPipeline } from '../../services/embedded/bench/quiet-pipeline.ts';
import { createTraffic } from '../../services/embedded/bench/traffic.ts';
import { readRulesFolder, SHIPPED_RULES } from '../../services/embedded/rules-folder.ts';
import { silentLogger } from '../../services/platform/logging/logger.ts';
import { createRegistry } from '../../services/platform/metrics/registry.ts';
import { Lifecycle } from '../../services/platform/process/lifecycle.ts';
import { systemClock } from '../../services/platform/time/clock.ts';
import { openTracing } from '../../services/platform/tracing/open-tracing.ts';
import { tracingSettings } from '../../services/platform/tracing/settings.ts';

/**
 * What traces cost: `npx node test/load/traces.ts [signals]`.
 *
 * Plays the bench's seeded records through three embedded pipelines in turns (without traces; a hundredth of them kept;
 * all of them kept) and prints the processor time of a signal of each, and its ratio to none. The collector, which takes
 * everything, is a process of its own. Rounds are compared with their neighbours, so that a busy machine hits all three.
 */
const signals = Number(process.argv[2] ?? 20_000);
const ROUNDS = 5;
const CUSTOMERS = 5_000;
const BATCH = 500;

const dir = mkdtempSync(join(tmpdir(), 'tocsin-traces-'));
const collector = spawn(
  process.execPath,
  [
    '-e',
    `require('node:http').createServer((request, response) => request.resume().on('end', () => response.end('{}')))
       .listen(0, '127.0.0.1', function () { process.stdout.write(String(this.address().port)) })`,
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const port = await new Promise<string>((resolve) =>
  collector.stdout.on('data', (text) => resolve(String(text))),
);
const rules = await readRulesFolder(SHIPPED_RULES);

const lanes = [];
for (const [name, ratio] of [
  ['none', undefined],
  ['hundredth', '0.01'],
  ['all', '1'],
] as const) {
  const lifecycle = new Lifecycle();
  const settings = tracingSettings.parse(
    ratio === undefined
      ? {}
      : {
          OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
          OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
          OTEL_TRACES_SAMPLER_ARG: ratio,
        },
  );
  const registry = createRegistry();
  const tracing = await openTracing({ service: 'bench', settings, registry, log: silentLogger, lifecycle });
  const { pipeline, close } = openQuietPipeline({
    dir,
    name,
    rules,
    clock: systemClock,
    onDelivery: () => undefined,
    tracing,
  });
  const traffic = createTraffic(CUSTOMERS, 1, systemClock.now());
  const { source, records } = traffic.profiles(0, CUSTOMERS);
  await pipeline.gateway.accept(source, records);
  await pipeline.runner.drain();
  const end = async () => {
    await lifecycle.close(2_000);
    await close();
    return (await registry.getSingleMetric('tocsin_trace_spans_total')?.get())?.values;
  };
  lanes.push({ name, pipeline, traffic, end, costs: [] as number[] });
}

for (let round = 0; round <= ROUNDS; round++) {
  for (const { pipeline, traffic, costs } of lanes) {
    const before = process.cpuUsage();
    for (let done = 0; done < signals; done += BATCH) {
      const { source, records } = traffic.batch(BATCH, systemClock.now());
      await pipeline.gateway.accept(source, records);
      await pipeline.runner.drain();
    }
    const { user, system } = process.cpuUsage(before);
    // The first one warms up.
    if (round > 0) costs.push((user + system) / signals);
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const none = lanes[0]?.costs ?? [];
const report = [];
for (const { name, costs, end } of lanes) {
  report.push({
    traces: name,
    microsecondsPerSignal: Math.round(median(costs) * 10) / 10,
    ratio: Math.round(median(costs.map((cost, round) => cost / (none[round] ?? cost))) * 1000) / 1000,
    spans: Object.fromEntries((await end())?.map(({ labels, value }) => [labels.fate, value]) ?? []),
  });
}
process.stdout.write(`${report.map((line) => JSON.stringify(line)).join('\n')}\n`);
collector.kill();
rmSync(dir, { recursive: true, force: true });
