import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { watchFolder } from './watch-folder.ts';

/** Folders `one` and `two` with a rule each. */
function twoVersions(): string {
  const root = mkdtempSync(join(tmpdir(), 'tocsin-watch-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const version of ['one', 'two']) {
    mkdirSync(join(root, version));
    writeFileSync(join(root, version, 'a.rule.yaml'), 'the same length');
  }
  return root;
}

/** Puts a link elsewhere in one step, as those do who must never leave it missing. */
function relink(path: string, target: string): void {
  symlinkSync(target, `${path}_tmp`);
  renameSync(`${path}_tmp`, path);
}

function watching(folder: string, settleMs = 30) {
  const onChange = vi.fn();
  const concerns = (name: string) => name.endsWith('.rule.yaml');
  onTestFinished(watchFolder({ folder, concerns, onChange, lookEveryMs: 30, settleMs }));
  return onChange;
}

const once = (onChange: ReturnType<typeof watching>) =>
  vi.waitFor(() => expect(onChange).toHaveBeenCalledOnce(), { timeout: 5_000, interval: 10 });

/** Until it has looked for the first time: a look takes no longer than this file takes to be noticed. */
const begun = () => new Promise((resume) => setTimeout(resume, 200));

test('a folder as Kubernetes mounts settings: all files are put elsewhere by one link', async () => {
  const root = twoVersions();
  const folder = join(root, 'mounted');
  mkdirSync(folder);
  relink(join(folder, '..data'), '../one');
  symlinkSync('..data/a.rule.yaml', join(folder, 'a.rule.yaml'));
  const onChange = watching(folder);
  await begun();
  expect(onChange).not.toHaveBeenCalled();
  relink(join(folder, '..data'), '../two');
  await once(onChange);
});

test('a folder behind a link to the newest release, and then a file in that', async () => {
  const root = twoVersions();
  const folder = join(root, 'current');
  relink(folder, 'one');
  const onChange = watching(folder);
  await begun();
  relink(folder, 'two');
  await once(onChange);
  onChange.mockClear();
  writeFileSync(join(root, 'two', 'a.rule.yaml'), 'another');
  await once(onChange);
});

test('files that are none of its business are none, and several writes are one change', async () => {
  const folder = join(twoVersions(), 'one');
  const onChange = watching(folder);
  await begun();
  writeFileSync(join(folder, 'notes.txt'), 'x');
  await begun();
  expect(onChange).not.toHaveBeenCalled();
  writeFileSync(join(folder, 'a.rule.yaml'), 'half');
  writeFileSync(join(folder, 'b.rule.yaml'), 'new');
  writeFileSync(join(folder, 'a.rule.yaml'), 'whole');
  await once(onChange);
});

test('a folder in which something is written all the time is looked at all the same', async () => {
  const folder = join(twoVersions(), 'one');
  const onChange = watching(folder, 500);
  await begun();
  const busy = setInterval(() => writeFileSync(join(folder, 'log.txt'), String(performance.now())), 2);
  onTestFinished(() => clearInterval(busy));
  writeFileSync(join(folder, 'a.rule.yaml'), 'another');
  await once(onChange);
});

test('a folder that is gone is a change, and so is its coming back', async () => {
  const root = twoVersions();
  const folder = join(root, 'one');
  const onChange = watching(folder);
  await begun();
  renameSync(folder, join(root, 'away'));
  await once(onChange);
  onChange.mockClear();
  renameSync(join(root, 'away'), folder);
  await once(onChange);
});
