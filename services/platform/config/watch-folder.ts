import { type FSWatcher, watch } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SECOND } from '../time/clock.ts';

export interface FolderWatch {
  readonly folder: string;
  /** Which of its files are looked at, by name. */
  readonly concerns: (name: string) => boolean;
  /** They have changed since the last time, and stand still. */
  readonly onChange: () => void;
  /** The operating system does not tell of changes: they are seen at the next look. */
  readonly onUnwatched?: (error: unknown) => void;
  /** Default: `LOOK_EVERY_MS`. */
  readonly lookEveryMs?: number;
  /** Default: `SETTLE_MS`. */
  readonly settleMs?: number;
}

/** What the operating system does not tell of (a folder behind another link, a network drive) is seen so often. */
const LOOK_EVERY_MS = 10 * SECOND;
/** Editors and deployments write several files, each in several steps; half a second later they are whole. */
const SETTLE_MS = 500;

/**
 * Watches the files of a folder, also where they are links that are put elsewhere as a whole, as Kubernetes does with
 * mounted settings and deployments with a link to the newest release. Answers how to stop.
 */
export function watchFolder(options: FolderWatch): () => void {
  const { folder, concerns, onChange, onUnwatched, lookEveryMs = LOOK_EVERY_MS } = options;
  const { settleMs = SETTLE_MS } = options;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let watcher: FSWatcher | undefined;
  let reported: string | undefined;
  let seen: string | undefined;

  let due = Number.POSITIVE_INFINITY;
  /** Unless it is looked at sooner: a folder in which something happens all the time gets its looks, too. */
  const lookIn = (ms: number): void => {
    const at = performance.now() + ms;
    if (stopped || at >= due) return;
    clearTimeout(timer);
    due = at;
    timer = setTimeout(() => {
      due = Number.POSITIVE_INFINITY;
      void look();
    }, ms);
  };
  const look = async (): Promise<void> => {
    const before = seen;
    seen = await fingerprint(folder, concerns);
    if (stopped) return;
    if (seen !== before) listen();
    reported ??= seen;
    if (seen === reported) return lookIn(lookEveryMs);
    if (seen !== before) return lookIn(settleMs);
    reported = seen;
    lookIn(lookEveryMs);
    onChange();
  };
  /** Anew after each change: the folder may be another one under the same name. */
  const listen = (): void => {
    watcher?.close();
    watcher = undefined;
    try {
      watcher = watch(folder, () => lookIn(settleMs));
      watcher.on('error', (error) => onUnwatched?.(error));
    } catch (error) {
      onUnwatched?.(error);
    }
  };
  void look();
  return () => {
    stopped = true;
    clearTimeout(timer);
    watcher?.close();
  };
}

/** Another text whenever one of the files is another one. */
async function fingerprint(folder: string, concerns: (name: string) => boolean): Promise<string> {
  try {
    const names = (await readdir(folder)).filter(concerns).sort();
    const files = await Promise.all(names.map((name) => fileMark(join(folder, name))));
    return [await realpath(folder), ...files].join('\n');
  } catch (error) {
    return `cannot be read: ${String(error)}`;
  }
}

async function fileMark(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? `${path} is gone` : `${path} ${found.ino} ${found.size} ${found.ctimeMs}`;
}
