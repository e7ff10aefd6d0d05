import { readFileSync } from 'node:fs';
import { stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { parse } from 'csv-parse/sync';
import Sentiment from 'sentiment';
import { createTextReader } from '../../services/scoring/domain/read-text.ts';
import { loadScoringSettings } from '../../services/scoring/settings.ts';

/**
 * `node test/load/sentiment-speed.ts [--csv FILE --text COLUMN] [--rounds N]`: texts a second of the whole layer
 * and of the bare `sentiment` package, same texts, same run, best of the rounds (the machine has other work).
 */
const { values } = parseArgs({
  options: {
    csv: { type: 'string' },
    text: { type: 'string', default: 'text' },
    rounds: { type: 'string', default: '12' },
  },
});

const settings = loadScoringSettings('rules');
if (!settings.ok) throw new Error(JSON.stringify(settings.problems));
const read = createTextReader(settings.value.lexicon);
const raw = new Sentiment();
const texts = values.csv === undefined ? madeUpTexts() : textsOf(values.csv, values.text);

let own = Number.POSITIVE_INFINITY;
let bare = Number.POSITIVE_INFINITY;
for (let round = 0; round < Number(values.rounds); round++) {
  own = Math.min(
    own,
    timed((text) => read(text)),
  );
  bare = Math.min(
    bare,
    timed((text) => raw.analyze(text)),
  );
}
stdout.write(
  `${JSON.stringify({
    texts: texts.length,
    textsPerSecond: Math.round((texts.length / own) * 1000),
    rawTextsPerSecond: Math.round((texts.length / bare) * 1000),
    ratioToRaw: Math.round((bare / own) * 100) / 100,
  })}\n`,
);

function timed(use: (text: string) => unknown): number {
  const begun = performance.now();
  for (const text of texts) use(text);
  return performance.now() - begun;
}

function textsOf(file: string, column: string): string[] {
  const table: readonly Readonly<Record<string, string>>[] = parse(readFileSync(file), { columns: true });
  return table.map((row) => row[column] ?? '');
}

/** Tweets of the usual length, put together from parts, the same in every run. */
function madeUpTexts(): string[] {
  const openings = [
    '@company why is',
    '@company thanks for',
    'I have been waiting for',
    "I can't believe",
    'Just got',
    'Still no',
  ];
  const middles = [
    'my order from last week',
    'the new app that keeps crashing',
    'an agent to call me back',
    'such quick help with my bill',
  ];
  const endings = [
    'not happy at all!',
    'great job :)',
    'please help?',
    'never again. Switching provider #fail',
    'and it works perfectly',
    'three hours on hold now',
  ];
  const made: string[] = [];
  for (let index = 0; index < 5000; index++) {
    const pick = (list: readonly string[], step: number) =>
      list[Math.floor(index / step) % list.length] ?? '';
    made.push(`${pick(openings, 1)} ${pick(middles, 6)}, ${pick(endings, 24)} ${index}`);
  }
  return made;
}
