import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { runBareLoop } from '../../services/embedded/bench/bare-loop.ts';

/** `npx node test/load/chained-loop.ts [--signals N] [--customers N] [--seed N]`: the bare chained loop, by hand. */
const { values } = parseArgs({
  options: {
    signals: { type: 'string', default: '300000' },
    customers: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    dir: { type: 'string' },
  },
});
const dir = values.dir ?? mkdtempSync(join(tmpdir(), 'tocsin-bare-loop-'));
try {
  const result = await runBareLoop({
    signals: Number(values.signals),
    customers: Number(values.customers),
    seed: Number(values.seed),
    dir,
  });
  stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  if (values.dir === undefined) rmSync(dir, { recursive: true });
}
