import type { Assessment } from '../../contracts/assessment.ts';
import type { Signal } from '../../contracts/signal.ts';
import type { Complaint } from '../../contracts/sources.ts';
import { openEmbeddedStore } from '../../platform/database/embedded-store.ts';
import type { Publishable } from '../../platform/event-log/event-log.ts';
import { HANDLED, type Input, type KeyedProcess } from '../../platform/keyed-process/keyed-process.ts';
import { Runner } from '../../platform/keyed-process/runner.ts';
import { Topology } from '../../platform/keyed-process/topology.ts';
import { systemClock } from '../../platform/time/clock.ts';

export interface BareLoopOptions {
  readonly signals: number;
  readonly customers: number;
  /** An empty folder; what is written stays there. */
  readonly dir: string;
  /** The same seed makes the same signals. */
  readonly seed: number;
}

export interface BareLoopResult {
  /** Signals through publish, the three processes and the commit, by the wall clock. */
  readonly signalsPerSecond: number;
  /** The same without the time that publishing took. */
  readonly signalsPerSecondAfterPublish: number;
  /** CPU time of the whole process, garbage collection included. */
  readonly cpuMicrosPerSignal: number;
  readonly passMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

/**
 * The bare chained loop: what the platform costs when its processes do next to nothing.
 *
 * Three chained processes on the embedded store, durable: the first turns a complaint of about 350 bytes into
 * a signal, the other two keep about 600 bytes of state per customer and the second of them emits a fact. No HTTP,
 * no scoring, no rules. It is the yardstick against which the real pipeline is measured.
 */
export async function runBareLoop(options: BareLoopOptions): Promise<BareLoopResult> {
  const { signals, dir } = options;
  const store = openEmbeddedStore(dir, systemClock, []);
  const passMs: number[] = [];
  const runner = new Runner({
    topology: new Topology([normalise, score, count], ['signals', 'assessments']),
    store: store.partition('bare-loop', new Map()),
    openFeed: store.openFeed,
    clock: systemClock,
    observers: [{ onPass: ({ seconds }) => passMs.push(seconds * 1000) }],
  });
  const makeBatch = batchMaker(options);
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  let publishing = 0;
  for (let done = 0; done < signals; done += WAVE) {
    const before = performance.now();
    const publishes = [];
    for (let from = done; from < Math.min(done + WAVE, signals); from += PUBLISHED_AT_ONCE) {
      const batch = makeBatch(from, Math.min(PUBLISHED_AT_ONCE, signals - from));
      publishes.push(store.log.publish('complaints', batch));
    }
    await Promise.all(publishes);
    publishing += performance.now() - before;
    await runner.drain();
  }
  const elapsed = performance.now() - started;
  const cpu = process.cpuUsage(cpuBefore);
  store.close();
  return {
    signalsPerSecond: Math.round((signals / elapsed) * 1000),
    signalsPerSecondAfterPublish: Math.round((signals / (elapsed - publishing)) * 1000),
    cpuMicrosPerSignal: Number(((cpu.user + cpu.system) / signals).toFixed(1)),
    passMs: { p50: quantile(passMs, 0.5), p99: quantile(passMs, 0.99), max: quantile(passMs, 1) },
  };
}

/** Records in one publish, as an import sends them. */
export const PUBLISHED_AT_ONCE = 500;
/** Records that wait before the runner gets its turn: a few senders at the same time. */
export const WAVE = 2_000;

const normalise: KeyedProcess<never> = {
  name: 'bare-normalise',
  keySpace: 'record',
  inputs: ['complaints'],
  onInput: (_, input) => {
    if (input.topic !== 'complaints') return { outcome: HANDLED };
    const signal = toSignal(input.value, input.appendedAt);
    return { outcome: HANDLED, emit: [{ topic: 'signals', key: signal.customerId, value: signal }] };
  },
};

const toSignal = (complaint: Complaint, receivedAt: number): Signal => ({
  id: `complaints/${complaint.id}`,
  type: 'complaint.received',
  customerId: complaint.customerId ?? 'nobody',
  quarantined: false,
  occurredAt: complaint.occurredAt,
  receivedAt,
  source: 'complaints',
  channel: complaint.channel ?? 'email',
  text: complaint.text ?? '',
  product: complaint.product ?? '',
});

/** About 330 bytes: a moving mean and the last ten instants. */
interface ScoreState {
  readonly customerId: string;
  readonly mood: number;
  readonly risk: number;
  readonly seen: number;
  readonly lastAt: number;
  readonly recent: readonly number[];
  readonly note: string;
}

const score: KeyedProcess<ScoreState> = {
  name: 'bare-score',
  keySpace: 'customer',
  inputs: ['signals'],
  onInput: (state, input, now) => {
    if (input.topic !== 'signals') return { outcome: HANDLED };
    const signal = input.value;
    const next: ScoreState = {
      customerId: signal.customerId,
      mood: (state?.mood ?? 0) * 0.9 - 0.1,
      risk: ((state?.risk ?? 0) * 7 + 13) % 100,
      seen: (state?.seen ?? 0) + 1,
      lastAt: signal.occurredAt,
      recent: [...(state?.recent ?? []).slice(-9), signal.occurredAt],
      note: 'what is known of this customer from the CRM, in short',
    };
    const value = toAssessment(signal, next, now);
    return { outcome: HANDLED, state: next, emit: [{ topic: 'assessments', key: input.key, value }] };
  },
};

const toAssessment = (signal: Signal, state: ScoreState, assessedAt: number): Assessment => ({
  id: signal.id,
  customerId: signal.customerId,
  assessedAt,
  signal,
  intents: [],
  riskScore: state.risk,
  riskContributions: [],
  profile: { sentiment: state.mood, complaints30d: state.seen },
  modelVersion: 'bare',
});

/** About 250 bytes: a window of the last eight signals. */
interface CountState {
  readonly count: number;
  readonly window: readonly { readonly at: number; readonly risk: number }[];
}

const count: KeyedProcess<CountState> = {
  name: 'bare-count',
  keySpace: 'customer',
  inputs: ['assessments'],
  onInput: (state, input: Input) => {
    if (input.topic !== 'assessments') return { outcome: HANDLED };
    const entry = { at: input.value.signal.occurredAt, risk: Math.round(input.value.riskScore) };
    return {
      outcome: HANDLED,
      state: { count: (state?.count ?? 0) + 1, window: [...(state?.window ?? []).slice(-7), entry] },
    };
  },
};

const WORDS =
  'the bill is wrong again and nobody called me back about my line which has been down since monday so please cancel or fix it now I have told this story three times and paid twice'.split(
    ' ',
  );

/** Texts that take turns. Made beforehand, because making them would cost as much as publishing them. */
const TEXTS = 1_000;

/** Makes complaints of customers drawn at random, each of about 350 bytes. */
function batchMaker({ customers, seed }: BareLoopOptions) {
  const random = mulberry32(seed);
  const start = Date.parse('2026-01-01T00:00:00Z');
  const aWord = () => WORDS[Math.floor(random() * WORDS.length)];
  const texts = Array.from({ length: TEXTS }, () => Array.from({ length: 28 }, aWord).join(' '));
  const makeComplaint = (index: number): Publishable<'complaints'> => {
    const customerId = `c-${Math.floor(random() * customers)}`;
    const text = texts[index % TEXTS] ?? '';
    const id = `r-${seed}-${index}`;
    const value: Complaint = {
      id,
      customerId,
      occurredAt: start + index * 1000,
      channel: 'email',
      text,
      product: 'fibre-500',
    };
    return { id, key: customerId, value };
  };
  return (from: number, size: number): Publishable<'complaints'>[] =>
    Array.from({ length: size }, (_, offset) => makeComplaint(from + offset));
}

/** A small seeded generator of numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2));
}
