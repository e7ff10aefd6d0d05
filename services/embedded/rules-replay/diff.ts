import type { OnEvaluation } from '../../action-management/domain/action-management.ts';
import { explain } from '../../action-management/domain/evaluate.ts';
import type { RulesFolder } from '../rules-folder.ts';
import { explanationLines } from '../rules-test/run-rule-tests.ts';
import type { History } from './history.ts';
import { type Replay, type ReplayedAlert, type ReplayOptions, replay } from './replay.ts';

/** What another set of rules would have done differently with the same history. */
export interface RulesDiff {
  readonly signals: number;
  readonly before: SetSum;
  readonly after: SetSum;
  readonly rules: readonly RuleDiff[];
  readonly changes: readonly AlertChange[];
}

export interface SetSum {
  readonly hash: string;
  readonly alerts: number;
}

export interface RuleDiff {
  readonly rule: string;
  readonly before: number;
  readonly after: number;
  readonly gained: number;
  readonly lost: number;
  readonly changed: number;
}

/** One customer's alert that comes, goes, or is another. */
export interface AlertChange {
  readonly kind: 'gained' | 'lost' | 'changed';
  readonly rule: string;
  readonly subject: string;
  readonly openedAt: number;
  readonly signalId: string;
  /** A line each, as people would say it. */
  readonly why: readonly string[];
}

/**
 * Replays a history with two sets and compares them alert by alert. The same alert is one of the same rule for the same
 * customer, raised by the same signal.
 */
export async function diffRules(
  history: History,
  before: RulesFolder,
  after: RulesFolder,
  options: ReplayOptions = {},
): Promise<RulesDiff> {
  const first = await replay(history, before, options);
  const watchAfter = new Watch(first.alerts);
  const second = await replay(history, after, { ...options, onEvaluation: watchAfter.onEvaluation });
  const known = new Map(first.alerts.map((alert) => [identity(alert), alert]));
  const gained = second.alerts.filter((alert) => !known.has(identity(alert)));
  const watchBefore = new Watch(gained);
  // What the first set thought of the signals that only the second raises alerts for.
  if (gained.length > 0)
    await replay(history, before, { ...options, onEvaluation: watchBefore.onEvaluation });
  const changes = changesOf(first, second, { watchBefore, watchAfter, before, after });
  return {
    signals: first.signals,
    before: { hash: before.ruleSet.hash, alerts: first.alerts.length },
    after: { hash: after.ruleSet.hash, alerts: second.alerts.length },
    rules: byRule(first, second, changes),
    changes,
  };
}

const identity = ({ rule, subject, signalId }: ReplayedAlert): string => `${rule}\0${subject}\0${signalId}`;

/** Keeps how a set judged certain signals by certain rules. */
class Watch {
  readonly #wanted = new Map<string, Set<string>>();
  readonly #seen = new Map<string, readonly string[]>();

  constructor(alerts: readonly ReplayedAlert[]) {
    for (const { rule, signalId } of alerts) {
      this.#wanted.set(signalId, (this.#wanted.get(signalId) ?? new Set()).add(rule));
    }
  }

  readonly onEvaluation: OnEvaluation = (rule, evaluation) => {
    const { id } = evaluation.facts.assessment;
    if (this.#wanted.get(id)?.has(rule.rule.id) !== true) return;
    const lines = evaluation.result === 'match' ? [] : explanationLines(explain(rule, evaluation), 1);
    this.#seen.set(`${rule.rule.id}\0${id}`, lines);
  };

  /** Empty: it matched. Nothing: it was not judged. */
  judged(rule: string, signalId: string): readonly string[] | undefined {
    return this.#seen.get(`${rule}\0${signalId}`);
  }
}

interface Compared {
  readonly watchBefore: Watch;
  readonly watchAfter: Watch;
  readonly before: RulesFolder;
  readonly after: RulesFolder;
}

function changesOf(first: Replay, second: Replay, compared: Compared): AlertChange[] {
  const olds = new Map(first.alerts.map((alert) => [identity(alert), alert]));
  const news = new Map(second.alerts.map((alert) => [identity(alert), alert]));
  const { watchBefore, watchAfter, before, after } = compared;
  const lost = first.alerts
    .filter((alert) => !news.has(identity(alert)))
    .map((alert) => change('lost', alert, whyNot(alert, watchAfter, after, second)));
  const gained = second.alerts
    .filter((alert) => !olds.has(identity(alert)))
    .map((alert) => change('gained', alert, whyNot(alert, watchBefore, before, first)));
  const changed = first.alerts.flatMap((old) => {
    const other = news.get(identity(old));
    const why = other === undefined ? [] : differences(old, other);
    return why.length === 0 ? [] : [change('changed', old, why)];
  });
  return [...lost, ...gained, ...changed].sort((a, b) => a.openedAt - b.openedAt);
}

const change = (kind: AlertChange['kind'], alert: ReplayedAlert, why: readonly string[]): AlertChange => {
  const { rule, subject, openedAt, signalId } = alert;
  return { kind, rule, subject, openedAt, signalId, why };
};

/** Why the set without the alert has none: no such rule, another judgement, or an alert that took it in. */
function whyNot(alert: ReplayedAlert, watch: Watch, set: RulesFolder, other: Replay): string[] {
  const { rule, subject, signalId } = alert;
  const { hash, rules } = set.ruleSet;
  const stage = rules.find(({ id }) => id === rule)?.stage;
  if (stage === undefined) return [`set ${hash} has no such rule; here: ${alert.because.join('; ')}`];
  if (stage === 'draft' || stage === 'retired') return [`in set ${hash} the rule is in stage ${stage}`];
  const lines = watch.judged(rule, signalId);
  if (lines === undefined) return [`in set ${hash} the rule does not listen to this signal`];
  if (lines.length > 0) return [`in set ${hash} the rule does not match:`, ...lines];
  const open = other.alerts.find((one) => one.rule === rule && one.subject === subject);
  if (open !== undefined)
    return [`in set ${hash} it matches too, and joins the alert raised by ${open.signalId}`];
  const held = other.held.find((one) => one.rule === rule && one.subject === subject);
  return [`in set ${hash} it matches too, and is held back${held === undefined ? '' : `: ${held.reason}`}`];
}

function differences(old: ReplayedAlert, other: ReplayedAlert): string[] {
  return (['severity', 'team', 'stage'] as const).flatMap((name) =>
    old[name] === other[name] ? [] : [`${name}: ${old[name]} becomes ${other[name]}`],
  );
}

function byRule(first: Replay, second: Replay, changes: readonly AlertChange[]): RuleDiff[] {
  const names = new Set([...first.alerts, ...second.alerts].map(({ rule }) => rule));
  const count = (of: readonly { readonly rule: string }[], rule: string) =>
    of.filter((one) => one.rule === rule).length;
  const kinds = Map.groupBy(changes, ({ kind }) => kind);
  return [...names].sort().map((rule) => ({
    rule,
    before: count(first.alerts, rule),
    after: count(second.alerts, rule),
    gained: count(kinds.get('gained') ?? [], rule),
    lost: count(kinds.get('lost') ?? [], rule),
    changed: count(kinds.get('changed') ?? [], rule),
  }));
}
