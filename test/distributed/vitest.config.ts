import { defineConfig } from 'vitest/config';

/** Real Kafka, schema registry and PostgreSQL: the same contracts and stories, on many machines' parts. */
export default defineConfig({
  test: {
    include: ['test/distributed/**/*.test.ts', 'test/acceptance/**/*.test.ts'],
    globalSetup: ['test/distributed/support/bench-setup.ts'],
    setupFiles: ['test/distributed/support/stories-on-six-services.ts'],
    testTimeout: 240_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
