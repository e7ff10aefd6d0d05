import { expect, test } from 'vitest';
import { MAX_TEXT_LENGTH, normaliseText } from './normalise-text.ts';

test.each([
  ['typographic apostrophes', 'isn’t ‘good’', "isn't 'good'"],
  ['full-width letters', 'ｂａｄ', 'bad'],
  ['HTML entities', 'you &amp; me &lt;3', 'you & me <3'],
  ['zero-width marks', 'ca​n​cel', 'cancel'],
  ['skin tones and variation selectors', '👍🏽❤️', '👍❤'],
  ['ellipses', 'well…', 'well...'],
])('%s are made plain', (_, raw, plain) => {
  expect(normaliseText(raw)).toBe(plain);
});

test.each([
  ['> quoted\nmine', 'mine'],
  ['mine\n-----Original Message-----\nFrom: x\ntheirs', 'mine'],
  ['mine\nFrom: someone\nSent: today\ntheirs', 'mine'],
  ['mine\n\nOn Mon, 2 Mar 2026 at 10:00 Support <s@example.org> wrote:\ntheirs', 'mine\n'],
  ['mine\nSent from my iPhone', 'mine'],
  ['mine\nKind regards,\nDr. Worst', 'mine\nKind regards,'],
  ['From here on it is bad', 'From here on it is bad'],
])('%j keeps %j', (raw, kept) => {
  expect(normaliseText(raw)).toBe(kept);
});

test('a text that is only quoted mail keeps nothing', () => {
  expect(normaliseText('> one\n> two')).toBe('');
});

test('a long text is cut, and never within a pair of surrogates', () => {
  const cut = normaliseText(`${'x'.repeat(MAX_TEXT_LENGTH - 1)}😀 and more`);
  expect(cut).toHaveLength(MAX_TEXT_LENGTH - 1);
  expect(cut.isWellFormed()).toBe(true);
});
