import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * What a signal costs each stage, in microseconds of processor time: `node test/load/stage-cost.ts [signals]`.
 *
 * Plays seeded records through the whole embedded pipeline (`tocsin bench`) under V8's sampling profiler, and gives each
 * sample to the innermost folder of `services/` on its stack. What the bench itself does is left out. Shares are steady
 * also on a busy machine; microseconds hold for the machine they were measured on.
 */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const signals = Number(process.argv[2] ?? 20_000);
const folder = mkdtempSync(join(tmpdir(), 'tocsin-stage-cost-'));
try {
  const bench = [
    'services/cli/main.ts',
    'bench',
    '--json',
    '--signals',
    String(signals),
    '--customers',
    '5000',
  ];
  const profiled = ['--cpu-prof', `--cpu-prof-dir=${folder}`, ...bench];
  const { status } = spawnSync(process.execPath, profiled, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`the bench ended with ${status}`);
  const total = new Map<string, number>();
  for (const file of globSync(join(folder, '*.cpuprofile'))) {
    // V8 writes what `Profile` says: https://chromedevtools.github.io/devtools-protocol/tot/Profiler/
    addUp(JSON.parse(readFileSync(file, 'utf8')) as Profile, total);
  }
  const rows = [...total].toSorted(([, a], [, b]) => b - a);
  process.stdout.write(
    `${JSON.stringify({ signals, microsecondsPerSignal: Object.fromEntries(rows.map(([stage, us]) => [stage, Math.round((us / signals) * 10) / 10])) })}\n`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function addUp({ nodes, samples, timeDeltas }: Profile, total: Map<string, number>): void {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  );
  const stages = new Map<number, string>();
  const stageOf = (id: number | undefined): string => {
    if (id === undefined) return 'outside';
    const known = stages.get(id);
    if (known !== undefined) return known;
    const { functionName = '', url = '' } = byId.get(id)?.callFrame ?? {};
    const own = /\/services\/([a-z-]+)\//.exec(url)?.[1];
    const stage =
      functionName === '(garbage collector)' ? 'garbage collection' : (own ?? stageOf(parents.get(id)));
    stages.set(id, stage);
    return stage;
  };
  samples.forEach((id, index) => {
    const name = byId.get(id)?.callFrame.functionName ?? '';
    if (name === '(idle)') return;
    const stage = stageOf(id);
    total.set(stage, (total.get(stage) ?? 0) + (timeDeltas[index] ?? 0));
  });
}
