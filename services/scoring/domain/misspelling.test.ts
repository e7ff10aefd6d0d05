import { expect, test } from 'vitest';
import { loadScoringSettings } from '../settings.ts';
import { createGuess } from './misspelling.ts';
import { createTextReader } from './read-text.ts';

const settings = loadScoringSettings('rules');
if (!settings.ok) throw new Error(JSON.stringify(settings.problems));
const guess = createGuess(settings.value.lexicon);

test.each([
  ['excllent', 'excellent'],
  ['horrrible', 'horrible'],
  ['patheric', 'pathetic'],
  ['amazign', 'amazing'],
  ['food', undefined],
  ['router', undefined],
  ['mexcellent', undefined],
])('"%s" is taken for %s', (spelling, word) => {
  expect(guess(spelling)?.text).toBe(word);
});

test('a short text of one misspelt word has a mood; a long one with a known word is left alone', () => {
  const read = createTextReader(settings.value.lexicon);
  expect(read('Excllent').sentiment.label).toBe('positive');
  expect(read('Excllent but broken').sentiment.words.map(({ word }) => word)).toEqual(['broken']);
});
