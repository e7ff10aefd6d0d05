import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Lag } from '../event-log/partition-ends.ts';
import { guardedCollect } from './registry.ts';

export interface KafkaMetrics {
  rebalanced(): void;
  crashed(restarted: boolean): void;
  produceFailed(): void;
  registryRequest(outcome: 'found' | 'not_found' | 'failed'): void;
  committed(seconds: number): void;
  /** States of quiet keys. */
  forgotten(states: number): void;
  /** What the gauges look at. */
  watch(lags: () => readonly Lag[], ready: () => boolean): void;
}

/** The figures of a service's dealings with Kafka and the schema registry. */
export function createKafkaMetrics(registry: Registry, service: string, group: string): KafkaMetrics {
  const registers = [registry];
  const rebalances = new Counter({
    name: 'tocsin_kafka_rebalances_total',
    help: 'Times that the partitions were dealt out anew.',
    labelNames: ['service', 'group'],
    registers,
  });
  const crashes = new Counter({
    name: 'tocsin_kafka_consumer_crashes_total',
    help: 'Times that the consumer gave up, and whether it began again by itself.',
    labelNames: ['service', 'group', 'restarted'],
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
  const forgotten = new Counter({
    name: 'tocsin_database_quiet_states_forgotten_total',
    help: 'States that were forgotten because nothing was written under their key for long.',
    labelNames: ['service'],
    registers,
  });
  forgotten.inc({ service }, 0);
  rebalances.inc({ service, group }, 0);
  produceErrors.inc({ service }, 0);
  for (const restarted of ['true', 'false']) crashes.inc({ service, group, restarted }, 0);
  for (const outcome of ['found', 'not_found', 'failed']) requests.inc({ outcome }, 0);
  let lags: () => readonly Lag[] = () => [];
  let ready: () => boolean = () => false;
  lagGauges(registry, { service, group }, () => lags());
  const running = new Gauge({
    name: 'tocsin_kafka_consumer_running',
    help: '1 while this instance is a member of its group with all its partitions open.',
    labelNames: ['service', 'group'],
    registers,
    collect: guardedCollect(registry, 'tocsin_kafka_consumer_running', () => {
      running.set({ service, group }, ready() ? 1 : 0);
    }),
  });
  return {
    rebalanced: () => rebalances.inc({ service, group }),
    crashed: (restarted) => crashes.inc({ service, group, restarted: String(restarted) }),
    produceFailed: () => produceErrors.inc({ service }),
    registryRequest: (outcome) => requests.inc({ outcome }),
    committed: (seconds) => commits.observe({ service }, seconds),
    forgotten: (states) => forgotten.inc({ service }, states),
    watch: (whose, isReady) => {
      lags = whose;
      ready = isReady;
    },
  };
}

function lagGauges(
  registry: Registry,
  whose: { readonly service: string; readonly group: string },
  lags: () => readonly Lag[],
): void {
  const labelNames = ['service', 'group', 'topic', 'partition'];
  const gauge = (name: string, help: string, value: (lag: Lag) => number): void => {
    const known = new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect: guardedCollect(registry, name, () => {
        known.reset();
        for (const lag of lags()) {
          known.set({ ...whose, topic: lag.topic, partition: String(lag.partition) }, value(lag));
        }
      }),
    });
  };
  gauge(
    'tocsin_kafka_consumer_lag_messages',
    'Records of a partition that are not committed, up to its end.',
    ({ records }) => records,
  );
  gauge(
    'tocsin_kafka_consumer_lag_seconds',
    'Age of the next record that is not committed; 0 when there is none.',
    ({ seconds }) => seconds,
  );
}
