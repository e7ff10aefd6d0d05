import { expect, test } from 'vitest';
import { SHIPPED_RULES } from '../rules-folder.ts';
import { mutateFolder } from './run-mutants.ts';

test('every rule that comes with Tocsin has tests, and they notice nine of ten changes', () => {
  const { rules, score, problems } = mutateFolder(SHIPPED_RULES);
  expect(problems).toEqual([]);
  expect(rules.filter(({ tests }) => tests === 0)).toEqual([]);
  expect(score).toBeGreaterThanOrEqual(90);
}, 120_000);
