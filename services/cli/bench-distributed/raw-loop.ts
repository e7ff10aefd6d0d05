import kafkajs, { type Kafka } from 'kafkajs';

export interface RawLoopOptions {
  readonly kafka: Kafka;
  readonly group: string;
  /** The topics that hold the records. */
  readonly from: readonly string[];
  readonly to: string;
  readonly records: number;
  /** Records before the clock starts: code that runs for the first time is slow. */
  readonly warmUp: number;
}

/**
 * The yardstick: a bare kafkajs consumer that produces each record again as it came, batch by batch, with the same
 * acknowledgement and compression as our relays. Nothing is decoded, decided or stored. Answers records a second.
 */
export async function runRawLoop(options: RawLoopOptions): Promise<number> {
  const { kafka, from, to, records, warmUp } = options;
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  const consumer = kafka.consumer({
    groupId: options.group,
    allowAutoTopicCreation: false,
    maxBytesPerPartition: 1024 * 1024,
  });
  await producer.connect();
  await consumer.connect();
  await consumer.subscribe({ topics: [...from], fromBeginning: true });
  let done = 0;
  let beganAt = 0;
  let counted = 0;
  const over = new Promise<number>((resolve, reject) => {
    // It begins again by itself when the group's coordinator is not there yet.
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) reject(payload.error);
    });
    void consumer
      .run({
        partitionsConsumedConcurrently: 4,
        eachBatch: async ({ batch }) => {
          const messages = batch.messages.map(({ key, value }) => ({ key, value }));
          await producer.send({ topic: to, acks: -1, compression: kafkajs.CompressionTypes.ZSTD, messages });
          done += messages.length;
          if (beganAt === 0 && done >= warmUp) {
            beganAt = performance.now();
            counted = done;
          }
          if (done >= records) resolve(((done - counted) / (performance.now() - beganAt)) * 1000);
        },
      })
      .catch(reject);
  });
  try {
    return await over;
  } finally {
    await consumer.disconnect();
    await producer.disconnect();
  }
}
