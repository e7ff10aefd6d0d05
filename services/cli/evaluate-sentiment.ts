import { SHIPPED_RULES } from '../embedded/rules-folder.ts';
import { formatProblem } from '../platform/config/yaml-file.ts';
import { evaluateSentiment, type SentimentQuality } from '../scoring/quality/evaluate-sentiment.ts';
import { parseLabelMap } from '../scoring/quality/label-map.ts';
import { createScorer } from '../scoring/service.ts';
import { loadScoringSettings } from '../scoring/settings.ts';
import { type Command, EXIT, type Io, readArgs, UsageError } from './command.ts';
import { readLabelledRows } from './labelled-rows.ts';

export const evaluateSentimentCommand: Command = {
  name: 'evaluate sentiment',
  summary: 'measure the sentiment layer on texts that people have labelled',
  help: `
Usage: tocsin evaluate sentiment CSV --text COLUMN --label COLUMN [--map VALUE=MOOD,…] [--model M.yaml] [--json]

Reads each text as the pipeline would and compares with its label. Nothing is learnt and nothing is stored.

  --text COLUMN    the column with the texts
  --label COLUMN   the column with the labels
  --map LIST       what the labels mean: negative, neutral or positive. VALUE may also be <number, >number, or *
                   for the rest; the first that fits counts. Default: the labels are the moods themselves
  --model FILE     a model from \`tocsin sentiment fit\`; default: sentiment-model.yaml in the rules folder, or the
                   shipped layer alone where there is none
  --json           the figures as one JSON object

Texts that a model was fitted on say nothing of its quality; keep some aside, or read the figures in the model.
The lexicon is that of TOCSIN_RULES_DIR, or the one that comes with Tocsin.

Example:
  tocsin evaluate sentiment survey.csv --text remark --label score --map 1=negative,2=negative,3=neutral,*=positive

Exit codes: 0 measured; 1 the file or the lexicon cannot be used; 2 used wrongly.
`,
  run: evaluate,
};

async function evaluate(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, {
    text: { type: 'string' },
    label: { type: 'string' },
    map: { type: 'string' },
    model: { type: 'string' },
  });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError('expected one CSV file');
  if (values.text === undefined || values.label === undefined) {
    throw new UsageError('--text and --label name the columns to read');
  }
  const map = parseLabelMap(values.map);
  if (!map.ok) throw new UsageError(`--map: ${map.problem}`);
  const settings = loadScoringSettings(io.env.TOCSIN_RULES_DIR ?? SHIPPED_RULES, values.model);
  if (!settings.ok) return refuse(io, settings.problems.map(formatProblem).join('\n'));
  const rows = readLabelledRows(file, values.text, values.label, io);
  if (typeof rows === 'string') return refuse(io, rows);
  const quality = evaluateSentiment(rows, map.value, createScorer(settings.value), () => performance.now());
  if (quality.n === 0) return refuse(io, `${file}: no row has a text and a label that --map knows`);
  io.out(values.json === true ? `${JSON.stringify(quality)}\n` : inWords(quality));
  return EXIT.done;
}

function refuse(io: Io, message: string): number {
  io.err(`${message}\n`);
  return EXIT.foundWrong;
}

const inWords = (quality: SentimentQuality): string =>
  [
    `texts            ${quality.n} (${quality.left} rows left out, ${quality.unknown} in a language that is not read)`,
    `accuracy         ${quality.accuracy}`,
    `macro F1         ${quality.macroF1}`,
    `negative         precision ${quality.negative.precision}, recall ${quality.negative.recall}, F1 ${quality.negative.f1}`,
    `AUC negative     ${quality.aucNegative}`,
    `texts a second   ${quality.textsPerSecond}`,
    '',
  ].join('\n');
