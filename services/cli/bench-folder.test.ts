import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeBenchFolder } from './bench-folder.ts';

test('what a bench has left that was killed is removed by the next one; nothing else is', () => {
  const parent = mkdtempSync(join(tmpdir(), 'tocsin-bench-folder-'));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  const { pid: dead } = spawnSync(process.execPath, ['--version']);
  const [left, others, mine] = [
    `tocsin-bench-${dead}-abcdef`,
    `somebody-${dead}-abcdef`,
    makeBenchFolder(parent),
  ];
  for (const name of [left, others]) mkdirSync(join(parent, name, 'data'), { recursive: true });
  const next = makeBenchFolder(parent);
  expect([left, others].map((name) => existsSync(join(parent, name)))).toEqual([false, true]);
  expect([mine, next].map((folder) => existsSync(folder))).toEqual([true, true]);
});
