import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IdentityEntry } from '../../contracts/identity.ts';
import type { Signal } from '../../contracts/signal.ts';
import type { Complaint } from '../../contracts/sources.ts';
import { TOPICS, type Topic } from '../../contracts/topics.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../database/embedded-store.ts';
import type { ViewWriter } from '../database/state-store.sqlite.ts';
import { DAY, ManualClock } from '../time/clock.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { HANDLED, type KeyedProcess, type Step } from './keyed-process.ts';
import { Runner, type RunnerObserver } from './runner.ts';
import type { PartitionStore } from './state-store.ts';
import { Topology } from './topology.ts';

/**
 * For tests: a runner over real storage with tiny processes, in which each complaint's text is an order.
 *
 * `split` turns a complaint into a signal of its customer and an internal entry; `obey` does what the signal's
 * text says; `echo` counts the entries. Signals are logged and chained, entries only chained.
 */
export interface TestPipeline {
  readonly clock: ManualClock;
  readonly store: EmbeddedStore;
  readonly partition: PartitionStore;
  readonly runner: Runner;
  /** Publishes complaints; `customer: order` each. */
  publish(...orders: readonly string[]): Promise<void>;
  /** Everything that is stored, apart from how it is cut into batches. */
  everything(): Promise<unknown>;
  state(customer: string): unknown;
  /** A second runner that believes to own the same partition. */
  anotherRunner(): Runner;
  dispose(): void;
}

export interface TestPipelineOptions {
  readonly batchSize?: number;
  readonly cachedRows?: number;
  readonly observers?: readonly RunnerObserver[];
  readonly processes?: readonly KeyedProcess<unknown>[];
  readonly tracing?: Tracing;
  /** Stands between the runner and its store. */
  readonly between?: (store: PartitionStore) => PartitionStore;
}

const CHAINED: readonly Topic[] = ['signals', 'identities'];

export function testPipeline(options: TestPipelineOptions = {}): TestPipeline {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-runner-'));
  const clock = new ManualClock('2026-03-02T08:00:00Z');
  const store = openEmbeddedStore(folder, clock, [
    { id: '9000-notes', sql: 'CREATE TABLE note (id TEXT PRIMARY KEY, body TEXT NOT NULL)' },
  ]);
  const partition = store.partition('test', new Map([['notes', noteWriter(store)]]));
  const newRunner = (): Runner =>
    new Runner({
      topology: new Topology(options.processes ?? [split, obey, echo], CHAINED),
      store: options.between?.(partition) ?? partition,
      openFeed: store.openFeed,
      clock,
      ...options,
    });
  let published = 0;
  return {
    clock,
    store,
    partition,
    runner: newRunner(),
    publish: async (...orders) => {
      await store.log.publish(
        'complaints',
        orders.map((order) => {
          published += 1;
          const id = `r${published}`;
          return { id, key: id, value: complaint(id, order, clock.now()) };
        }),
      );
    },
    everything: async () => ({ tables: tables(store), facts: await facts(store) }),
    state: (customer) => partition.load('customer', customer),
    anotherRunner: newRunner,
    dispose: () => {
      store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function complaint(id: string, order: string, occurredAt: number): Complaint {
  const [customerId = '', text = ''] = order.split(': ');
  return { id, customerId, occurredAt, text };
}

export const split: KeyedProcess<never> = {
  name: 'split',
  keySpace: 'record',
  inputs: ['complaints'],
  onInput: (_, input) => {
    if (input.topic !== 'complaints') throw new Error('not mine');
    const signal = signalOf(input.value, input.appendedAt);
    if (signal.text === 'throw early') throw new Error('thrown early');
    const entry: IdentityEntry = { type: 'said', identity: signal.customerId, signal };
    return {
      outcome: HANDLED,
      emit: [
        { topic: 'signals', key: signal.customerId, value: signal },
        { topic: 'identities', key: signal.customerId, value: entry },
      ],
    };
  },
};

const signalOf = (value: Complaint, receivedAt: number): Signal => ({
  id: value.id,
  type: 'complaint.received',
  customerId: value.customerId ?? '',
  quarantined: false,
  occurredAt: value.occurredAt,
  receivedAt,
  source: 'complaints',
  channel: 'email',
  text: value.text ?? '',
});

export interface Obeyed {
  readonly orders: readonly string[];
}

export const obey: KeyedProcess<Obeyed> = {
  name: 'obey',
  keySpace: 'customer',
  inputs: ['signals'],
  onInput: (state, input) => {
    if (input.topic !== 'signals') throw new Error('not mine');
    const { id, text = '', occurredAt } = input.value;
    const step: Step<Obeyed> = {
      outcome: HANDLED,
      state: { orders: [...(state?.orders ?? []), text] },
      emit: [{ topic: 'contact-holds', key: input.key, value: hold(input.key, occurredAt) }],
    };
    return obeyed(text, id, step, occurredAt);
  },
  onTimer: (state, timer, now) => {
    if (timer.name === 'throw') throw new Error('thrown by a timer');
    if (timer.name === 'unstorable')
      return { outcome: HANDLED, views: [{ view: 'notes', id: 'x', row: 1n }] };
    const late = now - timer.dueAt;
    return {
      outcome: HANDLED,
      state: { orders: [...(state?.orders ?? []), `fired ${timer.name}`] },
      views: [{ view: 'notes', id: `${timer.key}/${timer.name}`, row: { late: late >= DAY } }],
    };
  },
};

const hold = (customerId: string, since: number) => ({ customerId, held: true, since, alertKeys: [] });

/** What an order adds to the plain step. */
function obeyed(order: string, id: string, step: Step<Obeyed>, at: number): Step<Obeyed> {
  const [verb = '', name = ''] = order.split(' ');
  switch (verb) {
    case 'throw':
      throw new Error('thrown on order');
    case 'reject':
      return { outcome: { type: 'deadLetter', reason: 'invalid_record', detail: 'as ordered' } };
    case 'forget':
      return { outcome: HANDLED, state: null };
    case 'ignore':
      return { outcome: { type: 'skipped', reason: 'as_ordered' } };
    case 'remind':
      return { ...step, timers: [{ name, dueAt: at + DAY }] };
    case 'postpone':
      return { ...step, timers: [{ name, dueAt: at + 2 * DAY }] };
    case 'due':
      return { ...step, timers: [{ name, dueAt: at }] };
    case 'cancel':
      return { ...step, timers: [{ name, dueAt: null }] };
    case 'queue':
      return { ...step, effects: [{ id: name, queue: 'slack', dueAt: at, payload: { id } }] };
    case 'unqueue':
      return { ...step, effects: [{ id: name, queue: 'slack', dueAt: at, payload: null }] };
    case 'note':
      return { ...step, views: [{ view: 'notes', id: name, row: { id } }] };
    case 'unstorable':
      return { ...step, views: [{ view: 'notes', id: name, row: 1n }] };
    default:
      return step;
  }
}

const echo: KeyedProcess<{ readonly heard: number }> = {
  name: 'echo',
  keySpace: 'customer',
  inputs: ['identities'],
  onInput: (state, input) => {
    if (input.topic !== 'identities' || input.value.type !== 'said') throw new Error('not mine');
    if (input.value.signal.text === 'echo throws') throw new Error('thrown by echo');
    return { outcome: HANDLED, state: { heard: (state?.heard ?? 0) + 1 } };
  },
};

const noteWriter =
  (store: EmbeddedStore): ViewWriter =>
  (id, row) =>
    void store.db.prepare('INSERT OR REPLACE INTO note VALUES (?, ?)').run(id, JSON.stringify(row));

const TABLES = ['position', 'timer', 'effect', 'ledger', 'dead_letter', 'note'];

function tables(store: EmbeddedStore): unknown {
  const rows = Object.fromEntries(
    TABLES.map((table) => [table, store.db.prepare(`SELECT * FROM ${table}`).all()]),
  );
  const states = store.db.prepare('SELECT key_space, key, body FROM state ORDER BY key_space, key').all();
  return { ...rows, state: states.map((row) => ({ ...row, body: JSON.parse(String(row.body)) })) };
}

async function facts(store: EmbeddedStore): Promise<unknown> {
  const topics = Object.keys(TOPICS) as Topic[];
  const all = await Promise.all(topics.map((topic) => store.log.read(topic, 0, 0, 10_000)));
  return all.flat();
}
