import { defineConfig } from 'vitest/config';

/** What if …? Child processes that are killed, disks that fill, servers that do not answer. */
export default defineConfig({
  test: {
    include: ['test/fault/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    // Killed processes mostly wait for time boxes: four at a time keep two cores busy.
    maxConcurrency: 4,
  },
});
