import type { KeyedProcess } from '../platform/keyed-process/keyed-process.ts';
import { scoringProcess } from './domain/assess-signal.ts';
import { createTextReader } from './domain/read-text.ts';
import type { Scorer } from './ports.ts';
import type { ScoringSettings } from './settings.ts';

/** The shipped scorer: AFINN under our layer with the lexicon, and the risk model from YAML. */
export function createScorer({ lexicon, riskModel }: ScoringSettings): Scorer {
  return {
    version: `lexicon ${lexicon.version}, risk ${riskModel.version}`,
    readText: createTextReader(lexicon),
    risk: riskModel,
  };
}

/** The keyed processes of scoring. Pass a `scorer` to replace the shipped one. */
export function createScoringProcesses(
  settings: ScoringSettings,
  scorer: Scorer = createScorer(settings),
): readonly KeyedProcess<unknown>[] {
  return [scoringProcess(scorer)];
}
