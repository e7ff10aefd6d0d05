import type { KeyedProcess } from '../platform/keyed-process/keyed-process.ts';
import { createRulesProcess, type OnEvaluation } from './domain/action-management.ts';
import type { RuleSet } from './domain/compile.ts';
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
  readonly onEvaluation?: OnEvaluation;
}

/** The keyed processes of action-management, to be run by the embedded or the distributed runner. */
export function createActionManagementProcesses(
  settings: ActionManagementSettings,
): KeyedProcess<WindowState>[] {
  return [createRulesProcess(() => settings.ruleSet.current, settings.onEvaluation)];
}
