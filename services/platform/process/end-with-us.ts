import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/**
 * That child is killed when this process has ended, however that came about: no handler of ours runs after a SIGKILL.
 *
 * For benches and tests, whose servers nobody else would end.
 */
export function endWithUs(child: ChildProcess): void {
  if (child.pid === undefined) return;
  tell(`+${child.pid}`);
  child.once('exit', () => tell(`-${child.pid}`));
}

/** Sees its input end when we do. */
let watcher: Writable | undefined;

function tell(line: string): void {
  watcher ??= startWatcher();
  watcher.write(`${line}\n`);
}

function startWatcher(): Writable {
  const program = fileURLToPath(new URL('./watch-children.ts', import.meta.url));
  // A group of its own: a Ctrl-C or the end of our group does not reach it.
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  child.unref();
  // Nobody waits for it: a pipe to a child is a socket, which need not keep us running.
  if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
  return child.stdin.on('error', () => undefined);
}
