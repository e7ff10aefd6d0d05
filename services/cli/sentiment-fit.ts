import { writeFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { SHIPPED_RULES } from '../embedded/rules-folder.ts';
import { formatProblem } from '../platform/config/yaml-file.ts';
import type { SentimentModelFile } from '../scoring/domain/sentiment-model.ts';
import { fitSentiment } from '../scoring/fit/sentiment/fit-sentiment.ts';
import { sentimentModelCard } from '../scoring/fit/sentiment/model-card.ts';
import type { LabelledMood } from '../scoring/fit/sentiment/training-texts.ts';
import { writeSentimentModel } from '../scoring/fit/sentiment/write-model.ts';
import { parseLabelMap } from '../scoring/quality/label-map.ts';
import { loadScoringSettings } from '../scoring/settings.ts';
import { type Command, EXIT, type Io, readArgs, UsageError } from './command.ts';
import { readLabelledRows } from './labelled-rows.ts';

export const sentimentFitCommand: Command = {
  name: 'sentiment fit',
  summary: 'learn the mood of your own texts from labels or satisfaction scores',
  help: `
Usage: tocsin sentiment fit CSV --text COLUMN --label COLUMN [--map VALUE=MOOD,…] --out MODEL.yaml [--seed N] [--json]

Fits a small linear model over words, pairs of words and what the shipped layer finds, and writes it as YAML that people
can read, with its figures on held-out texts; the model card goes beside it (MODEL.md). As rules/sentiment-model.yaml
the model is used from the next start on; the lexicon goes on to find intents.

  --text COLUMN    the column with the texts
  --label COLUMN   the column with the labels
  --map LIST       what the labels mean: negative, neutral or positive. VALUE may also be <number, >number, or *
                   for the rest; the first that fits counts. Default: the labels are the moods themselves
  --out FILE       where to write the model
  --seed N         deals the texts into five folds (default 1); the same seed and texts give the same file
  --json           the held-out figures as one JSON object

At least 30 texts of each mood are needed. Above 60,000 texts an even share of them is taken.

Examples:
  tocsin sentiment fit tweets.csv --text text --label mood --out rules/sentiment-model.yaml
  tocsin sentiment fit survey.csv --text remark --label score --map 1=negative,2=negative,3=neutral,4=positive,5=positive --out m.yaml

Exit codes: 0 fitted; 1 the file, the lexicon or the labels cannot be used; 2 used wrongly.
`,
  run: fit,
};

/** More texts than this change no figure that people look at, and cost memory and minutes. */
const MAX_TEXTS = 60_000;

async function fit(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, {
    text: { type: 'string' },
    label: { type: 'string' },
    map: { type: 'string' },
    out: { type: 'string' },
    seed: { type: 'string' },
  });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError('expected one CSV file');
  const { text, label, out } = values;
  if (text === undefined || label === undefined)
    throw new UsageError('--text and --label name the columns to read');
  if (out === undefined) throw new UsageError('--out names the file to write the model to');
  if (extname(out) !== '.yaml')
    throw new UsageError(`--out: got "${out}", expected a name that ends in .yaml`);
  const map = parseLabelMap(values.map);
  if (!map.ok) throw new UsageError(`--map: ${map.problem}`);
  const seed = seedOf(values.seed);

  const settings = loadScoringSettings(io.env.TOCSIN_RULES_DIR ?? SHIPPED_RULES);
  if (!settings.ok) return refuse(io, settings.problems.map(formatProblem).join('\n'));
  const rows = readLabelledRows(file, text, label, io);
  if (typeof rows === 'string') return refuse(io, rows);
  const labelled = rows.flatMap(({ text, label }): LabelledMood[] => {
    const mood = map.value(label);
    return mood === undefined || text.trim() === '' ? [] : [{ text, mood }];
  });
  const texts = evenShare(labelled);
  if (texts.length < labelled.length) io.err(`taking ${texts.length} of ${labelled.length} texts, evenly\n`);
  const result = fitSentiment(texts, settings.value.lexicon, {
    seed,
    onProgress: (words) => io.err(`${words}\n`),
  });
  if (!result.ok) return refuse(io, `${file}: ${result.reason}`);

  const card = out.replace(/\.yaml$/, '.md');
  writeFileSync(out, writeSentimentModel(result.model));
  writeFileSync(
    card,
    sentimentModelCard(result.model, {
      modelFile: basename(out),
      source: basename(file),
      command: `tocsin sentiment fit ${basename(file)} --text "${text}" --label "${label}"${values.map === undefined ? '' : ` --map "${values.map}"`} --seed ${seed} --out ${basename(out)}`,
      left: rows.length - labelled.length,
      unread: result.unread,
    }),
  );
  io.err(`wrote ${out} and ${card}\n`);
  io.out(values.json === true ? `${JSON.stringify(figuresOf(result.model))}\n` : inWords(result.model));
  return EXIT.done;
}

function seedOf(text: string | undefined): number {
  const seed = Number(text ?? '1');
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) return seed;
  throw new UsageError(`--seed: got "${text}", expected a whole number from 0 to 4294967295`);
}

/** Every n-th text, so that early and late ones are there alike. */
function evenShare(texts: readonly LabelledMood[]): readonly LabelledMood[] {
  const step = texts.length / MAX_TEXTS;
  return step <= 1
    ? texts
    : texts.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}

function refuse(io: Io, message: string): number {
  io.err(`${message}\n`);
  return EXIT.foundWrong;
}

const figuresOf = ({ version, fitted, heldOut, terms }: SentimentModelFile) => ({
  version,
  n: fitted.texts,
  terms: Object.keys(terms).length,
  ridge: fitted.ridge,
  ...heldOut,
});

function inWords(model: SentimentModelFile): string {
  const { fitted, heldOut, terms } = model;
  return [
    `model            ${model.version}: ${Object.keys(terms).length} terms, ridge ${fitted.ridge}`,
    `texts            ${fitted.texts} (${fitted.negative} negative, ${fitted.neutral} neutral, ${fitted.positive} positive)`,
    `by ${heldOut.folds}-fold cross-validation:`,
    `accuracy         ${heldOut.accuracy}`,
    `macro F1         ${heldOut.macroF1}`,
    `negative         precision ${heldOut.negative.precision}, recall ${heldOut.negative.recall}, F1 ${heldOut.negative.f1}`,
    `AUC negative     ${heldOut.aucNegative}`,
    '',
  ].join('\n');
}
