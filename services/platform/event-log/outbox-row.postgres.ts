import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
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

/** The facts of one transaction as they lie in their row. */
export interface StoredFacts {
  readonly facts: string;
  readonly payload: Buffer;
}

/**
 * What is known of each fact, and behind one another their bytes. More than a few are compressed, both together: the database would write each of
 * their bytes twice, and the thread that sends them is handed a tenth.
 */
export function storedFacts(facts: readonly OutboxFact[]): StoredFacts {
  const known = JSON.stringify(facts.map(knownOf));
  const values = facts.map(({ value }) => value);
  const size = values.reduce((sum, { length }) => sum + length, 0);
  if (size < WORTH_COMPRESSING) return { facts: known, payload: Buffer.concat(values, size) };
  const list = Buffer.from(known);
  const payload = zstdCompressSync(Buffer.concat([list, ...values], list.length + size), QUICK);
  return { facts: JSON.stringify({ list: list.length } satisfies Compressed), payload };
}

const WORTH_COMPRESSING = 4 * 1024;
const QUICK = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

const knownOf = ({ topic, key, id, value, trace }: OutboxFact): StoredFact => ({
  t: topic,
  k: storable(key),
  i: storable(id),
  n: value.length,
  ...(trace === undefined ? {} : { c: trace }),
});

export function readFacts(facts: string, payload: Uint8Array | null): OutboxFact[] {
  // `storedFacts` and the publisher are the only writers of the columns.
  const known = JSON.parse(facts) as readonly StoredFact[] | Compressed;
  if (isList(known)) return factsOf(known, payload === null ? undefined : bufferOf(payload));
  if (payload === null) throw lostPayload();
  const bytes = zstdDecompressSync(payload);
  const list = JSON.parse(bytes.toString('utf8', 0, known.list)) as readonly StoredFact[];
  return factsOf(list, bytes.subarray(known.list));
}

function factsOf(known: readonly StoredFact[], bytes: Buffer | undefined): OutboxFact[] {
  let from = 0;
  return known.map(({ t, k, i, c, ...held }) => {
    const fact = { topic: t, key: restored(k), id: restored(i), ...(c === undefined ? {} : { trace: c }) };
    if ('p' in held) return { ...fact, value: Buffer.from(held.p, 'base64') };
    if (bytes === undefined) throw lostPayload();
    from += held.n;
    return { ...fact, value: bytes.subarray(from - held.n, from) };
  });
}

const isList = (known: readonly StoredFact[] | Compressed): known is readonly StoredFact[] =>
  Array.isArray(known);

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

const lostPayload = (): Error => new Error('a row of the outbox has lost its payload');

/** Topic, key, id and trace; then the length of its bytes in the payload, or, from a publisher, the bytes in base64. */
type StoredFact = {
  readonly t: Topic;
  readonly k: string;
  readonly i: string;
  readonly c?: TraceContext;
} & ({ readonly n: number } | { readonly p: string });

/** In place of the list: it begins the payload, which is compressed, and has so many bytes. */
interface Compressed {
  readonly list: number;
}
