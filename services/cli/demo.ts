import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playDemo } from '../embedded/demo/demo.ts';
import { type Command, globals, type Io, readOptions, UsageError } from './command.ts';

export const demoCommand: Command = {
  name: 'demo',
  summary: 'play sixty days of a made-up telecom company through the real pipeline',
  help: `
Usage: tocsin demo [--exit] [--seconds N] [--seed N] [--days N] [--customers N] [--start DATE]

Three hundred customers, four sources, sixty days in about a minute: alerts appear here, on the page and in the
sandbox, are acknowledged, missed, escalated, proven and closed. The people are made up; the pipeline is the
real one. Without --exit the page stays up afterwards, until Ctrl-C.

  --exit         end with the summary
  --seconds N    how long the sixty days take (default 45; 0 is as fast as it goes)
  --seed N       another story (default 1)
  --days N       length of the story (default 60)
  --customers N  size of the company (default 300, at least 40)
  --start DATE   first day of the story (default: the Monday at least sixty days ago)
  --data DIR     keep the data there (an empty folder; default: a temporary one, removed at the end)

Example:
  tocsin demo --exit --seconds 10

Exit codes: 0 done; 1 the story could not be told to its end; 2 used wrongly.
`,
  run: runDemo,
};

async function runDemo(args: readonly string[], io: Io): Promise<number> {
  const { values } = readOptions(args, {
    exit: { type: 'boolean' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    days: { type: 'string' },
    customers: { type: 'string' },
    start: { type: 'string' },
  });
  const kept = values.data ?? io.env.TOCSIN_DATA_DIR;
  const data = kept ?? mkdtempSync(join(tmpdir(), 'tocsin-demo-'));
  try {
    return await playDemo({
      data,
      port: globals(values, io).port,
      portChosen: values.port !== undefined || io.env.TOCSIN_PORT !== undefined,
      env: io.env,
      exit: values.exit === true,
      seconds: wholeNumber('seconds', values.seconds, 45, 0, 3600),
      seed: wholeNumber('seed', values.seed, 1, 0, 2 ** 31),
      days: wholeNumber('days', values.days, 60, 1, 365),
      customers: wholeNumber('customers', values.customers, 300, 40, 5000),
      start: startOf(values.start),
      out: io.out,
      colours: io.interactive,
    });
  } finally {
    if (kept === undefined) rmSync(data, { recursive: true, force: true });
  }
}

function wholeNumber(
  name: string,
  text: string | undefined,
  fallback: number,
  low: number,
  high: number,
): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new UsageError(`--${name}: got "${text}", expected a whole number from ${low} to ${high}`);
}

function startOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const instant = Date.parse(text);
  if (Number.isNaN(instant))
    throw new UsageError(`--start: got "${text}", expected a date such as 2026-03-02`);
  return instant;
}
