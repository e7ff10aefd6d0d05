import { readdirSync, readlinkSync } from 'node:fs';
import { getActiveResourcesInfo } from 'node:process';

/** What keeps this process from ending, by kind. */
export type Handles = ReadonlyMap<string, number>;

export function openHandles(): Handles {
  const counts = new Map<string, number>();
  for (const kind of getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** Turns of the event loop that a closed socket may take until it is gone. */
const MOST_TURNS = 200;

/** What is open now and was not before, in words, once closing has had its time. */
export async function leftOpen(before: Handles): Promise<readonly string[]> {
  let more: readonly string[] = [];
  for (let turn = 0; turn < MOST_TURNS; turn += 1) {
    more = [...openHandles()].flatMap(([kind, count]) =>
      WATCHED.includes(kind) && count > (before.get(kind) ?? 0)
        ? [`${kind} (${count - (before.get(kind) ?? 0)})`]
        : [],
    );
    if (more.length === 0) return [];
    await new Promise((resolve) => setImmediate(resolve));
  }
  return more.map((kind) => `still open: ${kind}`);
}

/** Others come and go with the test runner. */
const WATCHED = ['TCPServerWrap', 'TCPSocketWrap', 'TCPWRAP', 'Timeout', 'FSEventWrap', 'ProcessWrap'];

/** Files of a folder that this process still has open. Knows nothing where there is no /proc. */
export function filesOpenIn(folder: string): readonly string[] {
  try {
    return readdirSync('/proc/self/fd')
      .map((fd) => linkOf(`/proc/self/fd/${fd}`))
      .filter((path) => path.startsWith(folder))
      .map((path) => `still open: ${path}`);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // The descriptor of the listing itself, already closed.
    return '';
  }
}
