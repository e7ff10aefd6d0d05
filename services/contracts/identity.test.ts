import { expect, test } from 'vitest';
import { subjectInWords } from './identity.ts';

test.each([
  ['c-17', 'c-17'],
  ['product:fibre', 'product:fibre'],
  ['quarantine:handle:chirp:mad_max', '@mad_max on chirp'],
  ['quarantine:email:ada@example.org', 'ada@example.org'],
  ['quarantine:phone:+4930123', '+4930123'],
  ['quarantine:account:K-9', 'account K-9'],
  ['quarantine:odd', 'odd'],
])('the subject %s is called %s', (subject, words) => {
  expect(subjectInWords(subject)).toBe(words);
});
