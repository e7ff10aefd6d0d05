import { rmSync } from 'node:fs';
import { makeBenchFolder } from './bench-folder.ts';
import { type Command, EXIT, type Io, readArgs, UsageError } from './command.ts';

export const benchRulesCommand: Command = {
  name: 'bench rules',
  summary: 'measure what judging by rules costs, beside json-rules-engine',
  help: `
Usage: tocsin bench rules [--segments N] [--seed N] [--json]

Judges the same made-up signals by the same 50 rules with Tocsin and with json-rules-engine, in turn, and checks that both
find the same matches. Then by 500 rules, of which 450 listen to other types; then what is remembered of a customer, and
a rule about segments over as many segments. An evaluation is one signal judged by the whole set. Takes about two
minutes; needs the development dependencies and about 1.5 GB in the temporary folder.

  --segments N  how many segments (default 1000000)
  --seed N      of the made-up signals (default 1)
  --data DIR    where to put the segments while measuring (default: a temporary folder; removed at the end)
  --json        one JSON object, numbers only: evaluationsPerSecond50, evaluationsPerSecond500,
                ratioToJsonRulesEngine50, costRatio500To50, bytesPerCustomer, segmentSignalsPerSecond …

Example:
  tocsin bench rules --json

Exit codes: 0 done; 1 json-rules-engine is not installed; 2 used wrongly. Read ratios rather than absolute figures.
`,
  run: bench,
};

async function bench(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, { segments: { type: 'string' }, seed: { type: 'string' } });
  if (positionals.length > 0) throw new UsageError(`unexpected "${positionals[0]}"`);
  const segments = count('segments', values.segments, 1_000_000);
  const seed = count('seed', values.seed, 1);
  const { benchRuleSets } = await import('../embedded/bench/rules-bench.ts');
  const dir = makeBenchFolder(values.data);
  try {
    const figures = await benchRuleSets({ dir, segments, seed, onPhase: (words) => io.err(`${words}\n`) });
    io.out(`${JSON.stringify(figures, undefined, values.json === true ? undefined : 2)}\n`);
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error;
    io.err('json-rules-engine is not installed; in the checkout, npm ci brings it\n');
    return EXIT.foundWrong;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function count(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 10_000_000) return value;
  throw new UsageError(`--${name}: got "${text}", expected a whole number from 1 to 10000000`);
}
