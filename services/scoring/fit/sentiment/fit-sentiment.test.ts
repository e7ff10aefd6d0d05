import { expect, test } from 'vitest';
import { formatProblem } from '../../../platform/config/yaml-file.ts';
import { createLayerReader, createTextReader } from '../../domain/read-text.ts';
import { compileSentimentModel, type SentimentModelFile } from '../../domain/sentiment-model.ts';
import { CUES, readCues, termsOf } from '../../domain/text-terms.ts';
import { loadScoringSettings } from '../../settings.ts';
import { fitSentiment } from './fit-sentiment.ts';
import { sentimentModelCard } from './model-card.ts';
import type { LabelledMood } from './training-texts.ts';
import { writeSentimentModel } from './write-model.ts';

const settings = loadScoringSettings('rules');
if (!settings.ok) throw new Error(JSON.stringify(settings.problems));
const { lexicon } = settings.value;

/** A company whose customers say "purple" when angry and "orange" when content: words that the lexicon does not know. */
function madeUpTexts(): LabelledMood[] {
  const openings = ['Today', 'Yesterday', 'On Monday', 'This week', 'At the store', 'On the phone'];
  const things = ['the box', 'my line', 'our tariff', 'the parcel', 'this modem'];
  const texts: LabelledMood[] = [];
  for (const opening of openings) {
    for (const thing of things) {
      for (const ending of ['again', 'really', 'in the end']) {
        texts.push({ text: `${opening} ${thing} was purple ${ending}`, mood: 'negative' });
        texts.push({ text: `${opening} ${thing} was orange ${ending}`, mood: 'positive' });
        texts.push({ text: `${opening} I asked about ${thing} ${ending}`, mood: 'neutral' });
      }
    }
  }
  return texts;
}

const learn = (texts: readonly LabelledMood[], seed = 1) =>
  fitSentiment(texts, lexicon, { seed, onProgress: () => undefined });

function fitted(texts: readonly LabelledMood[], seed = 1): SentimentModelFile {
  const result = learn(texts, seed);
  if (!result.ok) throw new Error(result.reason);
  return result.model;
}

function compiled(model: SentimentModelFile) {
  const result = compileSentimentModel('m.yaml', writeSentimentModel(model), lexicon);
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  return result.value;
}

const model = fitted(madeUpTexts());

test('words that the lexicon does not know are learnt, and explain the score', () => {
  const read = createTextReader(lexicon, compiled(model));
  const angry = read('My new modem was purple').sentiment;
  expect(angry.label).toBe('negative');
  expect(angry.words[0]?.word).toContain('purple');
  expect(angry.words[0]?.effect).toBeLessThan(0);
  expect(read('My new modem was orange').sentiment.label).toBe('positive');
  expect(read('I asked about my new modem').sentiment.label).toBe('neutral');
});

test('held-out figures are in the model', () => {
  expect(model.heldOut).toMatchObject({ folds: 5, macroF1: 1, aucNegative: 1 });
  expect(model.fitted).toMatchObject({ texts: 270, negative: 90, neutral: 90, positive: 90 });
  expect(model.scores.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 2);
});

test('labels without rhyme or reason give figures without worth', () => {
  const moods = ['negative', 'neutral', 'positive'] as const;
  const texts = madeUpTexts().map(({ text }, index) => ({
    text,
    mood: moods[Math.imul(index + 7, 2654435761) >>> 30] ?? 'neutral',
  }));
  expect(fitted(texts).heldOut.aucNegative).toBeLessThan(0.65);
});

test('the same texts and seed give the same file', () => {
  expect(writeSentimentModel(fitted(madeUpTexts()))).toBe(writeSentimentModel(model));
});

test('what is written is what is read', () => {
  const readLayer = createLayerReader(lexicon);
  const judge = compiled(model);
  for (const { text } of madeUpTexts().slice(0, 30)) {
    const layer = readLayer(text);
    if (layer === undefined) throw new Error(text);
    const { negative } = judge.judge(layer.tokens, layer.sentiment, layer.intents);
    expect(negative).toBeCloseTo(chanceByHand(model, text), 6);
  }
});

/** The chance of negative, summed up term by term as a reader of the file would. */
function chanceByHand(file: SentimentModelFile, text: string): number {
  const layer = createLayerReader(lexicon)(text);
  if (layer === undefined) return Number.NaN;
  const cues = new Float64Array(CUES.length);
  readCues(layer.tokens, layer.sentiment, layer.intents, cues);
  const odds = [...file.intercept];
  const add = (weights: readonly number[] | undefined, times: number) => {
    for (const [mood, weight] of (weights ?? []).entries()) odds[mood] = (odds[mood] ?? 0) + times * weight;
  };
  for (const [index, cue] of CUES.entries()) add(file.cues[cue], cues[index] ?? 0);
  for (const term of termsOf(layer.tokens)) add(file.terms[term], 1);
  const shares = odds.map(Math.exp);
  return (shares[0] ?? 0) / shares.reduce((sum, share) => sum + share, 0);
}

test('two moods are enough', () => {
  const texts = madeUpTexts().filter(({ mood }) => mood !== 'neutral');
  const read = createTextReader(lexicon, compiled(fitted(texts)));
  expect(read('The line was purple').sentiment.label).toBe('negative');
  expect(read('The line was orange').sentiment.label).toBe('positive');
});

test.each([
  [
    'too few of a mood',
    madeUpTexts().filter(({ mood }, index) => mood !== 'neutral' || index < 30),
    'too few texts of neutral',
  ],
  ['one mood only', madeUpTexts().filter(({ mood }) => mood === 'negative'), 'one mood only'],
  ['nothing at all', [], 'one mood only'],
  [
    'another language',
    Array.from(
      { length: 100 },
      (): LabelledMood => ({
        text: 'Mein Internet geht nicht und ich bin nicht zufrieden',
        mood: 'negative',
      }),
    ),
    'not in English',
  ],
] as const)('%s is refused with the reason', (_, texts, reason) => {
  const result = learn(texts);
  expect(result.ok ? 'fitted' : result.reason).toContain(reason);
});

test('the card says what the model is made of and how good it is', () => {
  const card = sentimentModelCard(model, {
    modelFile: 'm.yaml',
    source: 's.csv',
    command: 'tocsin',
    left: 3,
    unread: 0,
  });
  expect(card).toContain('90 negative, 90 neutral, 90 positive');
  expect(card).toContain('| macro F1 | 1 |');
  expect(card).toContain('`purple`');
});

test.each([
  [
    'terms:\n  a b c: [0, 0, 0]',
    'm.yaml:13:3: expected a word, a stem*, two words, or "word ~ word"; got "a b c"',
  ],
  ['terms:\n  ab*: [0, 0, 0]', 'm.yaml:13:3: a stem has 5 letters before its *; got "ab*"'],
  ['terms:\n  a: [0, 0]', 'm.yaml:13:6'],
])('a broken model is refused with the place: %j', (terms, message) => {
  const head = writeSentimentModel(model)
    .split('\n')
    .filter((line) => !line.startsWith('#'));
  const upToCues = head.slice(0, head.indexOf('cues:')).filter((line) => !line.startsWith('  '));
  const text = [
    ...upToCues.filter((line) => line !== 'heldOut:'),
    'cues: {}',
    'heldOut: { folds: 5, accuracy: 1, macroF1: 1, negative: { precision: 1, recall: 1, f1: 1 }, aucNegative: 1 }',
    terms,
  ].join('\n');
  const result = compileSentimentModel('m.yaml', text, lexicon);
  expect(result.ok ? '' : result.problems.map(formatProblem).join('\n')).toContain(message);
});
