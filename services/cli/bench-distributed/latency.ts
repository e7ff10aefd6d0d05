import type { Kafka } from 'kafkajs';
import type { createTraffic } from '../../embedded/bench/traffic.ts';
import type { RegistryCodec } from '../../platform/event-log/schemas.registry.ts';
import type { TopicNames } from '../../platform/event-log/topic-names.ts';
import { systemClock } from '../../platform/time/clock.ts';
import { encodeBatch, type SourceProducer } from './records.ts';

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface LatencyOptions {
  readonly kafka: Kafka;
  readonly names: TopicNames;
  readonly codec: RegistryCodec;
  readonly producer: SourceProducer;
  readonly traffic: ReturnType<typeof createTraffic>;
  readonly perSecond: number;
  readonly seconds: number;
}

/** Customers who ask to cancel, beside the traffic: enough for a percentile, too few to be a load. */
const ASKING_PER_SECOND = 15;
const TICK_MS = 20;
const ARRIVES_WITHIN_MS = 15_000;

/**
 * Produces at a steady rate, and among it call notes of customers who ask to cancel; each of these becomes an alert
 * request. Measures from before the send to when a consumer of `alert-requests` has it.
 */
export async function measureLatency(options: LatencyOptions): Promise<Percentiles> {
  const { producer, traffic, codec } = options;
  const sentAt = new Map<string, number>();
  const waits: number[] = [];
  const listening = await listen(options, (alertKey) => {
    const began = sentAt.get(alertKey);
    if (began === undefined) return;
    sentAt.delete(alertKey);
    waits.push(performance.now() - began);
  });
  const began = performance.now();
  let sent = 0;
  let asked = 0;
  while (performance.now() - began < options.seconds * 1000) {
    const elapsed = (performance.now() - began) / 1000;
    const due = Math.floor(elapsed * options.perSecond) - sent;
    const asking = [];
    for (; asked < elapsed * ASKING_PER_SECOND; asked++) asking.push(asksToCancel(asked));
    const now = performance.now();
    for (const { customerId } of asking) sentAt.set(`raises:${customerId}`, now);
    const records = encodeBatch({ source: 'call-notes', records: asking }, codec, systemClock.now());
    if (due > 0)
      records.push(...encodeBatch(traffic.batch(due, systemClock.now()), codec, systemClock.now()));
    sent += Math.max(0, due);
    if (records.length > 0) await producer.send(records);
    await new Promise((resume) => setTimeout(resume, TICK_MS));
  }
  const until = performance.now() + ARRIVES_WITHIN_MS;
  while (sentAt.size > 0 && performance.now() < until) await new Promise((resume) => setTimeout(resume, 50));
  await listening.stop();
  if (sentAt.size > 0) throw new Error(`${sentAt.size} of ${asked} alert requests did not come within 15 s`);
  waits.sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(waits[Math.floor((waits.length - 1) * share)] ?? Number.NaN);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

const asksToCancel = (n: number) => ({
  id: `asks-${n}`,
  customerId: `asks-${n}`,
  occurredAt: systemClock.now(),
  direction: 'inbound',
  channel: 'phone',
  text: 'Customer wants to cancel the contract.',
});

async function listen({ kafka, names }: LatencyOptions, heard: (alertKey: string) => void) {
  const consumer = kafka.consumer({
    groupId: names.group('bench-listener'),
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 50,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [names.of('alert-requests')], fromBeginning: false });
  const joined = new Promise<void>((resolve) => {
    consumer.on(consumer.events.GROUP_JOIN, () => resolve());
  });
  await consumer.run({ eachMessage: async ({ message }) => heard(String(message.key)) });
  await joined;
  return { stop: () => consumer.disconnect() };
}
