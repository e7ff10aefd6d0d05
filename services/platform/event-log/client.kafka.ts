import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import kafkajs, { type Kafka, type KafkaConfig, type LogEntry, type SASLOptions } from 'kafkajs';
import type { Logger } from '../logging/logger.ts';
import { decompressLz4, decompressSnappy } from './decompress.ts';

export interface KafkaOptions {
  readonly brokers: readonly string[];
  /** Shown in the brokers' logs and quotas. */
  readonly clientId: string;
  readonly ssl?: KafkaConfig['ssl'];
  readonly sasl?: SASLOptions;
  readonly log: Logger;
}

/**
 * A client with every setting that matters given by us: some of its defaults depend on NODE_ENV.
 *
 * Ours are compressed with zstd; what others have compressed with gzip, Snappy, LZ4 or zstd is read.
 */
export function createKafka({ brokers, clientId, ssl, sasl, log }: KafkaOptions): Kafka {
  hideHarmlessWarning();
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ZSTD;
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.Snappy] = () => onlyRead(decompressSnappy);
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.LZ4] = () => onlyRead(decompressLz4);
  return new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: 5_000,
    authenticationTimeout: 10_000,
    requestTimeout: 30_000,
    enforceRequestTimeout: true,
    retry: RETRY,
    logCreator: () => (entry) => toLog(log, entry),
  });
}

let warningHidden = false;

/** The client asks for a timer in the past after each answer; Node takes it for one millisecond and complains. */
function hideHarmlessWarning(): void {
  if (warningHidden) return;
  warningHidden = true;
  const emit = process.emitWarning.bind(process) as (...args: readonly unknown[]) => void;
  process.emitWarning = (...args: readonly unknown[]) => {
    if (args[1] !== 'TimeoutNegativeWarning') emit(...args);
  };
}

/** About half a minute; whoever called then decides. */
export const RETRY = { initialRetryTime: 200, maxRetryTime: 5_000, factor: 0.2, multiplier: 2, retries: 8 };

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
/** A broker takes messages of 1 MiB by default; nothing honest grows a thousandfold. */
const LARGEST_BATCH_BYTES = 256 * 1024 * 1024;
const ZSTD = {
  compress: (encoder: { readonly buffer: Buffer }) =>
    compress(encoder.buffer, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
  decompress: (bytes: Buffer) => decompress(bytes, { maxOutputLength: LARGEST_BATCH_BYTES }),
};

const onlyRead = (decompress: (bytes: Buffer, most: number) => Buffer) => ({
  compress: () => Promise.reject(new Error('this codec is only read')),
  decompress: async (bytes: Buffer) => decompress(bytes, LARGEST_BATCH_BYTES),
});

/** Its levels: 0 nothing, 1 error, 2 warning, 4 info, 5 debug. */
function toLog(log: Logger, { level, namespace, log: { message, ...fields } }: LogEntry): void {
  // Group, topic and offset are of use; stacks and whole assignments drown them.
  const { groupId, topic, partition, error, broker } = fields;
  const kept = {
    kafka: namespace,
    groupId,
    topic,
    partition,
    broker,
    error: error === undefined ? undefined : String(error),
  };
  if (level === kafkajs.logLevel.ERROR) log.warn(kept, message);
  else log.debug(kept, message);
}
