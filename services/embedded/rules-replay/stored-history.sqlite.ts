import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type RulesSince, readKeptRuleSets } from '../../action-management/adapters/kept-rule-sets.sqlite.ts';
import type { Topic } from '../../contracts/topics.ts';
import { DATA_FILE } from '../../platform/database/embedded-store.ts';
import { EMBEDDED_PARTITION } from '../../platform/event-log/event-log.sqlite.ts';
import { SqliteInputFeed } from '../../platform/event-log/input-feed.sqlite.ts';
import { LogTable, recordAt } from '../../platform/event-log/log-table.sqlite.ts';
import { batchLines } from '../../platform/event-log/record-batch.ts';
import type { Emit, TopicRecord } from '../../platform/keyed-process/keyed-process.ts';
import { type History, type HistoryRecord, HistoryUnusable, historyOf } from './history.ts';

/** What customers did, and what people did about it. Everything else follows from these. */
const TOPICS: readonly Topic[] = ['signals', 'alert-commands'];
/** Name of the file into which the history of many machines is pulled, inside a folder of its own. */
export const PULLED_FILE = 'history.sqlite';
/** Records taken from the file at a time. */
const TAKEN = 1_000;

export interface StoredHistory extends History {
  /** Whether one process wrote all of it: then a record's time is the instant at which everything that it caused happened. */
  readonly oneClock: boolean;
  /** One topic from its beginning. */
  read<T extends Topic>(topic: T): AsyncIterable<TopicRecord<T>>;
  /** The records of a topic that speak of somebody: the name stands somewhere in the record. Parses no others. */
  speakingOf<T extends Topic>(topic: T, name: string): Generator<TopicRecord<T>>;
  /** The rules that were in force until then; none where the folder is older than their being kept. */
  rulesSince(until: number): readonly RulesSince[];
  close(): void;
}

/**
 * The log of a data folder, as far back as it is kept, or what was pulled from many machines. Only reads: Tocsin may be at
 * work on the folder meanwhile.
 *
 * `time` says which clock the replay follows: that of the arrival, as it went live, or that of the customer, as if
 * everything had arrived when it happened. The latter is for what was imported all at once.
 */
export function openStoredHistory(folder: string, time: 'arrival' | 'event'): StoredHistory {
  const name = [PULLED_FILE, DATA_FILE].find((one) => existsSync(join(folder, one)));
  if (name === undefined) {
    throw new HistoryUnusable(
      `${folder}: no data of Tocsin here; name its folder with --data DIR, or, of many machines, see tocsin history pull`,
    );
  }
  const file = join(folder, name);
  const db = new DatabaseSync(file, { readOnly: true });
  const table = new LogTable(db);
  const stored = (): AsyncIterable<readonly HistoryRecord[]> => asTheyArrived(feedOf(table, TOPICS));
  return {
    from: folder,
    oneClock: name === DATA_FILE,
    records: time === 'arrival' ? stored : () => asTheyHappened(stored()),
    read: async function* <T extends Topic>(topic: T) {
      // A feed over one topic hands out records of that topic.
      for await (const records of feedOf(table, [topic])) yield* records as readonly TopicRecord<T>[];
    },
    speakingOf: (topic, name) => speakingOf(table, topic, name),
    rulesSince: (until) => readKeptRuleSets(db, until),
    close: () => db.close(),
  };
}

function* speakingOf<T extends Topic>(table: LogTable, topic: T, name: string): Generator<TopicRecord<T>> {
  const wanted = JSON.stringify(name);
  let next = 0;
  for (;;) {
    const [batch] = table.batchesFrom(topic, EMBEDDED_PARTITION, next, 1);
    if (batch === undefined) return;
    const lines = batchLines(batch);
    for (const [index, line] of lines.entries()) {
      if (!line.includes(wanted)) continue;
      // A batch of the topic holds its records.
      const record = recordAt(batch, lines, batch.baseOffset + index) as TopicRecord<T> | undefined;
      if (record !== undefined) yield record;
    }
    next = batch.baseOffset + batch.count;
  }
}

async function* feedOf(
  table: LogTable,
  topics: readonly Topic[],
): AsyncGenerator<readonly TopicRecord<Topic>[]> {
  const feed = new SqliteInputFeed(table, new Map(topics.map((topic) => [topic, 0])));
  for (;;) {
    const records = await feed.take(TAKEN);
    if (records.length === 0) return;
    yield records;
  }
}

async function* asTheyArrived(
  feed: AsyncIterable<readonly TopicRecord<Topic>[]>,
): AsyncGenerator<readonly HistoryRecord[]> {
  let at = 0;
  for await (const records of feed) {
    yield records.map(({ topic, key, value, appendedAt }) => {
      at = Math.max(at, appendedAt);
      // A record's topic and value belong together.
      return { at, fact: { topic, key, value } as Emit };
    });
  }
}

/** People's orders are left out: they followed the other clock. */
async function* asTheyHappened(
  arrived: AsyncIterable<readonly HistoryRecord[]>,
): AsyncGenerator<readonly HistoryRecord[]> {
  const happened: HistoryRecord[] = [];
  for await (const records of arrived) {
    for (const { fact } of records) {
      if (fact.topic !== 'signals') continue;
      const at = Math.min(fact.value.occurredAt, fact.value.receivedAt);
      happened.push({ at, fact: { ...fact, value: { ...fact.value, receivedAt: at } } });
    }
  }
  yield* historyOf('', happened).records();
}
