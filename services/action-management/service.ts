import type { Silence } from '../contracts/silence.ts';
import type { KeyedProcess } from '../platform/keyed-process/keyed-process.ts';
import type { Calendars } from '../settings/calendars.ts';
import { createRulesProcess, type OnEvaluation } from './domain/action-management.ts';
import type { RuleSet } from './domain/compile.ts';
import type { Judge } from './domain/evaluate.ts';
import { createSegmentRulesProcess } from './domain/segment-rules.ts';
import type { SegmentState } from './domain/segment-state.ts';
import type { WindowState } from './domain/window-state.ts';

/** The rule set in force. Replaced as a whole: an assessment is judged by the old one or by the new one. */
export class RuleSetHolder {
  #current: RuleSet;

  constructor(ruleSet: RuleSet) {
    this.#current = ruleSet;
  }

  get current(): RuleSet {
    return this.#current;
  }

  replace(ruleSet: RuleSet): void {
    this.#current = ruleSet;
  }
}

export interface ActionManagementSettings {
  readonly ruleSet: RuleSetHolder;
  /** For absences in business time; without it every calendar but 24x7 is taken for 24x7. */
  readonly calendars?: Calendars;
  /** The silences known now, those that are over included. */
  readonly silences?: () => readonly Silence[];
  readonly onEvaluation?: OnEvaluation;
  readonly judge?: Judge;
}

/** The keyed processes of action-management, to be run by the embedded or the distributed runner. */
export function createActionManagementProcesses(
  settings: ActionManagementSettings,
): readonly [KeyedProcess<WindowState>, KeyedProcess<SegmentState>] {
  const { onEvaluation, calendars, silences, judge } = settings;
  const ruleSet = (): RuleSet => settings.ruleSet.current;
  return [
    createRulesProcess(ruleSet, onEvaluation, { calendars, silences, judge }),
    createSegmentRulesProcess({ ruleSet, onEvaluation, calendars, silences, judge }),
  ];
}
