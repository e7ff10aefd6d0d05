import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstBadByte, wholeCharacters } from './utf8.ts';

test.each([
  [[0x61, 0x62, 0x80], 2],
  [[0x61, 0xff, 0x62], 1],
  [[0xe4], 0],
  [[0x61, 0xe2, 0x82], 1],
  [[0xe2, 0x82, 0xac, 0xc0, 0x61], 3],
  [[0xf0, 0x9f, 0x98, 0x80, 0xed, 0xa0, 0x80], 4],
])('in %j the first bad byte is at %i', (bytes, expected) => {
  expect(firstBadByte(Uint8Array.from(bytes))).toBe(expected);
});

test('everything before the first bad byte is UTF-8', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ minLength: 1, maxLength: 6 }),
      (text, noise) => {
        const bytes = Buffer.concat([Buffer.from(text), noise]);
        fc.pre(!isUtf8(bytes));
        const bad = firstBadByte(bytes);
        expect(isUtf8(bytes.subarray(0, bad))).toBe(true);
        expect(bad).toBeGreaterThanOrEqual(Buffer.byteLength(text.toWellFormed()));
      },
    ),
  );
});

test('a cut never falls inside a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(), (text, at) => {
      const bytes = Buffer.from(text);
      const end = wholeCharacters(bytes, Math.min(at, bytes.length));
      expect(isUtf8(bytes.subarray(0, end))).toBe(true);
    }),
  );
});
