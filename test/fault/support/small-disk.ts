import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Making a file system is root's business. */
export const canMount = process.platform === 'linux' && process.getuid?.() === 0 && mountWorks();

/** A file system of its own, of few megabytes, with a ballast that can be thrown off. */
export interface SmallDisk {
  readonly folder: string;
  throwBallast(): void;
}

export function smallDisk(megabytes: number, ballastMegabytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0777`, 'tmpfs', folder]);
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  const ballast = join(folder, 'ballast');
  writeFileSync(ballast, Buffer.alloc(ballastMegabytes * 1024 * 1024, 1));
  return { folder, throwBallast: () => rmSync(ballast) };
}

function mountWorks(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder], { stdio: 'ignore' });
    return true;
  } catch {
    // A container without the right to mount.
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
