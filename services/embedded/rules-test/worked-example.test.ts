import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runRuleTests } from './run-rule-tests.ts';

const fixtures = (name: string): string =>
  fileURLToPath(new URL(`../../../test/fixtures/${name}`, import.meta.url));

/** Three rules that use the whole language between them, and one rule for each of its constructs. */
const report = runRuleTests([fixtures('rules-example'), fixtures('rules-language')]);

test('the examples can be read', () => {
  expect(report.problems).toEqual([]);
  expect(report.results.length).toBeGreaterThanOrEqual(37);
});

test.each(report.results)('$name', ({ failure }) => {
  expect(failure).toBeUndefined();
});
