import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { ChildTocsin, runTocsin } from '../../support/child-tocsin.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-import-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  file = join(folder, 'posts.csv');
  writeFileSync(file, `${['id,handle,network,occurred_at,text', ...ROWS].join('\n')}\n`);
});

/** Three good rows, one repeat of the first, one of ourselves, one without a text. */
const ROWS = [
  '1,@ada,chirp,2026-11-01T09:00:00Z,The line is down again',
  '2,@tom,chirp,2026-11-01T09:05:00Z,Thanks for the help',
  '3,@eve,chirp,2026-11-01T09:06:00Z,Still waiting',
  '1,@ada,chirp,2026-11-01T09:00:00Z,The line is down again',
  '5,@nordlicht,chirp,2026-11-01T09:07:00Z,We are on it',
  '6,@kim,chirp,2026-11-01T09:08:00Z,',
];
const FIRST = { rows: 6, accepted: 3, repeated: 1, ignored: 1, rejected: 1 };
const AGAIN = { rows: 6, accepted: 0, repeated: 4, ignored: 1, rejected: 1 };
const env = { TOCSIN_OWN_HANDLES: 'chirp:nordlicht' };

const importPosts = (data: string) =>
  runTocsin(['import', 'social-posts', file, '--data', data, '--json'], { env });

test('a file is taken while nothing runs, and again with nothing new', async () => {
  const data = join(folder, 'data');
  const first = await importPosts(data);
  expect(JSON.parse(first.stdout)).toMatchObject(FIRST);
  expect(first.code).toBe(1);
  expect(readFileSync(`${file}.rejected.ndjson`, 'utf8')).toContain('text');
  expect(JSON.parse((await importPosts(data)).stdout)).toMatchObject(AGAIN);
  expect(await runTocsin(['ledger', '--data', data])).toMatchObject({ code: 0, stderr: '' });
});

test('a file is taken by the process that runs on the data, which needs not be stopped', async () => {
  const data = join(folder, 'data');
  const running = new ChildTocsin({ data, env });
  onTestFinished(async () => void (await running.kill()));
  await running.url;
  expect(JSON.parse((await importPosts(data)).stdout)).toMatchObject(FIRST);
  const ledger = await runTocsin(['ledger', '--data', data, '--json']);
  expect(JSON.parse(ledger.stdout)).toMatchObject({ meets: true });
  expect(await running.stop()).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse((await importPosts(data)).stdout)).toMatchObject(AGAIN);
});

test('a file that is not there is an error, and makes no data folder', async () => {
  const data = join(folder, 'data');
  const { code, stderr } = await runTocsin([
    'import',
    'complaints',
    join(folder, 'none.csv'),
    '--data',
    data,
  ]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/none\.csv: .*cannot be read/) });
  expect(existsSync(data)).toBe(false);
});
