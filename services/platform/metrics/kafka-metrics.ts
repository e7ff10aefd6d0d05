import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { OpenPartition } from '../keyed-process/open-partition.ts';
import type { Clock } from '../time/clock.ts';
import { guardedCollect } from './registry.ts';

export interface KafkaMetrics {
  rebalanced(): void;
  crashed(restarted: boolean): void;
  produceFailed(): void;
  registryRequest(outcome: 'found' | 'not_found' | 'failed'): void;
  committed(seconds: number): void;
  /** What the gauges look at. */
  watch(opened: () => readonly OpenPartition[], ready: () => boolean): void;
}

/** The figures of a service's dealings with Kafka and the schema registry. */
export function createKafkaMetrics(registry: Registry, service: string, clock: Clock): KafkaMetrics {
  const registers = [registry];
  const rebalances = new Counter({
    name: 'tocsin_kafka_rebalances_total',
    help: 'Times that the partitions were dealt out anew.',
    labelNames: ['service'],
    registers,
  });
  const crashes = new Counter({
    name: 'tocsin_kafka_consumer_crashes_total',
    help: 'Times that the consumer gave up, and whether it began again by itself.',
    labelNames: ['service', 'restarted'],
    registers,
  });
  const produceErrors = new Counter({
    name: 'tocsin_kafka_produce_errors_total',
    help: 'Sends that Kafka did not take; they are repeated.',
    labelNames: ['service'],
    registers,
  });
  const requests = new Counter({
    name: 'tocsin_schema_registry_requests_total',
    help: 'Questions to the schema registry.',
    labelNames: ['outcome'],
    registers,
  });
  const commits = new Histogram({
    name: 'tocsin_database_commit_duration_seconds',
    help: 'Seconds that PostgreSQL took for the commit of one batch.',
    labelNames: ['service'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  rebalances.inc({ service }, 0);
  produceErrors.inc({ service }, 0);
  for (const restarted of ['true', 'false']) crashes.inc({ service, restarted }, 0);
  for (const outcome of ['found', 'not_found', 'failed']) requests.inc({ outcome }, 0);
  let opened: () => readonly OpenPartition[] = () => [];
  let ready: () => boolean = () => false;
  lagGauges(registry, service, clock, () => opened());
  const running = new Gauge({
    name: 'tocsin_kafka_consumer_running',
    help: '1 while this instance is a member of its group with all its partitions open.',
    labelNames: ['service'],
    registers,
    collect: guardedCollect(registry, 'tocsin_kafka_consumer_running', () => {
      running.set({ service }, ready() ? 1 : 0);
    }),
  });
  return {
    rebalanced: () => rebalances.inc({ service }),
    crashed: (restarted) => crashes.inc({ service, restarted: String(restarted) }),
    produceFailed: () => produceErrors.inc({ service }),
    registryRequest: (outcome) => requests.inc({ outcome }),
    committed: (seconds) => commits.observe({ service }, seconds),
    watch: (partitions, isReady) => {
      opened = partitions;
      ready = isReady;
    },
  };
}

/** Of what was fetched and is not committed. What a full feed has not fetched yet only makes it older. */
function lagGauges(
  registry: Registry,
  service: string,
  clock: Clock,
  opened: () => readonly OpenPartition[],
): void {
  const registers = [registry];
  const labelNames = ['service', 'topic'];
  const messages = new Gauge({
    name: 'tocsin_kafka_consumer_lag_messages',
    help: 'Records that were fetched and are not committed.',
    labelNames,
    registers,
    collect: guardedCollect(registry, 'tocsin_kafka_consumer_lag_messages', () => {
      messages.reset();
      for (const { topic, count } of opened().flatMap(({ feed }) => feed.waiting()))
        messages.inc({ service, topic }, count);
    }),
  });
  const seconds = new Gauge({
    name: 'tocsin_kafka_consumer_lag_seconds',
    help: 'Age of the oldest record that is not committed; 0 when there is none.',
    labelNames,
    registers,
    collect: guardedCollect(registry, 'tocsin_kafka_consumer_lag_seconds', () => {
      const oldest = new Map<string, number>();
      for (const { topic, since } of opened().flatMap(({ feed }) => feed.waiting())) {
        const age = since === undefined ? 0 : Math.max(0, (clock.now() - since) / 1000);
        oldest.set(topic, Math.max(oldest.get(topic) ?? 0, age));
      }
      seconds.reset();
      for (const [topic, age] of oldest) seconds.set({ service, topic }, age);
    }),
  });
}
