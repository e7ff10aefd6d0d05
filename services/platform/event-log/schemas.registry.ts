import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import type { Topic, TopicValues } from '../../contracts/topics.ts';
import { type AvroCodec, avroCodec } from '../codec/avro.ts';
import { foreignReader } from '../codec/foreign-avro.ts';
import type { TopicSchema } from '../codec/schema-files.ts';
import type { Emit } from '../keyed-process/keyed-process.ts';
import type { Clock } from '../time/clock.ts';
import { StorageUnavailable } from './event-log.ts';
import type { TopicNames } from './topic-names.ts';
import { frameOf, unframed } from './wire-format.ts';

export interface RegistryOptions {
  /** Root of the Confluent-compatible API. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** The newest version of each topic's schema: what we write, and read everything as. */
  readonly schemas: ReadonlyMap<Topic, TopicSchema>;
  readonly names: TopicNames;
  readonly clock: Clock;
  /** Told of every question to the registry. */
  readonly onRequest?: (outcome: 'found' | 'not_found' | 'failed') => void;
}

type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly detail: string };
export type Decoded = Read<TopicValues[Topic]>;
/** A value in somebody else's schema. */
export type ForeignValue = Read<unknown>;

/** The schemas are not in the registry; `message` says how they get there. */
export class SchemasNotRegistered extends Error {
  override readonly name = 'SchemasNotRegistered';
}

/** Waited for while a service runs, since passwords change; at its start it is a mistake. */
export class RegistryRefusesLogin extends StorageUnavailable {}

/**
 * Avro with schema ids from a registry.
 *
 * Never registers anything: that is done at deployment. Each writer's schema is asked for once and resolved once;
 * an id that the registry does not know is not asked for again for a minute. A registry that is down stops
 * nothing that is already known; for an unknown id `decode` throws `StorageUnavailable`, and after half a minute
 * of that says that nobody can read it.
 */
export class RegistryCodec {
  readonly #options: RegistryOptions;
  readonly #registry: SchemaRegistry;
  readonly #codecs = new Map<Topic, AvroCodec<TopicValues[Topic]>>();
  /** What each of our own records begins with: its schema's id, in the wire format. */
  readonly #frames = new Map<Topic, Buffer>();
  readonly #readers = new Map<string, Reader<TopicValues[Topic]>>();
  readonly #foreign = new Map<string, Reader<unknown>>();
  /** Since when a schema is asked for without an answer. */
  readonly #askedSince = new Map<string, number>();
  readonly #unknownUntil = new Map<string, { readonly at: number; readonly detail: string }>();

  constructor(options: RegistryOptions) {
    this.#options = options;
    const { url, username, password } = options;
    this.#registry = new SchemaRegistry({
      host: url,
      clientId: 'tocsin',
      ...(username === undefined || password === undefined ? {} : { auth: { username, password } }),
      retry: { retries: 2, initialRetryTimeInSecs: 0.1, maxRetryTimeInSecs: 1 },
    });
    for (const [topic, schema] of options.schemas) {
      // Each codec gets values of its own topic only; the map cannot say so.
      this.#codecs.set(topic, avroCodec({ ...schema, topic }) as AvroCodec<TopicValues[Topic]>);
    }
  }

  /** The topics that have a schema. */
  topics(): Iterable<Topic> {
    return this.#codecs.keys();
  }

  /** Looks up the ids of our own schemas, for writing and reading. Throws `SchemasNotRegistered` when one is missing. */
  async warm(topics: Iterable<Topic>): Promise<void> {
    const missing: Topic[] = [];
    for (const topic of topics) {
      if (this.#frames.has(topic)) continue;
      const id = await this.#ownId(topic);
      if (id === undefined) missing.push(topic);
      else this.#know(topic, id);
    }
    if (missing.length > 0) {
      const subjects = missing.map(this.#options.names.subject).join(', ');
      throw new SchemasNotRegistered(
        `the registry does not have our schemas of ${subjects}; run: tocsin schemas register`,
      );
    }
  }

  /** What was written under our own schema can be read without asking again. */
  #know(topic: Topic, id: number): void {
    this.#frames.set(topic, frameOf(id));
    const schema = this.#options.schemas.get(topic);
    if (schema !== undefined)
      this.#readers.set(`${topic} ${id}`, {
        ok: true,
        read: this.#codecOf(topic).readerOf({ ...schema, topic }),
      });
  }

  /** Throws `NotEncodable`, naming the field, for a value that its schema does not allow. */
  encode(fact: Emit): Buffer {
    const { topic, value } = fact;
    const frame = this.#frames.get(topic);
    if (frame === undefined) throw new Error(`the schema id of ${topic} was not looked up at the start`);
    return this.#codecOf(topic).encode(value, frame);
  }

  /** What the bytes say, or why nobody can read them. At once when their schema has been seen before. */
  decode(topic: Topic, bytes: Buffer | null): Decoded | Promise<Decoded> {
    if (bytes === null) return { ok: false, detail: 'the record has no value' };
    const parts = unframed(bytes);
    if (parts === undefined) return { ok: false, detail: 'not in the wire format of a schema registry' };
    const known = this.#readers.get(`${topic} ${parts.schemaId}`);
    if (known !== undefined) return readWith(known, parts);
    return this.#readerOf(topic, parts.schemaId).then((reader) => readWith(reader, parts));
  }

  /** What a record says in its writer's own schema, whichever that is; as plain JSON values, unions unwrapped. */
  async decodeForeign(bytes: Buffer | null): Promise<ForeignValue> {
    if (bytes === null) return { ok: false, detail: 'the record has no value' };
    const parts = unframed(bytes);
    if (parts === undefined) return { ok: false, detail: 'not in the wire format of a schema registry' };
    const place = `foreign ${parts.schemaId}`;
    const known =
      this.#foreign.get(place) ?? (await this.#remembered(place, () => this.#foreignReader(parts.schemaId)));
    if (!known.ok) return known;
    this.#foreign.set(place, known);
    return readWith(known, parts);
  }

  async #foreignReader(schemaId: number): Promise<Reader<unknown>> {
    const json = await this.#schemaOf(schemaId);
    if (json === undefined) return { ok: false, detail: `the registry does not know schema ${schemaId}` };
    try {
      return { ok: true, read: foreignReader(json) };
    } catch (error) {
      return { ok: false, detail: `schema ${schemaId} cannot be used: ${describe(error)}` };
    }
  }

  #codecOf(topic: Topic): AvroCodec<TopicValues[Topic]> {
    const codec = this.#codecs.get(topic);
    if (codec === undefined) throw new Error(`${topic} has no schema`);
    return codec;
  }

  async #readerOf(topic: Topic, schemaId: number): Promise<Reader<TopicValues[Topic]>> {
    const place = `${topic} ${schemaId}`;
    const reader = await this.#remembered(place, () => this.#openReader(topic, schemaId));
    if (reader.ok) this.#readers.set(place, reader);
    return reader;
  }

  /** Opens a reader, unless it is known for now that there is none. */
  async #remembered<T>(place: string, open: () => Promise<Reader<T>>): Promise<Reader<T>> {
    const unknown = this.#unknownUntil.get(place);
    if (unknown !== undefined && unknown.at > this.#options.clock.now())
      return { ok: false, detail: unknown.detail };
    const reader = await open().catch((error: unknown) => this.#waitOrGiveUp(place, error));
    this.#askedSince.delete(place);
    if (!reader.ok)
      this.#unknownUntil.set(place, { at: this.#options.clock.now() + ASK_AGAIN_MS, detail: reader.detail });
    return reader;
  }

  /** A registry that does not answer is waited for, but not for ever: the records behind wait, too. */
  #waitOrGiveUp(place: string, error: unknown): NoReader {
    const now = this.#options.clock.now();
    const since = this.#askedSince.get(place) ?? now;
    this.#askedSince.set(place, since);
    if (now - since < GIVE_UP_AFTER_MS) throw error;
    return { ok: false, detail: describe(error) };
  }

  #schemaOf(schemaId: number): Promise<unknown> {
    return this.#ask(`schema ${schemaId}`, async () => {
      const schema: unknown = await this.#registry.getSchema(schemaId);
      return JSON.parse(JSON.stringify(schema)) as unknown;
    });
  }

  async #openReader(topic: Topic, schemaId: number): Promise<Reader<TopicValues[Topic]>> {
    const json = await this.#schemaOf(schemaId);
    if (json === undefined) return { ok: false, detail: `the registry does not know schema ${schemaId}` };
    try {
      const writer = { topic, version: 0, file: `schema ${schemaId} of the registry`, json };
      return { ok: true, read: this.#codecOf(topic).readerOf(writer) };
    } catch (error) {
      return {
        ok: false,
        detail: `schema ${schemaId} cannot be read as ${topic}: ${String((error as Error).message)}`,
      };
    }
  }

  #ownId(topic: Topic): Promise<number | undefined> {
    const schema = this.#options.schemas.get(topic);
    if (schema === undefined) throw new Error(`${topic} has no schema`);
    return this.#ask(this.#options.names.subject(topic), () =>
      // The client wants its own type of schema; ours is only known to be JSON until the registry has seen it.
      this.#registry.getRegistryIdBySchema(
        this.#options.names.subject(topic),
        schema.json as Parameters<SchemaRegistry['getRegistryIdBySchema']>[1],
      ),
    );
  }

  /** Nothing when the registry says that it does not have it. */
  async #ask<T>(what: string, question: () => Promise<T>): Promise<T | undefined> {
    const { onRequest } = this.#options;
    try {
      const answer = await within(question(), ANSWER_WITHIN_MS);
      onRequest?.('found');
      return answer;
    } catch (error) {
      if (isUnknown(error)) {
        onRequest?.('not_found');
        return undefined;
      }
      onRequest?.('failed');
      const { status } = error as { readonly status?: unknown };
      if (status === 401 || status === 403)
        throw new RegistryRefusesLogin('closed', loginRefused(status), error);
      const words = `the registry does not answer about ${what}: ${describe(error)}`;
      throw new StorageUnavailable('closed', words, error);
    }
  }
}

/** What to say of an answer 401 or 403. */
export const loginRefused = (status: number): string =>
  `the registry refuses the login (HTTP ${status}): see TOCSIN_REGISTRY_USERNAME and TOCSIN_REGISTRY_PASSWORD`;

function readWith<T>(reader: Reader<T>, { schemaId, avro }: { schemaId: number; avro: Buffer }): Read<T> {
  if (!reader.ok) return reader;
  try {
    return { ok: true, value: reader.read(avro) };
  } catch (error) {
    return { ok: false, detail: `not Avro of schema ${schemaId}: ${describe(error)}` };
  }
}

type Reader<T> = { readonly ok: true; readonly read: (bytes: Buffer) => T } | NoReader;
interface NoReader {
  readonly ok: false;
  readonly detail: string;
}

/** A restart of the registry takes less. What is set aside after it can be tried again. */
const GIVE_UP_AFTER_MS = 30_000;
/** How long an id that the registry did not know is not asked for again. */
const ASK_AGAIN_MS = 60_000;
/** Three tries and their pauses fit. */
const ANSWER_WITHIN_MS = 10_000;

/** 404 is an answer. So is 422, for a schema that the registry cannot even read. */
const isUnknown = (error: unknown): boolean => {
  const { status } = error as { status?: unknown };
  return status === 404 || status === 422 || /not found|does not exist/i.test(describe(error));
};

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timeout: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timeout = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timeout);
  }
}
