import kafkajs, { type Message, type Producer } from 'kafkajs';
import { isTopic } from '../../contracts/topics.ts';
import { TRACE_HEADERS, type TraceContext, traceHeaders } from '../tracing/tracing.ts';
import { type OutboxFact, readFacts } from './outbox-row.postgres.ts';
import type { OutboxRow, OutboxSender } from './outbox-sender.ts';
import type { TopicNames } from './topic-names.ts';

/** Headers of every record that a relay has written; the last two only where it belongs to a trace. */
export const HEADERS = {
  id: 'id',
  origin: 'origin',
  sequence: 'sequence',
  traceParent: TRACE_HEADERS.parent,
  traceState: TRACE_HEADERS.state,
} as const;

/** Sends rows with kafkajs. One `send` of an origin at a time, or the client's own repeats could change the order. */
export const kafkaSender = (producer: Pick<Producer, 'sendBatch'>, names: TopicNames): OutboxSender => ({
  send: async (origin, rows) => {
    for (const some of parts(rows.flatMap(placed))) {
      await producer.sendBatch({
        acks: -1,
        compression: kafkajs.CompressionTypes.ZSTD,
        topicMessages: byTopic(some, origin, names),
      });
    }
  },
});

/** kafkajs copies the list of a partition's records for each record that it adds; a broker has its costs for each request. */
const RECORDS_IN_REQUEST = 500;

/** A fact with its number and the instant at which it was put out. */
interface Placed {
  readonly fact: OutboxFact;
  readonly sequence: number;
  readonly at: number;
}

const placed = ({ sequence, facts, payload, at }: OutboxRow): readonly Placed[] =>
  readFacts(facts, payload).map((fact, index) => ({ fact, sequence: sequence + index, at }));

function* parts(facts: readonly Placed[]): Iterable<readonly Placed[]> {
  for (let from = 0; from < facts.length; from += RECORDS_IN_REQUEST)
    yield facts.slice(from, from + RECORDS_IN_REQUEST);
}

function byTopic(
  facts: readonly Placed[],
  origin: string,
  names: TopicNames,
): { topic: string; messages: Message[] }[] {
  const topics = new Map<string, Message[]>();
  for (const { fact, sequence, at } of facts) {
    if (!isTopic(fact.topic))
      throw new Error(`the outbox holds a topic that this version does not know: ${fact.topic}`);
    const name = names.of(fact.topic);
    const messages = topics.get(name) ?? [];
    if (messages.length === 0) topics.set(name, messages);
    messages.push({
      key: fact.key,
      value: fact.value,
      timestamp: String(at),
      headers: {
        [HEADERS.id]: fact.id,
        [HEADERS.origin]: origin,
        [HEADERS.sequence]: String(sequence),
        ...(fact.trace !== undefined && headersOf(fact.trace)),
      },
    });
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}

function headersOf(trace: TraceContext): Record<string, string> {
  const [parent, state] = traceHeaders(trace);
  return { [HEADERS.traceParent]: parent, ...(state !== '' && { [HEADERS.traceState]: state }) };
}
