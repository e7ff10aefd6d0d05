import type { Silence } from '../contracts/silence.ts';
import type { KeyedProcess } from '../platform/keyed-process/keyed-process.ts';
import type { Logger } from '../platform/logging/logger.ts';
import type { Calendars } from '../settings/calendars.ts';
import { createRulesProcess, type OnEvaluation } from './domain/action-management.ts';
import { type RuleSet, withoutRules } from './domain/compile.ts';
import type { Judge } from './domain/evaluate.ts';
import { createSegmentRulesProcess } from './domain/segment-rules.ts';
import type { SegmentState } from './domain/segment-state.ts';
import type { WindowState } from './domain/window-state.ts';

/** One error may be bad luck, twenty are a broken rule. */
export const ERRORS_TO_QUARANTINE = 20;

/** A rule that is judged no more because it kept throwing. */
export interface QuarantinedRule {
  readonly rule: string;
  readonly errors: number;
  /** The words of the last one. */
  readonly error: string;
}

/** Says in the log which rule was set aside, and why. */
export const quarantineLogger =
  (log: Logger) =>
  ({ rule, errors, error }: QuarantinedRule): void =>
    log.error({ rule, errors, error }, 'a rule keeps throwing and is judged no more');

/**
 * The rule set in force. Replaced as a whole: an assessment is judged by the old one or by the new one.
 *
 * A rule that errs `ERRORS_TO_QUARANTINE` times is taken out of judging: the others, the set's hash and what is remembered
 * of customers stay. It is judged again when somebody releases it, when another set comes into force, or after a restart,
 * and then it may err as often again.
 */
export class RuleSetHolder {
  #loaded: RuleSet;
  #current: RuleSet;
  readonly #erring = new Map<string, QuarantinedRule>();

  readonly #onQuarantine: (rule: QuarantinedRule) => void;

  constructor(ruleSet: RuleSet, onQuarantine: (rule: QuarantinedRule) => void = () => undefined) {
    this.#loaded = ruleSet;
    this.#current = ruleSet;
    this.#onQuarantine = onQuarantine;
  }

  get current(): RuleSet {
    return this.#current;
  }

  replace(ruleSet: RuleSet): void {
    this.#loaded = ruleSet;
    this.#current = ruleSet;
    this.#erring.clear();
  }

  quarantined(): readonly QuarantinedRule[] {
    return [...this.#erring.values()].filter(({ errors }) => errors >= ERRORS_TO_QUARANTINE);
  }

  noteError(rule: string, error: unknown): void {
    const errors = (this.#erring.get(rule)?.errors ?? 0) + 1;
    const noted = { rule, errors, error: error instanceof Error ? error.message : String(error) };
    this.#erring.set(rule, noted);
    if (errors !== ERRORS_TO_QUARANTINE) return;
    this.#judgeTheRest();
    this.#onQuarantine(noted);
  }

  /** Lets a rule be judged again. Answers whether it was in quarantine. */
  release(rule: string): boolean {
    const wasIn = this.quarantined().some((one) => one.rule === rule);
    if (wasIn) {
      this.#erring.delete(rule);
      this.#judgeTheRest();
    }
    return wasIn;
  }

  #judgeTheRest(): void {
    this.#current = withoutRules(this.#loaded, new Set(this.quarantined().map(({ rule }) => rule)));
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
  const { calendars, silences, judge } = settings;
  const holder = settings.ruleSet;
  const ruleSet = (): RuleSet => holder.current;
  const onEvaluation: OnEvaluation = (rule, evaluation) => {
    if (evaluation.result === 'error') holder.noteError(rule.rule.id, evaluation.error);
    settings.onEvaluation?.(rule, evaluation);
  };
  return [
    createRulesProcess(ruleSet, onEvaluation, { calendars, silences, judge }),
    createSegmentRulesProcess({ ruleSet, onEvaluation, calendars, silences, judge }),
  ];
}
