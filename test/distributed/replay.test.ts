import { expect, inject, test } from 'vitest';
import { alerting } from '../../services/alerting/main.ts';
import { SHIPPED_RULES } from '../../services/embedded/rules-folder.ts';
import { loopClosure } from '../../services/loop-closure/main.ts';
import { notification } from '../../services/notification/main.ts';
import { type ServiceSettings, serviceSettings } from '../../services/platform/distributed/settings.ts';
import { openService, type ServiceDefinition } from '../../services/platform/distributed/start-service.ts';
import { silentLogger } from '../../services/platform/logging/logger.ts';
import { createRegistry } from '../../services/platform/metrics/registry.ts';
import { Lifecycle } from '../../services/platform/process/lifecycle.ts';
import { HOUR, ManualClock } from '../../services/platform/time/clock.ts';
import { askKafka } from '../support/kafka-admin.ts';
import { askPostgres } from './support/ask-postgres.ts';
import { newPlace, openSixServices, type Place } from './support/six-services.ts';

const complaint = (customerId: string, occurredAt: number) => ({
  id: `r-${customerId}`,
  customerId,
  occurredAt,
  text: 'I want to cancel my contract.',
});

test('a service reads its topics again into a database of its own: the same state and views, nothing sent to anybody', {
  timeout: 400_000,
}, async () => {
  const place = await newPlace(2);
  const clock = new ManualClock(Date.now() - 3 * HOUR);
  const began = clock.now();
  const services = await openSixServices({ place, clock, rules: SHIPPED_RULES });
  try {
    for (const customers of [['c-1', 'c-2'], ['c-3']]) {
      await services.stage.accept(
        'complaints',
        customers.map((customer) => complaint(customer, clock.now())),
      );
      await services.stage.settle();
      const [row] = (await services.desk.queries.alerts({ customer: customers[0] ?? '' }, 1)).rows;
      await services.stage.order(row?.alertId ?? '', 'acknowledge', {}, 'anna');
      await services.stage.settle();
      // Together less than any time box: what is due at the end would fire in the replay only.
      clock.advance(HOUR / 3);
    }
  } finally {
    await services.stop();
  }
  const live = place.env.TOCSIN_DATABASE_URL;
  const ends = await endsOf(place);

  const all = await replayed(place, began - 1, clock, [loopClosure, alerting, notification]);
  expect(await alertsIn(all)).toEqual(await alertsIn(live));
  expect(await auditIn(all)).toEqual(await auditIn(live));
  for (const consumer of ['alerting', 'loop-closure'])
    expect(await statesIn(all, consumer)).toEqual(await statesIn(live, consumer));
  expect(await askPostgres(all, 'SELECT 1 FROM outbox UNION ALL SELECT 1 FROM effect')).toEqual([]);

  // From the middle on, only what was written from then on is known.
  const later = await replayed(place, began + HOUR / 4, clock, [loopClosure]);
  expect((await alertsIn(later)).map(({ subject }) => subject)).toEqual(['c-3']);

  expect(await endsOf(place)).toEqual(ends);
  await expect(replay(place, live, began, clock, loopClosure)).rejects.toThrow('lives in this database');
  await expect(replay(place, all, undefined, clock, loopClosure)).rejects.toThrow('holds a replay');
});

async function replayed(
  place: Place,
  from: number,
  clock: ManualClock,
  definitions: readonly ServiceDefinition<never>[] | readonly unknown[],
): Promise<string> {
  const database = `replay_${Math.random().toString(36).slice(2, 10)}`;
  await askPostgres(inject('postgresUrl'), `CREATE DATABASE ${database}`);
  const url = inject('postgresUrl').replace(/\/postgres$/, `/${database}`);
  for (const definition of definitions)
    await replay(place, url, from, clock, definition as ServiceDefinition<unknown>);
  return url;
}

/** Runs one service until it has read everything. */
async function replay<Own>(
  place: Place,
  databaseUrl: string,
  from: number | undefined,
  clock: ManualClock,
  definition: ServiceDefinition<Own>,
): Promise<void> {
  const env = {
    ...place.env,
    TOCSIN_DATABASE_URL: databaseUrl,
    TOCSIN_RULES_DIR: SHIPPED_RULES,
    ...(from === undefined ? {} : { TOCSIN_REPLAY_FROM: new Date(from).toISOString() }),
  };
  // The two schemas are put together here.
  const settings = serviceSettings.extend(definition.settings.shape).parse(env) as ServiceSettings & Own;
  const lifecycle = new Lifecycle();
  const context = { settings, clock, log: silentLogger, registry: createRegistry(), lifecycle };
  try {
    const opened = await openService(definition, context);
    const stop = new AbortController();
    const running = opened.run(stop.signal);
    await untilRead(place, databaseUrl, definition.name, from);
    stop.abort();
    await running;
  } finally {
    await lifecycle.close(10_000);
  }
}

async function untilRead(place: Place, databaseUrl: string, consumer: string, from?: number): Promise<void> {
  const until = performance.now() + 120_000;
  for (;;) {
    const ends = await endsOf(place, from);
    const rows = await askPostgres(
      databaseUrl,
      `SELECT topic, partition, next_offset FROM position WHERE consumer = '${consumer}'`,
    );
    const read = new Map(rows.map((row) => [`${row.topic}/${row.partition}`, Number(row.next_offset)]));
    const topics = new Set(rows.map((row) => row.topic));
    // Also of partitions that were not opened yet.
    const behind = Object.entries(ends).filter(
      ([where, end]) => topics.has(where.split('/')[0]) && (read.get(where) ?? 0) < end,
    );
    if (rows.length > 0 && behind.length === 0) return;
    if (performance.now() > until) throw new Error(`${consumer} still has to read ${JSON.stringify(behind)}`);
    await new Promise((resume) => setTimeout(resume, 100));
  }
}

/** End of each partition of each topic, as `topic/partition`, where it has something since then. */
function endsOf({ names }: Place, since = 0): Promise<Readonly<Record<string, number>>> {
  return askKafka(inject('kafkaBrokers'), async (admin) => {
    const ends: Record<string, number> = {};
    for (const topic of [
      'alert-requests',
      'alert-commands',
      'alerts',
      'notification-outcomes',
      'assessments',
      'signals',
    ] as const) {
      const firsts = await admin.fetchTopicOffsetsByTimestamp(names.of(topic), since);
      for (const { partition, high } of await admin.fetchTopicOffsets(names.of(topic))) {
        const first = firsts.find((one) => one.partition === partition)?.offset ?? high;
        if (Number(first) < Number(high)) ends[`${topic}/${partition}`] = Number(high);
      }
    }
    return ends;
  });
}

const alertsIn = (url: string) =>
  askPostgres(url, 'SELECT alert_id, subject, status, queue_at, body FROM loop_alert ORDER BY alert_id');
const auditIn = (url: string) => askPostgres(url, 'SELECT event_id, body FROM loop_audit ORDER BY event_id');
const statesIn = (url: string, consumer: string) =>
  askPostgres(url, `SELECT key_space, key, body FROM state WHERE consumer = '${consumer}' ORDER BY 1, 2`);
