import Sentiment from 'sentiment';
import { SHIPPED_RULES } from '../embedded/rules-folder.ts';
import { formatProblem } from '../platform/config/yaml-file.ts';
import { compareSpeed, madeUpTexts } from '../scoring/quality/sentiment-speed.ts';
import { createScorer } from '../scoring/service.ts';
import { loadScoringSettings } from '../scoring/settings.ts';
import { type Command, EXIT, type Io, readArgs, UsageError } from './command.ts';
import { readLabelledRows } from './labelled-rows.ts';

export const benchSentimentCommand: Command = {
  name: 'bench sentiment',
  summary: 'measure how fast texts are read, against the bare sentiment package',
  help: `
Usage: tocsin bench sentiment [--csv FILE --text COLUMN] [--rounds N] [--seed N] [--json]

Reads the same texts in turn with everything that the pipeline does to a text (mood, intents, a fitted model where
there is one) and with the bare \`sentiment\` package, and compares. Also reads one text of a million characters.

  --csv FILE      a CSV with texts of your own (default: 5000 made-up messages)
  --text COLUMN   the column with the texts
  --rounds N      how often; the best time of each chunk of texts counts (default 20)
  --seed N        of the made-up messages (default 1)
  --json          one JSON object: textsPerSecond, rawTextsPerSecond, ratioToRaw, millionCharactersMs

Example:
  tocsin bench sentiment --json

Exit codes: 0 done; 1 the file or the lexicon cannot be used; 2 used wrongly.
`,
  run: bench,
};

const TEXTS = 5000;

async function bench(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, {
    csv: { type: 'string' },
    text: { type: 'string' },
    rounds: { type: 'string' },
    seed: { type: 'string' },
  });
  if (positionals.length > 0) throw new UsageError(`unexpected "${positionals[0]}"`);
  if ((values.csv === undefined) !== (values.text === undefined)) {
    throw new UsageError('--csv and --text go together');
  }
  const rounds = count('rounds', values.rounds, 20);
  const seed = count('seed', values.seed, 1);
  const settings = loadScoringSettings(io.env.TOCSIN_RULES_DIR ?? SHIPPED_RULES);
  if (!settings.ok) return refuse(io, settings.problems.map(formatProblem).join('\n'));
  const texts =
    values.csv === undefined || values.text === undefined
      ? madeUpTexts(TEXTS, seed)
      : textsOf(values.csv, values.text, io);
  if (typeof texts === 'string') return refuse(io, texts);
  if (texts.length === 0) return refuse(io, `${values.csv}: no texts in column "${values.text}"`);
  const { readText } = createScorer(settings.value);
  const raw = new Sentiment();
  const clock = () => performance.now();
  io.err(`reading ${texts.length} texts ${rounds} times\n`);
  const speed = compareSpeed(texts, readText, (text) => raw.analyze(text), rounds, clock);
  const result = { ...speed, millionCharactersMs: millionCharacters(readText, clock) };
  io.out(values.json === true ? `${JSON.stringify(result)}\n` : `${JSON.stringify(result, undefined, 2)}\n`);
  return EXIT.done;
}

/** The worst a source may send: it is cut before anything else looks at it. */
function millionCharacters(readText: (text: string) => unknown, clock: () => number): number {
  const text = 'The line is down again, I am not happy. '.repeat(25_000);
  const begun = clock();
  readText(text);
  return Math.round((clock() - begun) * 100) / 100;
}

function textsOf(file: string, column: string, io: Io): readonly string[] | string {
  const rows = readLabelledRows(file, column, column, io);
  return typeof rows === 'string' ? rows : rows.map(({ text }) => text).filter((text) => text !== '');
}

function refuse(io: Io, message: string): number {
  io.err(`${message}\n`);
  return EXIT.foundWrong;
}

function count(name: string, text: string | undefined, fallback: number): number {
  const value = Number(text ?? fallback);
  if (Number.isInteger(value) && value >= 1 && value <= 1_000_000) return value;
  throw new UsageError(`--${name}: got "${text}", expected a whole number from 1 to 1000000`);
}
