import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runRuleTests } from './run-rule-tests.ts';

const folder = fileURLToPath(new URL('../../../test/fixtures/rules-example', import.meta.url));

/** Three rules that use the whole language between them, and fourteen stories about what they do. */
const report = runRuleTests([folder]);

test('the example can be read', () => {
  expect(report.problems).toEqual([]);
  expect(report.results).toHaveLength(14);
});

test.each(report.results)('$name', ({ failure }) => {
  expect(failure).toBeUndefined();
});
