import avsc, { type Schema, type Type } from 'avsc';
import type { Topic, TopicValues } from '../../contracts/topics.ts';
import { AvroBytes } from './avro-bytes.ts';
import { fromAvroOf } from './avro-shape.ts';
import { writerOf } from './avro-writer.ts';
import type { TopicSchema } from './schema-files.ts';

/** Turns the values of one topic into Avro bytes and back. */
export interface AvroCodec<Value> {
  /**
   * The bytes, after those of `prefix`. Throws `NotEncodable`, naming the field, for a value that does not fit the
   * schema.
   */
  encode(value: Value, prefix?: Buffer): Buffer;
  /** Reads bytes that were written with this very schema. Throws for any other bytes, also for too many. */
  decode(bytes: Buffer): Value;
  /**
   * A decoder for bytes that another version wrote. The two schemas are resolved here, once: keep the reader
   * for every record of that writer, because resolving costs two hundred times as much as reading.
   * Throws when this schema cannot read that one.
   */
  readerOf(writer: TopicSchema): (bytes: Buffer) => Value;
}

/** The codec of one schema version. Throws, naming the file, when it is not a schema that we can keep. */
export function avroCodec<T extends Topic>(
  schema: TopicSchema & { readonly topic: T },
): AvroCodec<TopicValues[T]> {
  const type = avroType(schema);
  const write = writerOf(type);
  const plain = fromAvroOf(type);
  // The contract test shows for every topic that its schema and its TypeScript type have the same fields.
  const fromAvro = (value: unknown) => plain(value) as TopicValues[T];
  return {
    encode(value, prefix = NO_PREFIX) {
      scratch.begin(prefix);
      write(scratch, value);
      return scratch.taken();
    },
    decode: (bytes) => fromAvro(type.fromBuffer(bytes)),
    readerOf(writer) {
      const resolver = type.createResolver(avroType(writer));
      return (bytes) => fromAvro(type.fromBuffer(bytes, resolver));
    },
  };
}

const NO_PREFIX = Buffer.alloc(0);

const scratch = new AvroBytes();

/**
 * Compiles a schema. Unions whose branches JavaScript cannot tell apart, such as int beside long, are refused:
 * their values would have to be wrapped.
 */
export function avroType({ file, json }: Pick<TopicSchema, 'file' | 'json'>): Type {
  try {
    // `json` is only known to be JSON; avsc checks that it is a schema, and throws where it is not.
    return avsc.Type.forSchema(json as Schema, { wrapUnions: 'never', omitRecordMethods: true });
  } catch (cause) {
    throw new Error(`${file}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
