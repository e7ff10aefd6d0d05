import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { ledgerReport } from '../../../services/embedded/ledger-report.ts';
import { openTocsin, readSettings, type Tocsin } from '../../../services/embedded/tocsin.ts';
import { DATA_FILE } from '../../../services/platform/database/embedded-store.ts';
import { silentLogger } from '../../../services/platform/logging/logger.ts';
import { ManualClock, MINUTE } from '../../../services/platform/time/clock.ts';
import { runTocsin } from '../../support/child-tocsin.ts';

const START = '2026-03-02T10:00:00Z';

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-backup-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function opened(folder: string, clock = new ManualClock(START)): Promise<Tocsin> {
  const tocsin = await openTocsin({
    folder,
    settings: readSettings({}),
    clock,
    rulesAreTrusted: true,
    url: 'http://127.0.0.1:8080',
    log: silentLogger,
  });
  onTestFinished(async () => void (await tocsin.lifecycle.close(5_000)));
  return tocsin;
}

const complaint = (customer: number) => ({
  id: `r-${customer}`,
  customerId: `c-${customer}`,
  occurredAt: Date.parse(START),
  text: 'I want to cancel my contract.',
});

const accept = async ({ pipeline }: Tocsin, customers: readonly number[]) =>
  (await pipeline.gateway.accept('complaints', customers.map(complaint))).map(({ status }) => status);

/** How often each alert was opened. */
async function alertsOf({ pipeline }: Tocsin): Promise<Record<string, number>> {
  const alerts: Record<string, number> = {};
  for (const { value } of await pipeline.store.log.read('alerts', 0, 0, 100_000)) {
    const opens = ['raised', 'reopened'].includes(value.type) ? 1 : 0;
    alerts[value.alertKey] = (alerts[value.alertKey] ?? 0) + opens;
  }
  return alerts;
}

const hasShell = spawnSync('sqlite3', ['--version']).error === undefined;

test('a backup by tocsin backup, taken under load, is a Tocsin of one instant', () =>
  underLoad(async (live, copy) => {
    expect(await runTocsin(['backup', copy, '--data', live])).toMatchObject({ code: 0 });
  }));

test.skipIf(!hasShell)('and so is one by the sqlite3 shell', () =>
  underLoad(async (live, copy) => {
    await promisify(execFile)('sqlite3', [join(live, DATA_FILE), `VACUUM INTO '${copy}'`]);
  }),
);

async function underLoad(backUp: (live: string, copy: string) => Promise<void>): Promise<void> {
  const live = newFolder();
  const copy = join(newFolder(), DATA_FILE);
  const tocsin = await opened(live);
  const all: number[] = [];
  let going = true;
  const load = (async () => {
    while (going || all.length < 60) {
      const next = Array.from({ length: 10 }, (_, index) => all.length + index);
      all.push(...next);
      await accept(tocsin, next);
      await tocsin.pipeline.settle();
    }
  })();
  while (all.length < 30) await new Promise((resume) => setImmediate(resume));
  await backUp(live, copy);
  going = false;
  await load;
  const lived = await alertsOf(tocsin);
  expect(Object.keys(lived)).toHaveLength(all.length);

  const again = await opened(join(copy, '..'));
  await again.pipeline.settle();
  const brought = await alertsOf(again);
  expect(Object.keys(brought).length).toBeGreaterThan(0);
  expect((await ledgerReport(again.pipeline.store, again.pipeline.runner)).meets).toBe(true);
  // The sources send everything again: what the backup has is a repeat, the rest is taken.
  const answers = await accept(again, all);
  expect(new Set(answers.slice(0, 10))).toEqual(new Set(['repeated']));
  await again.pipeline.settle();
  expect(await alertsOf(again)).toEqual(lived);
  expect(new Set(Object.values(lived))).toEqual(new Set([1]));
  const report = await ledgerReport(again.pipeline.store, again.pipeline.runner);
  expect([report.meets, report.waiting]).toEqual([true, 0]);
}

test('control: the data file alone, copied while Tocsin runs, lacks what was accepted', async () => {
  const live = newFolder();
  const copy = newFolder();
  const tocsin = await opened(live);
  await accept(tocsin, [1, 2, 3]);
  await tocsin.pipeline.settle();
  copyFileSync(join(live, DATA_FILE), join(copy, DATA_FILE));
  const again = await opened(copy);
  expect(Object.keys(await alertsOf(again))).toHaveLength(0);
});

test('timers and messages of a backup go on where they were', async () => {
  const live = newFolder();
  const copy = join(newFolder(), DATA_FILE);
  const tocsin = await opened(live);
  await accept(tocsin, [1]);
  // The alert is raised, its messages are not sent.
  await tocsin.pipeline.runner.drain();
  expect(await runTocsin(['backup', copy, '--data', live])).toMatchObject({ code: 0 });
  const clock = new ManualClock(START);
  const again = await opened(join(copy, '..'), clock);
  await again.pipeline.settle();
  expect(again.sandbox.list(10).length).toBeGreaterThan(0);
  const milestones = async () =>
    (await again.pipeline.store.log.read('alerts', 0, 0, 100)).filter(
      ({ value }) => value.type === 'breached',
    );
  expect(await milestones()).toHaveLength(0);
  clock.advance(5 * 24 * 60 * MINUTE);
  await again.pipeline.settle();
  expect((await milestones()).length).toBeGreaterThan(0);
});

test('a backup does not write over a file, and says so; nor does it make one of nothing', async () => {
  const live = newFolder();
  await (await opened(live)).lifecycle.close(5_000);
  const copy = join(newFolder(), 'copy.sqlite');
  expect(await runTocsin(['backup', copy, '--data', live])).toMatchObject({ code: 0 });
  expect(await runTocsin(['backup', copy, '--data', live])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is there already'),
  });
  const nothing = newFolder();
  expect(await runTocsin(['backup', join(nothing, 'x.sqlite'), '--data', nothing])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no data of Tocsin'),
  });
  expect(await runTocsin(['backup'])).toMatchObject({ code: 2 });
});

test('the layout of the version before is brought up to date, with what waits in it', async () => {
  const folder = newFolder();
  const before = await opened(folder);
  await accept(before, [1, 2]);
  await before.pipeline.runner.drain();
  await before.lifecycle.close(5_000);
  asVersionBefore(join(folder, DATA_FILE));

  const after = await opened(folder);
  await after.pipeline.settle();
  expect(after.sandbox.list(10).length).toBeGreaterThan(0);
  expect(Object.keys(await alertsOf(after))).toHaveLength(2);
  expect((await ledgerReport(after.pipeline.store, after.pipeline.runner)).meets).toBe(true);
});

/** Takes back what the newest migrations have added. */
function asVersionBefore(file: string): void {
  const db = new DatabaseSync(file);
  db.exec("ALTER TABLE effect DROP COLUMN trace; DELETE FROM migration WHERE id = '0002-effect-trace'");
  db.close();
}
