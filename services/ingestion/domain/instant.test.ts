import { expect, test } from 'vitest';
import { parseRfc3339 } from './instant.ts';

test.each([
  ['2026-11-22T10:00:00Z', Date.UTC(2026, 10, 22, 10)],
  ['2026-11-22t10:00:00.250z', Date.UTC(2026, 10, 22, 10, 0, 0, 250)],
  ['2026-11-22 10:00:00+02:00', Date.UTC(2026, 10, 22, 8)],
  ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ['2026-02-29T00:00:00Z', undefined],
  ['2026-13-01T00:00:00Z', undefined],
  ['2026-11-22T25:00:00Z', undefined],
  ['2026-11-22T10:00:00', undefined],
  ['2026-11-22', undefined],
  ['yesterday', undefined],
])('%s is read as %s', (text, expected) => {
  expect(parseRfc3339(text)).toBe(expected);
});
