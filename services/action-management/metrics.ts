import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Stage } from '../contracts/alert-request.ts';
import type { Emit } from '../platform/keyed-process/keyed-process.ts';
import type { OnEvaluation } from './domain/action-management.ts';
import type { RuleSet } from './domain/compile.ts';
import { evaluateOnce, type Judge, RESULTS, type Result } from './domain/evaluate.ts';
import type { RuleSetHolder } from './service.ts';

export interface ActionManagementMetrics {
  /** Hand it to `createActionManagementProcesses`. Costs an addition; labels are made when scraped. */
  readonly onEvaluation: OnEvaluation;
  /** Hand it over too: times one judgement in `SAMPLE`. */
  readonly judge: Judge;
  /** Called by the runner after the commit, for each emitted fact. */
  onFact(emit: Emit): void;
  /** A rule set was loaded and is in force. */
  rulesLoaded(ruleSet: RuleSet, now: number): void;
  /** Shows how many silences hold, asked at each scrape. */
  watchSilences(active: () => number): void;
  /** Shows which rules are in quarantine, asked at each scrape. */
  watchQuarantine(holder: RulesHeld): void;
  /** A rule set was refused; the one before it stays in force. */
  reloadFailed(): void;
}

type RulesHeld = Pick<RuleSetHolder, 'current' | 'quarantined'>;

interface RuleCounts {
  readonly stage: Stage;
  readonly byResult: Record<Result, number>;
}

/** Registers the counters of action-management; every rule in force starts at 0 for every result. */
export function createActionManagementMetrics(registry: Registry): ActionManagementMetrics {
  const counts: Counts = new Map();
  registerEvaluations(registry, counts);
  const requests = new Counter({
    name: 'tocsin_alert_requests_total',
    help: 'Matches of rules handed to alerting, by rule and whether they were held back here.',
    labelNames: ['rule', 'held'],
    registers: [registry],
  });
  const reloads = registerReloads(registry);
  return {
    ...reloads,
    judge: timedJudge(registry),
    watchSilences: (active) => registerSilences(registry, active),
    watchQuarantine: (holder) => registerQuarantine(registry, holder),
    onEvaluation: ({ rule }, { result }) => {
      countsOf(counts, rule.id, rule.stage).byResult[result] += 1;
    },
    onFact: (emit) => {
      if (emit.topic !== 'alert-requests') return;
      requests.inc({ rule: emit.value.ruleId, held: emit.value.held ?? 'no' });
    },
    rulesLoaded: (ruleSet, now) => {
      for (const { id, stage } of ruleSet.rules) {
        if (!isJudged(stage)) continue;
        countsOf(counts, id, stage);
        for (const held of HELD_HERE) requests.inc({ rule: id, held }, 0);
      }
      reloads.rulesLoaded(ruleSet, now);
    },
  };
}

/** Timing each judgement would cost more than judging. A prime, so that rules judged in turn all get their turn. */
const SAMPLE = 61;

function timedJudge(registry: Registry): Judge {
  const duration = new Histogram({
    name: 'tocsin_rule_evaluation_duration_seconds',
    help: `Time to judge a signal by a rule, of one judgement in ${SAMPLE}.`,
    labelNames: ['rule'],
    buckets: [0.000_001, 0.000_005, 0.000_01, 0.000_05, 0.000_1, 0.001, 0.01],
    registers: [registry],
  });
  let judgements = 0;
  return (rule, facts) => {
    if (judgements++ % SAMPLE !== 0) return evaluateOnce(rule, facts);
    const begun = performance.now();
    const evaluation = evaluateOnce(rule, facts);
    duration.observe({ rule: rule.rule.id }, (performance.now() - begun) / 1000);
    return evaluation;
  };
}

const isJudged = (stage: Stage): boolean => stage !== 'draft' && stage !== 'retired';

/** The ways in which a match leaves this service. */
const HELD_HERE = ['no', 'mute', 'too_old', 'late', 'silence', 'inhibited', 'storm'];

function registerSilences(registry: Registry, active: () => number): void {
  new Gauge({
    name: 'tocsin_silences_active',
    help: 'Silences that hold now.',
    registers: [registry],
    collect() {
      this.set(active());
    },
  });
}

function registerQuarantine(registry: Registry, holder: RulesHeld): void {
  new Gauge({
    name: 'tocsin_rules_quarantined',
    help: '1 for a rule that is judged no more because it kept throwing, 0 for the others.',
    labelNames: ['rule'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { id, stage } of holder.current.rules) if (isJudged(stage)) this.set({ rule: id }, 0);
      for (const { rule } of holder.quarantined()) this.set({ rule }, 1);
    },
  });
}

/** By rule, then by stage. */
type Counts = Map<string, RuleCounts[]>;

function countsOf(counts: Counts, rule: string, stage: Stage): RuleCounts {
  const ofRule = counts.get(rule) ?? [];
  if (ofRule.length === 0) counts.set(rule, ofRule);
  for (const known of ofRule) if (known.stage === stage) return known;
  const fresh = { stage, byResult: { match: 0, no_match: 0, unknown: 0, error: 0 } };
  ofRule.push(fresh);
  return fresh;
}

/** Counted in plain numbers and given to the registry at the scrape: a label lookup costs more than a rule. */
function registerEvaluations(registry: Registry, counts: Counts): void {
  new Counter({
    name: 'tocsin_rule_evaluations_total',
    help: 'Judgements of a signal by a rule: match, no match, unknown (data missing) or error.',
    labelNames: ['rule', 'stage', 'result'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [rule, ofRule] of counts) {
        for (const { stage, byResult } of ofRule)
          for (const result of RESULTS) this.inc({ rule, stage, result }, byResult[result]);
      }
    },
  });
}

function registerReloads(registry: Registry): Pick<ActionManagementMetrics, 'rulesLoaded' | 'reloadFailed'> {
  const registers = [registry];
  const successful = new Gauge({
    name: 'tocsin_rules_last_reload_successful',
    help: '1 when the newest rule files are in force, 0 when they were refused.',
    registers,
  });
  const successAt = new Gauge({
    name: 'tocsin_rules_last_reload_success_timestamp_seconds',
    help: 'When a rule set was last taken into force.',
    registers,
  });
  const info = new Gauge({
    name: 'tocsin_rules_info',
    help: 'The rule set in force, as a label; the value is always 1.',
    labelNames: ['hash'],
    registers,
  });
  return {
    rulesLoaded: ({ hash }, now) => {
      info.reset();
      info.set({ hash }, 1);
      successful.set(1);
      successAt.set(now / 1000);
    },
    reloadFailed: () => successful.set(0),
  };
}
