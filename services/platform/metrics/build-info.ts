import { execFileSync } from 'node:child_process';
import { Gauge, type Registry } from 'prom-client';

/** Shows what runs. The commit is that of the checkout; `unknown` where there is none, as in an image without git. */
export function registerBuildInfo(registry: Registry, version: string, commit = commitOfCheckout()): void {
  new Gauge({
    name: 'tocsin_build_info',
    help: 'What runs, as labels; the value is always 1.',
    labelNames: ['version', 'commit'],
    registers: [registry],
  }).set({ version, commit }, 1);
}

function commitOfCheckout(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: GIT_WITHIN_MS,
    }).trim();
  } catch {
    // No git, or no checkout.
    return 'unknown';
  }
}

/** It takes a few milliseconds; a file system that hangs must not keep the pipeline from starting. */
const GIT_WITHIN_MS = 500;
