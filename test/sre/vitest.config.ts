import { defineConfig } from 'vitest/config';

/** What the SRE gets: rules, dashboard and configuration, held against a real Prometheus and Alertmanager. */
export default defineConfig({
  test: {
    include: ['test/sre/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
