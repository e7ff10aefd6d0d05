import { expect, test } from 'vitest';
import { loadScoringSettings } from '../settings.ts';
import { createTextReader } from './read-text.ts';
import { SHOWN } from './test-intents.ts';

const settings = loadScoringSettings('rules');
if (!settings.ok) throw new Error(JSON.stringify(settings.problems));
const read = createTextReader(settings.value.lexicon);

test.each(SHOWN)('"%s" shows %j', (text, intents) => {
  const found = read(text)
    .intents.map(({ intent }) => intent)
    .filter((intent) => intent !== 'help');
  expect(found.toSorted()).toEqual(intents.toSorted());
});
