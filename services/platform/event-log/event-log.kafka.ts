import type { Topic } from '../../contracts/topics.ts';
import type { TopicRecord } from '../keyed-process/keyed-process.ts';
import type { EventLog, Publishable, PublishResult } from './event-log.ts';
import type { KafkaReader } from './reader.kafka.ts';

/** The event log of the distributed mode: written through the outbox, read from Kafka. */
export class KafkaEventLog implements EventLog {
  readonly #publisher: Pick<EventLog, 'publish'>;
  readonly #reader: KafkaReader;

  constructor(publisher: Pick<EventLog, 'publish'>, reader: KafkaReader) {
    this.#publisher = publisher;
    this.#reader = reader;
  }

  publish<T extends Topic>(topic: T, records: readonly Publishable<T>[]): Promise<readonly PublishResult[]> {
    return this.#publisher.publish(topic, records);
  }

  read<T extends Topic>(
    topic: T,
    partition: number,
    offset: number,
    limit: number,
  ): Promise<readonly TopicRecord<T>[]> {
    return this.#reader.read(topic, partition, offset, limit);
  }

  fetch<T extends Topic>(
    topic: T,
    partition: number,
    offsets: readonly number[],
  ): Promise<readonly TopicRecord<T>[]> {
    return this.#reader.fetch(topic, partition, offsets);
  }

  endOffset(topic: Topic, partition: number): Promise<number> {
    return this.#reader.endOffset(topic, partition);
  }
}
