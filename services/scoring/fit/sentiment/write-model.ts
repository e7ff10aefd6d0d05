import type { SentimentModelFile } from '../../domain/sentiment-model.ts';

/**
 * A fitted model as YAML, one term a line in alphabetical order, so that two models can be compared line by line.
 * Reads back to the same model.
 */
export function writeSentimentModel(model: SentimentModelFile): string {
  const { fitted, heldOut } = model;
  const { precision, recall, f1 } = heldOut.negative;
  return [
    '# Written by `tocsin sentiment fit`. As rules/sentiment-model.yaml it reads on top of the lexicon.',
    '#',
    '# Weights are log odds for [negative, neutral, positive]. `cues` are what the shipped layer found, with values from 0',
    '# to about 2; `terms` are there or not: a word, a stem*, two words side by side, two with one word between (~).',
    '# `label` is added before the likeliest mood is taken. `scores` is the share of texts in each tenth of the score,',
    '# from -1 up, which drift is measured against. `heldOut` was measured on texts that the judging model had not seen.',
    `apiVersion: ${model.apiVersion}`,
    `kind: ${model.kind}`,
    `version: ${model.version}`,
    `language: ${model.language}`,
    `lexicon: ${JSON.stringify(model.lexicon)}`,
    `fitted: { texts: ${fitted.texts}, negative: ${fitted.negative}, neutral: ${fitted.neutral}, positive: ${fitted.positive}, ridge: ${fitted.ridge} }`,
    'heldOut:',
    `  folds: ${heldOut.folds}`,
    `  accuracy: ${heldOut.accuracy}`,
    `  macroF1: ${heldOut.macroF1}`,
    `  negative: { precision: ${precision}, recall: ${recall}, f1: ${f1} }`,
    `  aucNegative: ${heldOut.aucNegative}`,
    `scores: ${list(model.scores)}`,
    `label: ${list(model.label)}`,
    `intercept: ${list(model.intercept)}`,
    ...table('cues', model.cues),
    ...table('terms', model.terms),
    '',
  ].join('\n');
}

/** One entry a line; a table without entries is written as one. */
function table(name: string, entries: Readonly<Record<string, readonly number[] | undefined>>): string[] {
  const lines = Object.entries(entries).map(([term, weights]) => `  ${key(term)}: ${list(weights ?? [])}`);
  return lines.length === 0 ? [`${name}: {}`] : [`${name}:`, ...lines];
}

const list = (numbers: readonly number[]): string => `[${numbers.join(', ')}]`;

/** Words that YAML takes for something else than a word, and all that is not plain letters, stand in quotes. */
const key = (term: string): string =>
  /^[a-z]+\*?(?: ~)?(?: [a-z]+)?$/.test(term) && !RESERVED.has(term) ? term : JSON.stringify(term);
const RESERVED: ReadonlySet<string> = new Set(['true', 'false', 'null', 'yes', 'no', 'on', 'off', 'y', 'n']);
