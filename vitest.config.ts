import { defineConfig } from 'vitest/config';

/** The suites that need nothing but Node: unit, contract on SQLite, integration, acceptance, architecture. */
export default defineConfig({
  test: {
    include: ['services/**/*.test.ts', 'test/{contract,integration,acceptance,architecture}/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    restoreMocks: true,
  },
});
