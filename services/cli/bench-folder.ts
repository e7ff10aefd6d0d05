import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A new folder for what a bench writes, named after this process. Whoever makes the next one removes those whose process was
 * killed before it could do so itself.
 */
export function makeBenchFolder(parent = tmpdir()): string {
  removeLeftovers(parent);
  return mkdtempSync(join(parent, `tocsin-bench-${process.pid}-`));
}

function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    const [, owner] = /^tocsin-bench-(\d+)-/.exec(name) ?? [];
    if (owner === undefined || isAlive(Number(owner))) continue;
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
    } catch {
      // Another user's; or somebody else is just removing it.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is another user's, if it is not for want of it.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
