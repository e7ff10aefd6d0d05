import { rmSync } from 'node:fs';
import { benchPipeline } from '../embedded/bench/pipeline-bench.ts';
import { makeBenchFolder } from './bench-folder.ts';
import { type Command, EXIT, type Io, readArgs, UsageError } from './command.ts';

export const benchCommand: Command = {
  name: 'bench',
  summary: 'measure the real pipeline with seeded load',
  help: `
Usage: tocsin bench [--signals N] [--customers N] [--rules N] [--seed N] [--json]

Sends seeded records of all four sources through the gateway and every stage, each batch on disk before it counts,
and compares with the bare chained loop (three trivial processes on the same store) in the same run. Takes about
two minutes; needs about 2 GB of free space in the temporary folder.

  --signals N    records that are measured (default 200000)
  --customers N  customers that the CRM knows beforehand (default 100000)
  --rules N      rules that are judged (default 50)
  --data DIR     where to put the data while measuring (default: a temporary folder; removed at the end)

Example:
  tocsin bench --json

Exit codes: 0 done; 2 used wrongly. Read ratios rather than absolute figures: machines differ and are noisy.
`,
  run: runBench,
};

async function runBench(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, {
    signals: { type: 'string' },
    customers: { type: 'string' },
    rules: { type: 'string' },
    seed: { type: 'string' },
  });
  if (positionals.length > 0)
    throw new UsageError(`unknown bench "${positionals[0]}"; see tocsin --help for the ones there are`);
  const dir = makeBenchFolder(values.data);
  try {
    const result = await benchPipeline({
      dir,
      signals: count('signals', values.signals, 200_000),
      customers: count('customers', values.customers, 100_000),
      rules: count('rules', values.rules, 50),
      seed: count('seed', values.seed, 1),
      onPhase: (words) => io.err(`${words}\n`),
    });
    io.out(
      values.json === true ? `${JSON.stringify(result)}\n` : `${JSON.stringify(result, undefined, 2)}\n`,
    );
    return EXIT.done;
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
