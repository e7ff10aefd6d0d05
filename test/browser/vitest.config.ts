import { defineConfig } from 'vitest/config';

/** The pages in a real Chromium. It must be installed: a missing one is a failure, not a skip. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
