import { expect, test } from 'vitest';
import { formatProblem } from '../../platform/config/yaml-file.ts';
import { compileLexicon } from './lexicon.ts';
import { createTextReader } from './read-text.ts';

const header = 'apiVersion: tocsin/v1\nkind: Lexicon\nversion: t1\nlanguage: en\n';

const problems = (text: string): string[] => {
  const compiled = compileLexicon('l.yaml', header + text);
  return compiled.ok ? [] : compiled.problems.map(formatProblem);
};

function reader(text: string) {
  const compiled = compileLexicon('l.yaml', header + text);
  if (!compiled.ok) throw new Error(compiled.problems.map(formatProblem).join('\n'));
  return createTextReader(compiled.value);
}

test('without any entry the lexicon is AFINN alone', () => {
  expect(reader('')('a terrible day').sentiment.label).toBe('negative');
});

test('a word of the file replaces that of AFINN', () => {
  expect(reader('words: {"3": [terrible]}')('a terrible day').sentiment.label).toBe('positive');
});

test.each([
  ['sim swap', 'my sim swap', true],
  ['sim swap|change', 'my sim change', true],
  ['sim swap?', 'my sim', true],
  ['<card> swap', 'an esim swap', true],
  ['sim ~ swap', 'my sim was never meant to swap', false],
  ['sim ~ swap', 'my sim needs a swap', true],
  ['sim ~ swap', 'my sim. Please swap', false],
  ['sim ~~ swap', 'my sim was never meant to swap', true],
  ['sim ~~ swap', 'my sim was a b c d e f g h swap', false],
  ['sim ~~ swap', 'my sim. Please swap', false],
  ["won't swap", 'it won’t swap', true],
  ['10 swaps', '10 swaps', true],
])('the phrase "%s" is found in "%s": %s', (phrase, text, found) => {
  const read = reader(`groups: {card: [sim, esim]}\nphrases: [{effect: -3, any: ["${phrase}"]}]`);
  expect((read(text).sentiment.score ?? 0) < -0.4).toBe(found);
});

test('a number that some phrase names is still a number', () => {
  const read = reader('phrases: [{effect: -3, any: ["called <number> times", "5 stars"]}]');
  expect(read('I called 5 times').sentiment.label).toBe('negative');
});

test('words within a longer phrase show what they show by themselves', () => {
  const read = reader(
    'intents: {manager: {effect: -1, any: ["called ~ twice", "a manager"]}, leave: {effect: -1, any: ["a manager twice"]}}',
  );
  expect(
    read('I called a manager twice')
      .intents.map(({ intent }) => intent)
      .toSorted(),
  ).toEqual(['leave', 'manager']);
});

test.each([
  [
    'an unknown group',
    'phrases:\n  - {effect: 1, any: ["<cards> swap"]}',
    'l.yaml:6:23: unknown group "cards"',
  ],
  [
    'an effect that is no number',
    'words:\n  bad: [x]',
    'l.yaml:6:3: words: got "bad", expected an effect from -5 to 5',
  ],
  [
    'a factor out of range',
    'degrees: {"9": [x]}',
    'l.yaml:5:11: degrees: got "9", expected a factor from 0.1 to 3',
  ],
  ['a phrase that ends in a gap', 'sarcasm: ["so ~"]', 'l.yaml:5:11: "so ~" must begin and end with a word'],
  [
    'a phrase with too many words',
    'sarcasm: ["a b c d e f g h i j k"]',
    'l.yaml:5:11: a phrase has at most 10 words',
  ],
  ['a misspelt section', 'wrods: {}', 'l.yaml:5:1: unknown key "wrods"; did you mean "words"?'],
  ['an unknown intent', 'intents: {leav: {any: [x]}}', 'l.yaml:5:'],
])('%s is reported at its place', (_, text, problem) => {
  expect(problems(text).join('\n')).toContain(problem);
});

test('a phrase that can be written in too many ways is refused rather than taking all memory', () => {
  const slot = Array.from({ length: 12 }, (_, index) => `w${index}`).join('|');
  expect(problems(`sarcasm: ["${slot} ${slot} ${slot}"]`)[0]).toContain('more than 1000 ways; use a group');
});

test('what an intent is not is hidden from that intent, and from no other', () => {
  const read = reader(
    'intents: {repeat_story: {any: [already told, to switch banks], unless: [already told me, to switch banks quickly]}, broken_promise: {any: [told me they would]}, leave: {any: [to switch banks]}}',
  );
  const shown = (text: string) => read(text).intents.map(({ intent }) => intent);
  expect(shown('I already told you')).toEqual(['repeat_story']);
  expect(shown('You already told me they would come')).toEqual(['broken_promise']);
  expect(shown('I used to switch banks quickly')).toEqual(['leave']);
});
