import { expect, test } from 'vitest';
import { restored, storable } from './storable-text.ts';

test.each([
  ['plain text', 'c-17', 'c-17'],
  ['a whole pair', '😀', '😀'],
  ['NUL', 'a\0b', 'a\\0b'],
  ['half a pair', 'a\ud800b', 'a\\ud800b'],
  ['a backslash', 'a\\0b', 'a\\\\0b'],
  ['backslashes in a row', '\\\\u0000', '\\\\\\\\u0000'],
])('%s is stored and comes back', (_, text, stored) => {
  expect(storable(text)).toBe(stored);
  expect(restored(stored)).toBe(text);
});
