import type { AlertRequest } from '../../contracts/alert-request.ts';
import type { Assessment, Intent, Profile } from '../../contracts/assessment.ts';
import type { Signal, SignalType } from '../../contracts/signal.ts';
import type { Input, Step } from '../../platform/keyed-process/keyed-process.ts';
import { createRulesProcess, type OnEvaluation } from './action-management.ts';
import type { RuleSet } from './compile.ts';
import type { Judge } from './evaluate.ts';
import { readRuleSet } from './read-rule-set.ts';
import { EMPTY, type WindowState } from './window-state.ts';

/*
 * What the tests of this folder are told in: signals at an hour, a rule in a few lines, and the requests
 * that come out. Used by tests only.
 */

/** The instant from which tests count: a Monday, 08:00 UTC. */
export const START = Date.parse('2026-03-02T08:00:00Z');

export interface Said {
  readonly id: string;
  readonly type: SignalType;
  readonly at: number;
  readonly sentiment?: number;
  readonly intents?: readonly Intent[];
  readonly profile?: Profile;
  readonly signal?: Partial<Signal>;
  readonly riskScore?: number;
  readonly riskScoreBefore?: number;
}

/** An assessment of customer c1, as scoring writes it. */
export function assessed(said: Said): Assessment {
  const { id, type, at, sentiment, intents = [], profile = {}, riskScore = 10, riskScoreBefore } = said;
  return {
    id,
    customerId: 'c1',
    assessedAt: at,
    signal: {
      id,
      type,
      customerId: 'c1',
      quarantined: false,
      occurredAt: at,
      receivedAt: at,
      source: 'complaints',
      channel: 'email',
      ...said.signal,
    },
    ...(sentiment === undefined ? {} : { sentiment: { score: sentiment, label: 'negative', words: [] } }),
    intents: intents.map((intent) => ({ intent, evidence: intent })),
    riskScore,
    ...(riskScoreBefore === undefined ? {} : { riskScoreBefore }),
    riskContributions: [],
    profile,
    modelVersion: 'test',
  };
}

export const NAMES = {
  teams: ['retention', 'social-care', 'complaints', 'billing'],
  calendars: ['business', 'extended'],
  templates: ['open', 'nudge', 'late-ack', 'breach'],
};

/** A whole rule around the part that a test is about: `spec` is YAML with two spaces of indentation. */
export const ruleText = (id: string, spec: string, stage = 'live'): string => `apiVersion: tocsin/v1
kind: Rule
metadata: {id: ${id}, title: Title of ${id}, owner: team/retention, stage: ${stage}}
spec:
${spec.replace(/^\n/, '')}
${spec.includes('timebox:') ? '' : '  timebox: {calendar: business, ack_by: 30m, contact_by: 4h}'}
${spec.includes('route:') ? '' : '  route: [{to: team/retention}]'}
${spec.includes('escalate:') ? '' : '  escalate: [{at: opened, notify: ["slack:#retention"], template: open}]'}
`;

export function ruleSetOf(...texts: readonly string[]): RuleSet {
  const files = texts.map((text) => ({ name: `${/\{id: ([\w-]+)/.exec(text)?.[1]}.rule.yaml`, text }));
  const read = readRuleSet(files, NAMES);
  if (!read.ok) throw new Error(read.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return read.ruleSet;
}

export const inputOf = (value: Assessment): Input => ({
  topic: 'assessments',
  key: value.customerId,
  value,
  partition: 0,
  offset: 0,
  appendedAt: value.assessedAt,
});

export interface Played {
  readonly requests: readonly AlertRequest[];
  readonly state: WindowState;
  readonly outcomes: readonly string[];
}

interface Playing {
  readonly now?: (assessment: Assessment) => number;
  readonly onEvaluation?: OnEvaluation;
  readonly judge?: Judge;
  /** Timers fire, as time goes on until then; without it none does. */
  readonly until?: number;
}

/** Runs assessments through the keyed process, each judged when it happened unless `now` says otherwise. */
export function play(
  ruleSet: RuleSet | ((now: number) => RuleSet),
  assessments: readonly Assessment[],
  { now, onEvaluation, judge, until }: Playing = {},
): Played {
  let clock = 0;
  const inForce = () => (typeof ruleSet === 'function' ? ruleSet(clock) : ruleSet);
  const rules = createRulesProcess(inForce, onEvaluation, { judge });
  const requests: AlertRequest[] = [];
  const outcomes: string[] = [];
  const timers = new Map<string, number>();
  let state: WindowState | undefined;
  const take = (step: Step<WindowState>): void => {
    state = step.state ?? state;
    const { outcome } = step;
    outcomes.push(outcome.type === 'handled' ? (outcome.reason ?? 'handled') : outcome.reason);
    for (const emit of step.emit ?? []) if (emit.topic === 'alert-requests') requests.push(emit.value);
    for (const { name, dueAt } of step.timers ?? []) {
      if (dueAt === null) timers.delete(name);
      else timers.set(name, dueAt);
    }
  };
  const moveTo = (instant: number): void => {
    for (;;) {
      const [next] = [...timers].sort(([, a], [, b]) => a - b);
      if (until === undefined || next === undefined || next[1] > instant) break;
      const [name, dueAt] = next;
      timers.delete(name);
      clock = Math.max(clock, dueAt);
      if (rules.onTimer !== undefined) take(rules.onTimer(state, { key: 'c1', name, dueAt }, clock));
    }
    clock = instant;
  };
  for (const assessment of assessments) {
    moveTo(now?.(assessment) ?? assessment.assessedAt);
    take(rules.onInput(state, inputOf(assessment), clock));
  }
  moveTo(until ?? clock);
  return { requests, state: state ?? EMPTY, outcomes };
}
