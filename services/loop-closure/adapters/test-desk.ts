import { DatabaseSync } from 'node:sqlite';
import type { AlertCommand, AlertEvent } from '../../contracts/alert.ts';
import type { Topic } from '../../contracts/topics.ts';
import type { EventLog, PublishResult } from '../../platform/event-log/event-log.ts';
import type { TopicRecord } from '../../platform/keyed-process/keyed-process.ts';
import { ManualClock } from '../../platform/time/clock.ts';
import type { Names } from '../../settings/names.ts';
import { createCommandWatch } from '../command-watch.ts';
import { type AlertViewState, alertView } from '../domain/alert-view.ts';
import { at, exampleAssessment } from '../domain/example.ts';
import { createAlertDesk } from '../service.ts';
import { LOOP_CLOSURE_MIGRATIONS } from './view-tables.sqlite.ts';
import { createViews } from './views.sqlite.ts';

/** Whom these tests know. */
export const TEST_NAMES: Names = {
  person: (who) => (who === 'ana' || who === 'U07ANA' ? 'Ana Ruiz' : who),
  personId: (who) => (['Ana Ruiz', 'U07ANA'].includes(who) ? 'ana' : who),
  team: (id) => (id === 'retention' ? 'Keepers' : id),
  zone: (who) => (who === 'olga' ? 'America/Chicago' : 'Europe/Berlin'),
  people: [{ id: 'ana', name: 'Ana Ruiz' }],
  teams: [{ id: 'retention', name: 'Keepers' }],
};

/** How the alerting of a test answers a command: with the event it would emit, or not at all. */
export type Alerting = (command: AlertCommand) => AlertEvent | undefined;

/**
 * A desk over real views in memory, with a log that keeps records in arrays and an alerting that a test scripts.
 */
export const createTestDesk = (alerting: Alerting = () => undefined) => {
  const db = new DatabaseSync(':memory:');
  for (const { sql } of LOOP_CLOSURE_MIGRATIONS) db.exec(sql);
  const views = createViews(db);
  const watch = createCommandWatch();
  const clock = new ManualClock(at('10:05'));
  const states = new Map<string, AlertViewState>();
  const records: TopicRecord<Topic>[] = [];
  const commands: AlertCommand[] = [];

  /** Appends the event to the log and lets the views take it, as the pipeline does in one transaction. */
  const happen = (value: AlertEvent): void => {
    const offset = records.length;
    const { alertKey: key, recordedAt: appendedAt } = value;
    const record = { topic: 'alerts', key, value, partition: 0, offset, appendedAt } as const;
    records.push(record);
    const step = alertView.onInput(states.get(key), record, clock.now());
    if (step.state) states.set(key, step.state);
    for (const { view, id, row } of step.views ?? []) Reflect.get(views.writers, view)(id, row);
    watch.onFact({ topic: 'alerts', key, value });
  };

  const log = fakeLog(records, (command) => {
    commands.push(command);
    const answer = alerting(command);
    if (answer !== undefined) queueMicrotask(() => happen(answer));
  });

  const desk = createAlertDesk({
    log,
    queries: views,
    names: TEST_NAMES,
    watch,
    clock,
    settleTimeoutMs: 50,
    history: {
      assessmentsOf: async (id) => (id === 'c-1' ? { partition: 0, offsets: [0] } : undefined),
    },
    business: {
      msBetween: (calendar, from, to) => (calendar === 'business' ? (to - from) / 2 : undefined),
    },
  });
  return { desk, clock, views, happen, commands };
};

const fakeLog = (
  records: readonly TopicRecord<Topic>[],
  onCommand: (command: AlertCommand) => void,
): EventLog => {
  const published = new Set<string>();
  const assessment: TopicRecord<'assessments'> = {
    topic: 'assessments',
    key: 'c-1',
    value: exampleAssessment(),
    partition: 0,
    offset: 0,
    appendedAt: at('10:00'),
  };
  return {
    async publish(_topic, batch) {
      return batch.map(({ id, value }): PublishResult => {
        if (published.has(id)) return 'repeated';
        published.add(id);
        // Only commands are published here.
        onCommand(value as AlertCommand);
        return 'accepted';
      });
    },
    async fetch(topic, _partition, offsets) {
      const held: readonly TopicRecord<Topic>[] = topic === 'assessments' ? [assessment] : records;
      // The topic was looked at just now; TypeScript does not tie it to the records.
      return held.filter(({ offset }) => offsets.includes(offset)) as never;
    },
    read: async () => [],
    endOffset: async () => records.length,
  };
};
