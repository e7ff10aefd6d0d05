import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import { expect, inject, test } from 'vitest';
import { createKafka } from '../../services/platform/event-log/client.kafka.ts';
import { silentLogger } from '../../services/platform/logging/logger.ts';

const { CompressionTypes, CompressionCodecs } = kafkajs;

test.each([
  ['gzip', CompressionTypes.GZIP],
  ['snappy', CompressionTypes.Snappy],
  ['lz4', CompressionTypes.LZ4],
  ['zstd', CompressionTypes.ZSTD],
] as const)('what another client has compressed with %s is read', async (codec, type) => {
  const brokers = inject('kafkaBrokers');
  const topic = `codec-${codec}-${randomUUID()}`;
  const kafka = createKafka({ brokers: brokers.split(','), clientId: 'test', log: silentLogger });
  const used = countUses(type);
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await admin.disconnect();
  const sent = Array.from({ length: 50 }, (_, n) => `${n}: ${'Down again! '.repeat(n * 20)}`);
  const kcat = spawnSync('kcat', ['-P', '-b', brokers, '-t', topic, '-z', codec, '-X', 'linger.ms=500'], {
    input: `${sent.join('\n')}\n`,
    encoding: 'utf8',
  });
  expect({ error: kcat.error, said: kcat.stderr, status: kcat.status }).toEqual({ said: '', status: 0 });
  expect(await readAll(kafka, topic, sent.length)).toEqual(sent);
  expect(used()).toBeGreaterThan(0);
});

/** How often the codec was asked for. */
function countUses(type: kafkajs.CompressionTypes): () => number {
  // The client's types know only the codec that comes with it.
  const codecs = CompressionCodecs as Record<number, () => unknown>;
  const codec = codecs[type];
  let uses = 0;
  codecs[type] = () => {
    uses += 1;
    return codec?.();
  };
  return () => uses;
}

async function readAll(kafka: kafkajs.Kafka, topic: string, count: number): Promise<readonly string[]> {
  const consumer = kafka.consumer({ groupId: topic, allowAutoTopicCreation: false });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const read: string[] = [];
  try {
    await new Promise<void>((done, failed) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => failed(payload.error));
      void consumer.run({
        eachMessage: async ({ message }) => {
          read.push(message.value?.toString() ?? '');
          if (read.length === count) done();
        },
      });
    });
  } finally {
    await consumer.disconnect();
  }
  return read;
}
