import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test, vi } from 'vitest';

const PARENT = `
import { spawn } from 'node:child_process';
import { endWithUs } from ${JSON.stringify(new URL('./end-with-us.ts', import.meta.url).href)};
const ended = spawn(process.execPath, ['--eval', '']);
const left = spawn(process.execPath, ['--eval', 'setTimeout(() => undefined, 60_000)'], { stdio: 'ignore' });
left.unref();
endWithUs(ended);
endWithUs(left);
ended.on('exit', () => {
  process.stdout.write(String(left.pid));
  if (process.argv.includes('wait')) setTimeout(() => undefined, 60_000);
});
`;

test.each([
  ['is killed', ['wait'], 'SIGKILL'],
  ['ends by itself', [], undefined],
] as const)('a child does not outlive a process that %s', async (_, args, signal) => {
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', PARENT, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [pid] = await once(parent.stdout, 'data');
  if (signal !== undefined) {
    expect(isAlive(Number(pid))).toBe(true);
    parent.kill(signal);
  }
  await vi.waitFor(() => expect(isAlive(Number(pid))).toBe(false), 10_000);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
