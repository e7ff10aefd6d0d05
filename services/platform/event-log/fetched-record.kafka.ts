import type { IHeaders, KafkaMessage } from 'kafkajs';
import { traceContext } from '../tracing/tracing.ts';
import type { FetchedRecord } from './input-feed.kafka.ts';
import { HEADERS } from './outbox-sender.kafka.ts';

/** A message of the client as the feed takes it. */
export function fetchedRecord({ offset, timestamp, key, value, headers }: KafkaMessage): FetchedRecord {
  const name = textOf(headers, HEADERS.origin);
  const sequence = Number(textOf(headers, HEADERS.sequence));
  const trace = traceContext(textOf(headers, HEADERS.traceParent), textOf(headers, HEADERS.traceState));
  return {
    offset: Number(offset),
    timestamp: Number(timestamp),
    key: key === null ? '' : key.toString('utf8'),
    value,
    ...(name === undefined || !Number.isSafeInteger(sequence) ? {} : { origin: { name, sequence } }),
    ...(trace === undefined ? {} : { trace }),
  };
}

function textOf(headers: IHeaders | undefined, name: string): string | undefined {
  const value = headers?.[name];
  return value === undefined || Array.isArray(value) ? undefined : value.toString();
}
