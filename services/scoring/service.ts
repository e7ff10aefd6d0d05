import type { KeyedProcess } from '../platform/keyed-process/keyed-process.ts';
import { scoringProcess } from './domain/assess-signal.ts';
import { createTextReader } from './domain/read-text.ts';
import type { Scorer } from './ports.ts';
import type { ScoringSettings } from './settings.ts';

/** The shipped scorer: AFINN under our layer with the lexicon, a fitted sentiment model on top, the risk model from YAML. */
export function createScorer({ lexicon, riskModel, sentimentModel }: ScoringSettings): Scorer {
  const fitted = sentimentModel === undefined ? '' : `sentiment ${sentimentModel.version}, `;
  return {
    version: `lexicon ${lexicon.version}, ${fitted}risk ${riskModel.version}`,
    readText: createTextReader(lexicon, sentimentModel),
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
