import { createRulesProcess } from '../../action-management/domain/action-management.ts';
import type { RuleSet } from '../../action-management/domain/compile.ts';
import { evaluateOnce, momentOf } from '../../action-management/domain/evaluate.ts';
import { EMPTY, type WindowState } from '../../action-management/domain/window-state.ts';
import type { Assessment } from '../../contracts/assessment.ts';
import type { Input } from '../../platform/keyed-process/keyed-process.ts';
import { MINUTE } from '../../platform/time/clock.ts';
import { readRulesFolder, SHIPPED_RULES } from '../rules-folder.ts';
import { jsonRulesEngine } from './json-rules-engine.ts';
import { benchEvents, benchRulesOf, benchSet } from './rules-bench-set.ts';
import { benchSegments, type SegmentFigures } from './segment-bench.ts';

/** Numbers only. A signal that was judged by all rules of the set is one evaluation. */
export interface RulesFigures extends SegmentFigures {
  readonly evaluationsPerSecond50: number;
  readonly evaluationsPerSecond500: number;
  readonly jsonRulesEnginePerSecond50: number;
  readonly ratioToJsonRulesEngine50: number;
  /** Matches found by both engines in the signals that both have judged; they are the same ones. */
  readonly equalHits: number;
  /** CPU time of one signal through the whole process (remembering, judging, asking), 500 rules over 50. */
  readonly costRatio500To50: number;
  readonly microsPerSignal50: number;
  /** Stored state of a customer of the shipped rules after twelve signals, and after ten thousand. */
  readonly bytesPerCustomer: number;
  readonly bytesPerCustomerAtMost: number;
}

export interface RulesBenchOptions {
  /** An empty folder for the segments. */
  readonly dir: string;
  readonly seed: number;
  readonly segments: number;
  readonly onPhase?: (words: string) => void;
}

/** Signals in one round of our own. */
const SIGNALS = 20_000;
/** Signals that json-rules-engine judges in one round: it takes about a millisecond for each. */
const PEER_SIGNALS = 400;
/** The best round counts: whatever else the machine does only ever makes a round longer. */
const ROUNDS = 7;

/** Judges the same signals by the same rules as json-rules-engine in one run, and measures what rules cost. */
export async function benchRuleSets(options: RulesBenchOptions): Promise<RulesFigures> {
  const { seed, onPhase = () => undefined } = options;
  const events = benchEvents(SIGNALS, seed);
  onPhase('50 and 500 rules beside json-rules-engine');
  const judged = await beside(events);
  onPhase('the whole process with 50 and 500 rules');
  const { micros50, ratio } = wholeProcess(events);
  onPhase('what is remembered of a customer');
  const bytes = await bytesPerCustomer(seed);
  onPhase(`a segment rule over ${options.segments} keys`);
  return {
    ...judged,
    costRatio500To50: rounded(ratio),
    microsPerSignal50: rounded(micros50),
    ...bytes,
    ...(await benchSegments(options)),
  };
}

async function beside(events: readonly Assessment[]) {
  const rules = benchRulesOf(50);
  const fifty = benchSet(rules, 'bare');
  const many = benchSet(benchRulesOf(500), 'bare');
  const peer = await jsonRulesEngine(rules);
  const shared = events.slice(0, PEER_SIGNALS);
  const equalHits = await sameHits(shared, fifty, peer);
  const seconds = { fifty: [] as number[], many: [] as number[], peer: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    seconds.fifty.push(judgingSeconds(fifty, events));
    seconds.many.push(judgingSeconds(many, events));
    const began = performance.now();
    for (const event of shared) await peer(event);
    seconds.peer.push((performance.now() - began) / 1000);
  }
  const [a, b, c] = [seconds.fifty, seconds.many, seconds.peer].map((all) => Math.min(...all));
  const perSecond = SIGNALS / (a ?? 1);
  const peerPerSecond = PEER_SIGNALS / (c ?? 1);
  return {
    evaluationsPerSecond50: Math.round(perSecond),
    evaluationsPerSecond500: Math.round(SIGNALS / (b ?? 1)),
    jsonRulesEnginePerSecond50: Math.round(peerPerSecond),
    ratioToJsonRulesEngine50: rounded(perSecond / peerPerSecond),
    equalHits,
  };
}

/** Both engines find the same matches, or there is nothing to compare. */
async function sameHits(
  events: readonly Assessment[],
  ours: RuleSet,
  peer: (event: Assessment) => Promise<readonly string[]>,
): Promise<number> {
  let hits = 0;
  for (const event of events) {
    const found = [...matchesOf(ours, event)].sort();
    const theirs = [...(await peer(event))].sort();
    if (found.join() !== theirs.join()) {
      throw new Error(`signal ${event.id}: ours ${found.join()}, json-rules-engine ${theirs.join()}`);
    }
    hits += found.length;
  }
  if (hits === 0) throw new Error('no rule matched any signal: the engines were not compared');
  return hits;
}

/** The rules that match, judged as the process judges them. */
function matchesOf(ruleSet: RuleSet, event: Assessment): readonly string[] {
  const { facts } = momentOf(event, EMPTY);
  const matches: string[] = [];
  for (const rule of ruleSet.listening.get(event.signal.type) ?? []) {
    if (evaluateOnce(rule, facts).result === 'match') matches.push(rule.rule.id);
  }
  return matches;
}

function wholeProcess(events: readonly Assessment[]): { micros50: number; ratio: number } {
  const inputs = events.map(inputOf);
  const fifty = benchSet(benchRulesOf(50), 'with windows');
  const many = benchSet(benchRulesOf(500), 'with windows');
  const cost = { fifty: [] as number[], many: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    cost.fifty.push(cpuMicros(() => runAll(fifty, inputs)) / SIGNALS);
    cost.many.push(cpuMicros(() => runAll(many, inputs)) / SIGNALS);
  }
  const micros50 = Math.min(...cost.fifty);
  return { micros50, ratio: Math.min(...cost.many) / micros50 };
}

function runAll(ruleSet: RuleSet, inputs: readonly Input[]): Map<string, WindowState> {
  const rules = createRulesProcess(() => ruleSet);
  const states = new Map<string, WindowState>();
  for (const input of inputs) {
    const { state } = rules.onInput(states.get(input.key), input, input.appendedAt);
    if (state != null) states.set(input.key, state);
  }
  return states;
}

/** What the shipped rules remember: of a busy customer, and of one who never stops. */
async function bytesPerCustomer(
  seed: number,
): Promise<Pick<RulesFigures, 'bytesPerCustomer' | 'bytesPerCustomerAtMost'>> {
  const { ruleSet } = await readRulesFolder(SHIPPED_RULES);
  const ofOne = benchEvents(10_000, seed).map((event) => inputOf({ ...event, customerId: 'c1' }));
  const bytes = (count: number): number => {
    const state = runAll(ruleSet, ofOne.slice(0, count)).get('c1');
    return Buffer.byteLength(JSON.stringify(state));
  };
  return { bytesPerCustomer: bytes(12), bytesPerCustomerAtMost: bytes(ofOne.length) };
}

const inputOf = (value: Assessment): Input => ({
  topic: 'assessments',
  key: value.customerId,
  value,
  partition: 0,
  offset: 0,
  appendedAt: value.assessedAt + MINUTE,
});

function judgingSeconds(ruleSet: RuleSet, events: readonly Assessment[]): number {
  const began = performance.now();
  for (const event of events) matchesOf(ruleSet, event);
  return (performance.now() - began) / 1000;
}

function cpuMicros(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

const rounded = (figure: number): number => Number(figure.toFixed(2));
