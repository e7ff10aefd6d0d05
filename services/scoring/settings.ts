import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../platform/config/yaml-file.ts';
import { compileLexicon } from './domain/lexicon.ts';
import { compileRiskModel, type RiskModel } from './domain/risk-model.ts';
import { compileSentimentModel, type SentimentModel } from './domain/sentiment-model.ts';
import type { Vocabulary } from './domain/vocabulary.ts';

/** What ops people write for scoring, compiled. */
export interface ScoringSettings {
  readonly lexicon: Vocabulary;
  readonly riskModel: RiskModel;
  /** Fitted on the company's own texts; absent where the shipped layer reads alone. */
  readonly sentimentModel?: SentimentModel;
}

export type ScoringSettingsResult =
  | { readonly ok: true; readonly value: ScoringSettings }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Where a fitted sentiment model is picked up, when there is one. */
export const SENTIMENT_MODEL_FILE = 'sentiment-model.yaml';

/**
 * Loads `lexicon.yaml`, `risk-model.yaml` and, when it is there, `sentiment-model.yaml`: as a whole or not at all,
 * with all problems of all of them. `sentimentModelFile` names a model elsewhere, which must then be there.
 */
export function loadScoringSettings(rulesDir: string, sentimentModelFile?: string): ScoringSettingsResult {
  const lexicon = load(join(rulesDir, 'lexicon.yaml'), compileLexicon);
  const riskModel = load(join(rulesDir, 'risk-model.yaml'), compileRiskModel);
  const sentimentModel = lexicon.ok
    ? loadSentimentModel(rulesDir, lexicon.value, sentimentModelFile)
    : undefined;
  if (lexicon.ok && riskModel.ok && sentimentModel?.ok !== false) {
    const fitted = sentimentModel === undefined ? {} : { sentimentModel: sentimentModel.value };
    return { ok: true, value: { lexicon: lexicon.value, riskModel: riskModel.value, ...fitted } };
  }
  const problems = [lexicon, riskModel, sentimentModel].flatMap((each) =>
    each === undefined ? [] : problemsOf(each),
  );
  return { ok: false, problems };
}

function loadSentimentModel(
  rulesDir: string,
  lexicon: Vocabulary,
  named: string | undefined,
): Loaded<SentimentModel> | undefined {
  const usual = join(rulesDir, SENTIMENT_MODEL_FILE);
  if (named === undefined && !existsSync(usual)) return undefined;
  return load(named ?? usual, (file, text) => compileSentimentModel(file, text, lexicon));
}

type Loaded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

function load<T>(file: string, compile: (file: string, text: string, stamp: string) => Loaded<T>): Loaded<T> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, problems: [{ file, line: 1, column: 1, message: `cannot be read: ${reason}` }] };
  }
  return compile(file, text, stampOf(text));
}

const problemsOf = (loaded: Loaded<unknown>): readonly Problem[] => (loaded.ok ? [] : loaded.problems);

/** Six hex digits of the file's content: enough to tell two edits apart. */
const stampOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 6);
