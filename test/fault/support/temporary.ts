import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ChildTocsin, type StartOptions } from '../../support/child-tocsin.ts';

/** A folder that is gone when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-fault-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A Tocsin that answers, at that URL; stopped when the test is over. */
export async function startedTocsin(options: StartOptions): Promise<{ tocsin: ChildTocsin; url: string }> {
  const tocsin = new ChildTocsin(options);
  onTestFinished(async () => {
    await tocsin.kill();
  });
  const url = await tocsin.url;
  if (url === undefined) throw new Error((await tocsin.ended).stderr);
  return { tocsin, url };
}
