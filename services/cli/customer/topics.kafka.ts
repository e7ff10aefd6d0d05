import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Admin, Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { TOPICS, type Topic } from '../../contracts/topics.ts';
import type { NamedSql, Postgres } from '../../platform/database/postgres.ts';
import { codecOf, connectKafka, kafkaOf, namesOf } from '../../platform/distributed/servers.ts';
import type { ServerSettings } from '../../platform/distributed/settings.ts';
import { StorageUnavailable } from '../../platform/event-log/event-log.ts';
import { fetchedRecord } from '../../platform/event-log/fetched-record.kafka.ts';
import { keyPartitioner, partitionOf } from '../../platform/event-log/partition-of.ts';
import type { RegistryCodec } from '../../platform/event-log/schemas.registry.ts';
import type { TopicNames } from '../../platform/event-log/topic-names.ts';
import { topicOffsets } from '../../platform/event-log/topic-offsets.kafka.ts';
import { asUnavailable } from '../../platform/event-log/unavailable.kafka.ts';
import { silentLogger } from '../../platform/logging/logger.ts';
import { DAY, MINUTE, SECOND, systemClock } from '../../platform/time/clock.ts';

/** A record of a topic. */
export interface Found {
  readonly topic: Topic;
  readonly key: string;
  readonly at: number;
  readonly value: unknown;
}

/** Services have not read what was there. */
export class NotRead extends Error {
  override readonly name = 'NotRead';
}

/** The topics of an installation, for the length of a command about one customer. */
export class CustomerTopics {
  readonly #kafka: Kafka;
  readonly #admin: Admin;
  readonly #names: TopicNames;
  readonly #codec: RegistryCodec;
  /** Those that there are: companies may have sources of their own. */
  readonly #topics: readonly Topic[];

  private constructor(
    kafka: Kafka,
    admin: Admin,
    names: TopicNames,
    codec: RegistryCodec,
    topics: readonly Topic[],
  ) {
    this.#kafka = kafka;
    this.#admin = admin;
    this.#names = names;
    this.#codec = codec;
    this.#topics = topics;
  }

  static async open(settings: ServerSettings): Promise<CustomerTopics> {
    const kafka = kafkaOf(settings, 'tocsin-customer', silentLogger);
    const admin = kafka.admin();
    await connectKafka(settings, admin).catch((error: unknown) => {
      throw asUnavailable(error);
    });
    const names = namesOf(settings);
    const existing = new Set(await admin.listTopics());
    // The keys of the topic table are the topics.
    const topics = (Object.keys(TOPICS) as Topic[]).filter((topic) => existing.has(names.of(topic)));
    return new CustomerTopics(kafka, admin, names, codecOf(settings, systemClock), topics);
  }

  close(): Promise<void> {
    return this.#admin.disconnect();
  }

  /**
   * Waits until services have read all that was there, and all that came of it: as many rounds as a record takes topics on its
   * longest way. Throws `NotRead` where one of them does not come on for so long.
   */
  async allRead(postgres: Postgres, patienceMs: number): Promise<void> {
    for (let round = 0; round < LONGEST_WAY; round++) {
      const owners = await postgres.query(NEXT_SEQUENCES, []);
      const put = JSON.stringify(owners);
      await untilNothing(patienceMs, async () =>
        (await postgres.query<{ what: string }>(NOT_SENT, [put])).map(({ what }) => what),
      );
      const ends = JSON.stringify(
        (await Promise.all(this.#topics.map((topic) => this.#endsOf(topic)))).flat(),
      );
      await untilNothing(patienceMs, async () =>
        (await postgres.query<{ what: string }>(NOT_READ, [ends])).map(({ what }) => what),
      );
    }
  }

  /** Every record that is still there of topics that are keyed by what is given, and of all others; how many could not be read. */
  async read(
    wanted: readonly { readonly topic: Topic; readonly keys?: ReadonlySet<string> }[],
    each: (found: Found) => void,
  ): Promise<number> {
    const behind = new Map<string, number>();
    for (const { topic, keys } of wanted) {
      if (!this.#topics.includes(topic)) continue;
      const offsets = await topicOffsets(this.#admin, this.#names.of(topic));
      const partitions = keys && new Set([...keys].map((key) => partitionOf(key, offsets.length)));
      for (const { partition, low, high } of offsets) {
        if (Number(low) >= Number(high) || partitions?.has(partition) === false) continue;
        behind.set(placeOf(this.#names.of(topic), partition), Number(high));
      }
    }
    if (behind.size === 0) return 0;
    return new Reading(this.#kafka, this.#names, this.#codec, behind, each).done();
  }

  topics(): readonly Topic[] {
    return this.#topics;
  }

  /** The latest record of each of these keys of a compacted topic is taken back: compaction removes the others, and then this. */
  async takeBack(topic: Topic, keys: Iterable<string>): Promise<void> {
    const messages = [...keys].map((key) => ({ key, value: null }));
    if (!this.#topics.includes(topic) || messages.length === 0) return;
    const producer = this.#kafka.producer({ createPartitioner: keyPartitioner });
    try {
      await producer.connect();
      await producer.send({ topic: this.#names.of(topic), acks: -1, messages });
    } catch (error) {
      throw asUnavailable(error);
    } finally {
      await producer.disconnect();
    }
  }

  /** By when Kafka will have removed what is in the topics now, epoch ms; nothing where it never will. */
  async goneBy(now: number): Promise<number | undefined> {
    const { resources } = await this.#admin.describeConfigs({
      includeSynonyms: false,
      resources: this.#topics.map((topic) => ({
        type: TOPIC_RESOURCE,
        name: this.#names.of(topic),
        configNames: ['cleanup.policy', ...KEPT, ...COMPACTED],
      })),
    });
    const longest = Math.max(
      ...resources.map(({ configEntries }) => {
        const value = (name: string) =>
          configEntries.find(({ configName }) => configName === name)?.configValue;
        const compacted = value('cleanup.policy') === 'compact';
        const spans = (compacted ? COMPACTED : KEPT).map((name) => Number(value(name) ?? -1));
        return spans.some((ms) => ms < 0 || ms > FOR_EVER)
          ? Number.POSITIVE_INFINITY
          : spans.reduce((a, b) => a + b);
      }),
    );
    return Number.isFinite(longest) ? now + longest : undefined;
  }

  async #endsOf(topic: Topic): Promise<readonly object[]> {
    const offsets = await topicOffsets(this.#admin, this.#names.of(topic));
    return offsets.map(({ partition, high }) => ({ topic, partition, high: Number(high) }));
  }
}

/** A retention counts from the youngest record of a segment, and segments are closed by age. */
const KEPT = ['retention.ms', 'segment.ms'] as const;
/** After that a record is compacted away, and then its tombstone. */
const COMPACTED = ['max.compaction.lag.ms', 'delete.retention.ms'] as const;
const FOR_EVER = 36_500 * DAY;

/** Kafka's number for a topic among the things that have settings. */
const TOPIC_RESOURCE = 2;

/** Record, identity, signal, assessment, two segments, request, alert, outcome; and one to be sure. */
const LONGEST_WAY = 10;

const placeOf = (name: string, partition: number): string => `${name}/${partition}`;

/** Looks again while it comes on; `what` is in words. */
async function untilNothing(patienceMs: number, what: () => Promise<readonly string[]>): Promise<void> {
  let before = '';
  let since = performance.now();
  for (;;) {
    const left = await what();
    if (left.length === 0) return;
    if (left.join() !== before) since = performance.now();
    if (performance.now() - since > patienceMs) throw new NotRead(left.slice(0, 5).join('; '));
    before = left.join();
    await setTimeout(LOOK_EVERY_MS);
  }
}

const LOOK_EVERY_MS = 50;

/** Reads partitions from their beginning to where they ended, as a group of its own that commits nothing. */
class Reading {
  readonly #consumer: Consumer;
  readonly #names: TopicNames;
  readonly #codec: RegistryCodec;
  readonly #behind: Map<string, number>;
  readonly #each: (found: Found) => void;
  readonly #all = Promise.withResolvers<void>();
  #unreadable = 0;
  readonly #beganAt = performance.now();
  /** When it had handed something over, or had begun to ask. */
  #heardAt: number | undefined;

  constructor(
    kafka: Kafka,
    names: TopicNames,
    codec: RegistryCodec,
    behind: Map<string, number>,
    each: (found: Found) => void,
  ) {
    this.#names = names;
    this.#codec = codec;
    this.#behind = behind;
    this.#each = each;
    this.#consumer = kafka.consumer({
      groupId: names.group(`customer-${randomUUID()}`),
      allowAutoTopicCreation: false,
      maxWaitTimeInMs: 500,
    });
  }

  async done(): Promise<number> {
    const { CRASH, FETCH } = this.#consumer.events;
    this.#consumer.on(CRASH, ({ payload }) => {
      if (!payload.restart) this.#all.reject(asUnavailable(payload.error));
    });
    this.#consumer.on(FETCH, () => {
      // A log may end with places without a record: the client goes on asking, and has nothing to hand over.
      this.#heardAt ??= performance.now();
      if (performance.now() - this.#heardAt > QUIET_MS) this.#all.resolve();
    });
    this.#all.promise.catch(() => undefined);
    const tooLate = globalThis.setTimeout(() => this.#look(), STALLED_MS);
    try {
      await this.#consumer.connect();
      const topics = new Set([...this.#behind.keys()].map((place) => place.slice(0, place.lastIndexOf('/'))));
      await this.#consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await this.#consumer.run({ autoCommit: false, eachBatch: (batch) => this.#take(batch) });
      await this.#all.promise;
    } catch (error) {
      throw asUnavailable(error);
    } finally {
      clearTimeout(tooLate);
      await this.#consumer.disconnect();
    }
    return this.#unreadable;
  }

  #look(): void {
    if (performance.now() - (this.#heardAt ?? this.#beganAt) < STALLED_MS)
      globalThis.setTimeout(() => this.#look(), STALLED_MS).unref();
    else this.#all.reject(new StorageUnavailable('busy', 'Kafka hands over no records'));
  }

  async #take({ batch, heartbeat, pause }: EachBatchPayload): Promise<void> {
    const place = placeOf(batch.topic, batch.partition);
    const end = this.#behind.get(place);
    const topic = this.#names.topic(batch.topic);
    if (end === undefined || topic === undefined) {
      pause();
      return;
    }
    this.#heardAt = performance.now();
    for (const { offset, timestamp, key, value } of batch.messages.map(fetchedRecord)) {
      // What was taken back holds nothing.
      if (offset >= end || value === null) continue;
      const decoded = await this.#codec.decode(topic, value);
      if (decoded.ok) this.#each({ topic, key, at: timestamp, value: decoded.value });
      else this.#unreadable += 1;
    }
    this.#heardAt = performance.now();
    await heartbeat();
    if (Number(batch.lastOffset()) + 1 < end) return;
    this.#behind.delete(place);
    pause();
    if (this.#behind.size === 0) this.#all.resolve();
  }
}

const QUIET_MS = 20 * SECOND;
const STALLED_MS = 2 * MINUTE;

const NEXT_SEQUENCES: NamedSql = {
  name: 'customer-next-sequences',
  text: 'SELECT consumer, partition, next_sequence AS next FROM owner',
};
const NOT_SENT: NamedSql = {
  name: 'customer-not-sent',
  text: `SELECT outbox.consumer || ' has facts that are not sent, of partition ' || outbox.partition || ' from ' || min(sequence) AS what
         FROM outbox JOIN json_to_recordset($1::text::json) AS put (consumer text, partition integer, next bigint)
           ON outbox.consumer = put.consumer AND outbox.partition = put.partition AND outbox.sequence < put.next
         GROUP BY outbox.consumer, outbox.partition ORDER BY what`,
};
const NOT_READ: NamedSql = {
  name: 'customer-not-read',
  text: `SELECT consumer || ' has read ' || topic || '/' || partition || ' up to ' || next_offset || ' of ' || ends.high AS what
         FROM position JOIN json_to_recordset($1::text::json) AS ends (topic text, partition integer, high bigint)
           USING (topic, partition)
         WHERE consumer <> 'embedded' AND next_offset < ends.high ORDER BY what`,
};
