import { Counter, type Registry } from 'prom-client';
import { SIGNAL_TYPES, type SignalType } from '../contracts/signal.ts';
import { SOURCES, type Source } from '../contracts/sources.ts';
import type { Emit } from '../platform/keyed-process/keyed-process.ts';
import { Tally } from '../platform/metrics/registry.ts';
import { HOUR } from '../platform/time/clock.ts';
import { FIELD_FAULTS } from './domain/field.ts';
import { IGNORE_REASONS } from './domain/ignore.ts';
import type { IntakeMetrics, RejectReason } from './ports.ts';

export interface IngestionMetrics extends IntakeMetrics {
  /** Called after the commit for each fact that was emitted. */
  onFact(emit: Emit): void;
}

/** A source that delivers in batches once an hour is not late; one that is behind by more has trouble. */
const LATE_MS = HOUR;

export const REJECT_REASONS: readonly RejectReason[] = [
  ...FIELD_FAULTS,
  'not_json',
  'not_utf8',
  'too_large',
  'unauthorized',
];

/** Registers the counters of ingestion; all label combinations exist from the start. */
export function createIngestionMetrics(registry: Registry): IngestionMetrics {
  const registers = [registry];
  const signals = Object.fromEntries(SOURCES.map((source) => [source, new Tally<SignalType>()])) as Readonly<
    // Every source is a key: the entries come from the list itself.
    Record<Source, Tally<SignalType>>
  >;
  const ingested = new Counter({
    name: 'tocsin_events_ingested_total',
    help: 'Signals made from source records, by source and signal type',
    labelNames: ['service', 'source', 'type'],
    registers,
    collect() {
      for (const source of SOURCES)
        signals[source].drain((type, count) => this.inc({ service: 'ingestion', source, type }, count));
    },
  });
  const rejected = new Counter({
    name: 'tocsin_events_rejected_total',
    help: 'Records that the gateway refused, by the first reason',
    labelNames: ['source', 'reason'],
    registers,
  });
  const duplicate = new Counter({
    name: 'tocsin_events_duplicate_total',
    help: 'Records whose id had been accepted before',
    labelNames: ['source'],
    registers,
  });
  const late = new Counter({
    name: 'tocsin_events_late_total',
    help: 'Signals heard more than an hour after what they tell of',
    labelNames: ['source'],
    registers,
  });
  const ignored = new Counter({
    name: 'tocsin_events_ignored_total',
    help: 'Records that say nothing about a customer: our own or automatic messages',
    labelNames: ['source', 'reason'],
    registers,
  });
  for (const source of SOURCES) {
    duplicate.inc({ source }, 0);
    late.inc({ source }, 0);
    for (const reason of REJECT_REASONS) rejected.inc({ source, reason }, 0);
    for (const reason of IGNORE_REASONS) ignored.inc({ source, reason }, 0);
    for (const type of signalsOf(source)) ingested.inc({ service: 'ingestion', source, type }, 0);
  }
  return {
    onFact: (emit) => {
      if (emit.topic !== 'signals') return;
      const { source, type, occurredAt, receivedAt } = emit.value;
      signals[source].add(type);
      if (receivedAt - occurredAt > LATE_MS) late.inc({ source });
    },
    repeated: (source) => duplicate.inc({ source }),
    ignored: (source, reason) => ignored.inc({ source, reason }),
    rejected: (source, reason) => rejected.inc({ source, reason }),
  };
}

const OF_SOURCE: Readonly<Partial<Record<SignalType, Source>>> = {
  'complaint.received': 'complaints',
  'complaint.resolved': 'complaints',
  'call_note.received': 'call-notes',
  'contact.logged': 'call-notes',
  'post.published': 'social-posts',
};

const signalsOf = (source: Source): readonly SignalType[] =>
  SIGNAL_TYPES.filter((type) => (OF_SOURCE[type] ?? 'crm-records') === source);

/** Counts nothing: for imports that end with their own summary, and for tests. */
export const NO_METRICS: IntakeMetrics = {
  repeated: () => undefined,
  ignored: () => undefined,
  rejected: () => undefined,
};
