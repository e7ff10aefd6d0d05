import { createInterface } from 'node:readline';

/** Reads `+pid` and `-pid` until its input ends, then kills those that are left. See `end-with-us.ts`. */
const pids = new Set<number>();
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const pid = Number(line.slice(1));
    if (line.startsWith('+')) pids.add(pid);
    else pids.delete(pid);
  })
  .on('close', () => {
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
  });
