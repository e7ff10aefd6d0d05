import type { Assessment } from '../../contracts/assessment.ts';
import type { Signal, SignalType } from '../../contracts/signal.ts';
import {
  HANDLED,
  type Input,
  type KeyedProcess,
  type Step,
  skipped,
} from '../../platform/keyed-process/keyed-process.ts';
import type { Scorer } from '../ports.ts';
import { asKeptNow, type EarlierState } from './earlier-state.ts';
import { observe, profileOf } from './features.ts';
import { type CustomerState, isRepeat, remember } from './profile.ts';
import type { TextReading } from './read-text.ts';

/** Why a signal was not assessed. One list for ledger and metrics. */
export type ScoringSkip = 'repeated' | 'not_a_signal';

/**
 * Assesses each signal of a customer: its mood and intents, and the customer's risk before and after.
 *
 * One assessment per signal, in the order of the signals. A repeat of one of the last twelve is skipped.
 */
export function scoringProcess(scorer: Scorer): KeyedProcess<CustomerState | EarlierState> {
  return {
    name: 'scoring',
    keySpace: 'customer',
    inputs: ['signals'],
    onInput: (state, input, now) =>
      assess(scorer, state === undefined ? undefined : asKeptNow(state), input, now),
  };
}

function assess(
  scorer: Scorer,
  before: CustomerState | undefined,
  input: Input,
  now: number,
): Step<CustomerState> {
  if (input.topic !== 'signals') return skipped('not_a_signal' satisfies ScoringSkip);
  const signal = input.value;
  if (isRepeat(before, signal)) return skipped('repeated' satisfies ScoringSkip);
  const reading = readSignal(scorer, signal);
  const after = remember(before, signal, reading);
  const value = assessmentOf(scorer, signal, reading, before, after, now);
  return {
    outcome: HANDLED,
    state: after,
    emit: [{ topic: 'assessments', key: signal.customerId, value }],
  };
}

/**
 * CRM events carry the company's words ("outage in the north"), which say nothing of the customer's mood;
 * a survey's answer does.
 */
const CUSTOMERS_WORDS: ReadonlySet<SignalType> = new Set<SignalType>([
  'complaint.received',
  'complaint.resolved',
  'call_note.received',
  'contact.logged',
  'post.published',
  'survey.answered',
]);

/** What the signal's text says, where it has one in the customer's words. */
export function readSignal(scorer: Scorer, signal: Signal): TextReading | undefined {
  if (signal.text === undefined || signal.text === '' || !CUSTOMERS_WORDS.has(signal.type)) return undefined;
  return scorer.readText(signal.text, signal.language);
}

function assessmentOf(
  scorer: Scorer,
  signal: Signal,
  reading: TextReading | undefined,
  before: CustomerState | undefined,
  after: CustomerState,
  now: number,
): Assessment {
  const seen = observe(after);
  const risk = scorer.risk.explain(seen);
  return {
    id: signal.id,
    customerId: signal.customerId,
    assessedAt: now,
    signal,
    ...(reading === undefined ? {} : { sentiment: reading.sentiment }),
    intents: reading?.intents ?? [],
    riskScore: risk.score,
    ...(before === undefined ? {} : { riskScoreBefore: scoreBefore(scorer, before, after.at) }),
    riskContributions: risk.contributions,
    profile: profileOf(seen, risk.score),
    modelVersion: scorer.version,
  };
}

/** The risk right before the signal: the old picture as it looked at the same moment, so that only the news counts. */
const scoreBefore = (scorer: Scorer, before: CustomerState, at: number): number =>
  scorer.risk.score(observe(before, at));
