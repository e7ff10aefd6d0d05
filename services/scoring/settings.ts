import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../platform/config/yaml-file.ts';
import { compileLexicon } from './domain/lexicon.ts';
import { compileRiskModel, type RiskModel } from './domain/risk-model.ts';
import type { Vocabulary } from './domain/vocabulary.ts';

/** What ops people write for scoring, compiled. */
export interface ScoringSettings {
  readonly lexicon: Vocabulary;
  readonly riskModel: RiskModel;
}

export type ScoringSettingsResult =
  | { readonly ok: true; readonly value: ScoringSettings }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Loads `lexicon.yaml` and `risk-model.yaml` as a whole or not at all, with all problems of both. */
export function loadScoringSettings(rulesDir: string): ScoringSettingsResult {
  const lexicon = load(join(rulesDir, 'lexicon.yaml'), compileLexicon);
  const riskModel = load(join(rulesDir, 'risk-model.yaml'), compileRiskModel);
  if (lexicon.ok && riskModel.ok) {
    return { ok: true, value: { lexicon: lexicon.value, riskModel: riskModel.value } };
  }
  return { ok: false, problems: [...problemsOf(lexicon), ...problemsOf(riskModel)] };
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
