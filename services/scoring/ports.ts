import type { TextReading } from './domain/read-text.ts';
import type { RiskModel } from './domain/risk-model.ts';

/**
 * What turns texts and behaviour into numbers.
 *
 * Promises: the same input gives the same answer, without I/O, within microseconds; a language that it
 * cannot read gives `unknown`, never a guess. A fitted model replaces either part without touching the rest.
 */
export interface Scorer {
  /** Names everything that the numbers depend on; stamped on each assessment. */
  readonly version: string;
  /** `language` is the source's BCP 47 tag, when it gave one. */
  readText(text: string, language?: string): TextReading;
  readonly risk: RiskModel;
}
