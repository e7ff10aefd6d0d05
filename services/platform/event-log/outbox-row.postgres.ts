import type { Topic } from '../../contracts/topics.ts';
import { restored, storable } from '../database/storable-text.ts';
import type { Emit } from '../keyed-process/keyed-process.ts';
import type { Traced } from '../keyed-process/state-store.ts';
import type { TraceContext } from '../tracing/tracing.ts';

/** Turns a fact into the bytes that the log will hold. Throws for a value that its schema does not allow. */
export type EncodeFact = (fact: Emit) => Buffer;

/** A fact on its way to the log. */
export interface OutboxFact {
  readonly topic: Topic;
  readonly key: string;
  /** Its own id; empty where its value has none. */
  readonly id: string;
  /** The bytes that the log will hold. */
  readonly value: Buffer;
  /** The trace that it belongs to. */
  readonly trace?: TraceContext;
}

export const outboxFact = (fact: Traced<Emit>, encode: EncodeFact): OutboxFact => ({
  topic: fact.topic,
  key: fact.key,
  id: idOf(fact),
  value: encode(fact),
  ...(fact.trace === undefined ? {} : { trace: fact.trace }),
});

function idOf({ value }: Emit): string {
  return 'id' in value && typeof value.id === 'string' ? value.id : '';
}

/** The facts of one transaction as they lie in their row: what is known of each, and behind one another the bytes. */
export function storedFacts(facts: readonly OutboxFact[]): {
  readonly facts: string;
  readonly payload: Buffer;
} {
  const known: StoredFact[] = facts.map(({ topic, key, id, value, trace }) => ({
    t: topic,
    k: storable(key),
    i: storable(id),
    n: value.length,
    ...(trace === undefined ? {} : { c: trace }),
  }));
  return { facts: JSON.stringify(known), payload: Buffer.concat(facts.map(({ value }) => value)) };
}

export function readFacts(facts: string, payload: Uint8Array | null): OutboxFact[] {
  const bytes = payload === null ? null : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  let from = 0;
  // `storedFacts` and the publisher are the only writers of the column.
  return (JSON.parse(facts) as StoredFact[]).map(({ t, k, i, c, ...held }) => {
    const fact = { topic: t, key: restored(k), id: restored(i), ...(c === undefined ? {} : { trace: c }) };
    if ('p' in held) return { ...fact, value: Buffer.from(held.p, 'base64') };
    if (bytes === null) throw new Error('a row of the outbox has lost its payload');
    from += held.n;
    return { ...fact, value: bytes.subarray(from - held.n, from) };
  });
}

/** Topic, key, id and trace; then the length of its bytes in the payload, or, from a publisher, the bytes in base64. */
type StoredFact = {
  readonly t: Topic;
  readonly k: string;
  readonly i: string;
  readonly c?: TraceContext;
} & ({ readonly n: number } | { readonly p: string });
