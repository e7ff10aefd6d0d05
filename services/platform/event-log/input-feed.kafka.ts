import type { Topic } from '../../contracts/topics.ts';
import type { OriginMarks } from '../database/state-store.postgres.ts';
import type { TopicRecord } from '../keyed-process/keyed-process.ts';
import type { InputFeed, PassedOver } from '../keyed-process/state-store.ts';
import type { TraceContext } from '../tracing/tracing.ts';
import type { RegistryCodec } from './schemas.registry.ts';

/** A record as it came from the broker. */
export interface FetchedRecord {
  readonly offset: number;
  /** Epoch ms. */
  readonly timestamp: number;
  readonly key: string;
  readonly value: Buffer | null;
  /** Who has put it out, and as its how manieth fact. Absent for records of other producers. */
  readonly origin?: { readonly name: string; readonly sequence: number };
  /** The trace that it belongs to. */
  readonly trace?: TraceContext;
}

/**
 * The records of one partition number, over all topics, between the fetching consumer and the runner.
 *
 * The consumer pushes what it has fetched; the runner takes it in order of time, each topic in its own order.
 * What was handed out is kept until the next `take`, which means that it was committed, or `seek`, which means
 * that it was not. A record whose writer has sent it before is passed over: each writer counts its facts up, and
 * the last number that was taken from it is stored with the position.
 */
export class KafkaInputFeed implements InputFeed, OriginMarks {
  readonly #partition: number;
  readonly #codec: Pick<RegistryCodec, 'decode'>;
  readonly #onRoom: (topic: Topic) => void;
  readonly #lanes = new Map<Topic, Lane>();
  #arrivedAt = 0;

  /** `onRoom` is called when a topic that was full can be fetched again. */
  constructor(partition: number, codec: Pick<RegistryCodec, 'decode'>, onRoom: (topic: Topic) => void) {
    this.#partition = partition;
    this.#codec = codec;
    this.#onRoom = onRoom;
  }

  /**
   * Begins a topic at an offset, the one that the consumer is to fetch first. While it was not fetched up to `inOrderUntil`,
   * what is younger than its next record waits, whichever topic arrives first: so that a replay decides on an order that
   * only the log knows any more.
   */
  begin(topic: Topic, offset: number, inOrderUntil = 0): void {
    this.#arrivedAt = performance.now();
    this.#lanes.set(topic, {
      topic,
      waiting: [],
      head: 0,
      bytes: 0,
      tail: offset,
      inOrderUntil,
      full: false,
      handedOut: [],
      latest: this.#lanes.get(topic)?.latest ?? new Map(),
    });
  }

  /** The offset that is to be fetched next. */
  tail(topic: Topic): number {
    return this.#lanes.get(topic)?.tail ?? 0;
  }

  /**
   * Adds fetched records, those that are there already left out. True: there is no room for more, stop
   * fetching this topic until `onRoom`.
   */
  push(topic: Topic, records: readonly FetchedRecord[], nextOffset: number): boolean {
    const lane = this.#lanes.get(topic);
    if (lane === undefined) return false;
    this.#arrivedAt = performance.now();
    for (const record of records) {
      if (record.offset < lane.tail) continue;
      lane.waiting.push(record);
      lane.bytes += sizeOf(record);
    }
    lane.tail = Math.max(lane.tail, nextOffset);
    lane.full = lengthOf(lane) >= FULL_RECORDS || lane.bytes >= FULL_BYTES;
    return lane.full;
  }

  /** Whether records wait to be taken, and since when the oldest of each topic is in the log. */
  waiting(): readonly {
    readonly topic: Topic;
    readonly count: number;
    readonly next: number;
    readonly since: number | undefined;
    readonly full: boolean;
  }[] {
    return [...this.#lanes.values()].map((lane) => {
      const oldest = lane.handedOut[0]?.record ?? lane.waiting[lane.head];
      return {
        topic: lane.topic,
        count: lengthOf(lane) + lane.handedOut.length,
        next: oldest?.offset ?? lane.tail,
        since: oldest?.timestamp,
        full: lane.full,
      };
    });
  }

  async take(limit: number): Promise<readonly (TopicRecord<Topic> | PassedOver)[]> {
    for (const lane of this.#lanes.values()) lane.handedOut = [];
    const taken: (TopicRecord<Topic> | PassedOver)[] = [];
    while (taken.length < limit) {
      const lane = this.#earliest();
      const record = lane?.waiting[lane.head];
      if (lane === undefined || record === undefined) break;
      const { origin } = record;
      const before = origin === undefined ? undefined : lane.latest.get(origin.name);
      const repeated = origin !== undefined && before !== undefined && origin.sequence <= before;
      taken.push(repeated ? this.#repeated(lane, record) : await this.#read(lane, record));
      if (origin !== undefined && !repeated) lane.latest.set(origin.name, origin.sequence);
      lane.head += 1;
      lane.bytes -= sizeOf(record);
      lane.handedOut.push({ record, repeated, before });
    }
    for (const lane of this.#lanes.values()) this.#tidy(lane);
    return taken;
  }

  seek(positions: ReadonlyMap<Topic, number>): void {
    for (const lane of this.#lanes.values()) {
      const position = positions.get(lane.topic) ?? 0;
      const back = lane.handedOut.filter(({ record }) => record.offset >= position);
      for (const { record, repeated, before } of back.toReversed()) {
        lane.bytes += sizeOf(record);
        if (record.origin === undefined || repeated) continue;
        if (before === undefined) lane.latest.delete(record.origin.name);
        else lane.latest.set(record.origin.name, before);
      }
      lane.waiting = [...back.map(({ record }) => record), ...lane.waiting.slice(lane.head)];
      lane.head = 0;
      lane.handedOut = [];
    }
  }

  *before(topic: Topic, next: number): Iterable<readonly [string, number]> {
    const marks = new Map<string, number>();
    for (const { record, repeated } of this.#lanes.get(topic)?.handedOut ?? []) {
      if (record.origin !== undefined && !repeated && record.offset < next) {
        marks.set(record.origin.name, record.origin.sequence);
      }
    }
    yield* marks;
  }

  restore(topic: Topic, marks: ReadonlyMap<string, number>): void {
    if (!this.#lanes.has(topic)) this.begin(topic, 0);
    const lane = this.#lanes.get(topic);
    if (lane !== undefined) lane.latest = new Map(marks);
  }

  /** The end of a topic may have been compacted away, and is then never fetched. */
  #isWorthWaiting(): boolean {
    return performance.now() < this.#arrivedAt + IN_ORDER_WITHIN_MS;
  }

  #earliest(): Lane | undefined {
    let earliest: Lane | undefined;
    for (const lane of this.#lanes.values()) {
      const head = lane.waiting[lane.head];
      if (head === undefined) {
        if (lane.tail < lane.inOrderUntil && this.#isWorthWaiting()) return undefined;
        continue;
      }
      if (head.timestamp < (earliest?.waiting[earliest.head]?.timestamp ?? Number.POSITIVE_INFINITY))
        earliest = lane;
    }
    return earliest;
  }

  #repeated({ topic }: Lane, { offset, timestamp, key }: FetchedRecord): PassedOver {
    const place = { topic, partition: this.#partition, offset, appendedAt: timestamp, key };
    return { ...place, passedOver: 'sent_again', detail: '', payload: '' };
  }

  async #read({ topic }: Lane, record: FetchedRecord): Promise<TopicRecord<Topic> | PassedOver> {
    const { offset, timestamp: appendedAt, key, value, trace } = record;
    const partition = this.#partition;
    const reading = this.#codec.decode(topic, value);
    const decoded = reading instanceof Promise ? await reading : reading;
    if (decoded.ok) {
      const read = { topic, partition, offset, appendedAt, key, value: decoded.value };
      return trace === undefined ? read : { ...read, trace };
    }
    const place = { topic, partition, offset, appendedAt, key, ...(trace === undefined ? {} : { trace }) };
    // As base64 in JSON, so that whoever repairs it has all of it; only so much of what is not even ours.
    const payload = JSON.stringify({
      base64: (value ?? Buffer.alloc(0)).subarray(0, KEPT_BYTES).toString('base64'),
    });
    return { ...place, passedOver: 'not_decodable', detail: decoded.detail, payload };
  }

  #tidy(lane: Lane): void {
    if (lane.head >= TIDY_FROM || lane.head === lane.waiting.length) {
      lane.waiting = lane.waiting.slice(lane.head);
      lane.head = 0;
    }
    if (!lane.full || lengthOf(lane) > FULL_RECORDS / 2 || lane.bytes > FULL_BYTES / 2) return;
    lane.full = false;
    this.#onRoom(lane.topic);
  }
}

/** Per topic and partition. Two fetches may be on their way, so three times as much is in memory at worst. */
const FULL_RECORDS = 4_000;
const FULL_BYTES = 8 * 1024 * 1024;
/** Places of taken records that are kept before the list is made shorter. */
const TIDY_FROM = 1_000;
const KEPT_BYTES = 1024 * 1024;
/** How long a replay waits for the records of a topic while none of any topic arrives. */
const IN_ORDER_WITHIN_MS = 10_000;

const sizeOf = ({ key, value }: FetchedRecord): number => key.length + (value?.length ?? 0) + 100;

const lengthOf = ({ waiting, head }: Lane): number => waiting.length - head;

interface Lane {
  readonly topic: Topic;
  waiting: FetchedRecord[];
  /** Place of the next record in `waiting`. */
  head: number;
  bytes: number;
  tail: number;
  readonly inOrderUntil: number;
  full: boolean;
  handedOut: HandedOut[];
  /** Last number of each writer, of all that was handed out. */
  latest: Map<string, number>;
}

interface HandedOut {
  readonly record: FetchedRecord;
  readonly repeated: boolean;
  /** Last number of the same writer before this record. */
  readonly before: number | undefined;
}
