import { defineConfig } from 'vitest/config';

/** Those that need real servers run only when they are named: `npm run test:fault -- distributed`. */
const named = process.argv.slice(2).some((word) => word.includes('distributed'));

/** What if …? Child processes that are killed, disks that fill, servers that do not answer. */
export default defineConfig({
  test: {
    include: [named ? 'test/fault/distributed/**/*.test.ts' : 'test/fault/**/*.test.ts'],
    exclude: named ? [] : ['test/fault/distributed/**'],
    // One set of servers for the files that do not kill theirs.
    globalSetup: named ? ['test/distributed/support/bench-setup.ts'] : [],
    testTimeout: named ? 900_000 : 600_000,
    hookTimeout: named ? 300_000 : 60_000,
    fileParallelism: named,
    // They mostly wait for outages to pass.
    maxWorkers: 2,
    // Killed processes mostly wait for time boxes: four at a time keep two cores busy.
    // With servers each has six processes of its own.
    maxConcurrency: named ? 2 : 4,
  },
});
