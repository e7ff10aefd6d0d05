import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { SHIPPED_RULES } from '../../services/embedded/rules-folder.ts';
import type { AlertRow } from '../../services/loop-closure/domain/alert-row.ts';
import { serviceSettings } from '../../services/platform/distributed/settings.ts';
import { openService } from '../../services/platform/distributed/start-service.ts';
import { silentLogger } from '../../services/platform/logging/logger.ts';
import { createRegistry } from '../../services/platform/metrics/registry.ts';
import { Lifecycle } from '../../services/platform/process/lifecycle.ts';
import { ManualClock } from '../../services/platform/time/clock.ts';
import { scoring } from '../../services/scoring/main.ts';
import { postgresPrograms } from '../bench-servers/downloads.ts';
import { askKafka } from '../support/kafka-admin.ts';
import { onlyTheseRules } from '../support/rules-folder.ts';
import { askPostgres } from './support/ask-postgres.ts';
import { newPlace, openSixServices, type Place, type SixServices } from './support/six-services.ts';

// The database is put back to a dump, as the runbook says, while Kafka is as it was: ahead of it.

const PARTITIONS = 2;
const RULE = 'cancel-intent-in-writing.rule.yaml';

let folder: string;
let rules: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-dump-'));
  rules = mkdtempSync(join(tmpdir(), 'tocsin-rules-'));
  onlyTheseRules(rules, { [RULE]: readFileSync(join(SHIPPED_RULES, RULE), 'utf8') });
});
afterAll(() => {
  for (const each of [folder, rules]) rmSync(each, { recursive: true, force: true });
});

const program = (name: string, ...args: readonly string[]): void =>
  void execFileSync(join(postgresPrograms(), name), args, { stdio: ['ignore', 'inherit', 'inherit'] });

/** As in the runbook. */
async function restored(place: Place, dump: string, suffix = '_again'): Promise<Place> {
  const url = place.env.TOCSIN_DATABASE_URL;
  const name = `${url.split('/').at(-1)}${suffix}`;
  await askPostgres(inject('postgresUrl'), `CREATE DATABASE ${name}`);
  const again = url.replace(/[^/]+$/, name);
  program('pg_restore', '--exit-on-error', `--dbname=${again}`, dump);
  return { ...place, env: { ...place.env, TOCSIN_DATABASE_URL: again } };
}

const complaints = (...customers: readonly string[]) =>
  customers.map((customerId) => ({
    id: `r-${customerId}`,
    customerId,
    occurredAt: Date.now(),
    text: 'I want to cancel my contract.',
  }));

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

async function everyAlert({ desk }: SixServices) {
  return (await desk.queries.alerts({}, 500)).rows;
}

/** Without those of the control. */
const alerts = async (services: SixServices) =>
  (await everyAlert(services)).filter(({ subject }) => !subject.startsWith('unheard-'));

/** Until every service has read all that its topics hold. */
async function caughtUp({ stage, postgres }: SixServices, place: Place): Promise<void> {
  for (;;) {
    await stage.settle();
    const positions = await postgres.query<{ topic: string; partition: number; next: string }>(POSITIONS, []);
    const behind = [];
    for (const topic of new Set(positions.map((position) => position.topic))) {
      const name = `${place.env.TOCSIN_TOPIC_PREFIX}${topic}`;
      const ends = await askKafka(inject('kafkaBrokers'), (admin) => admin.fetchTopicOffsets(name));
      const endOf = (partition: number) => Number(ends.find((one) => one.partition === partition)?.high);
      behind.push(
        ...positions.filter((one) => one.topic === topic && Number(one.next) < endOf(one.partition)),
      );
    }
    if (behind.length === 0) return;
    await new Promise((resume) => setTimeout(resume, 100));
  }
}

const POSITIONS = {
  name: 'test-positions',
  text: 'SELECT topic, partition, next_offset AS next FROM position',
};

const before = numbered('before', 10);
const between = numbered('between', 20);
const after = numbered('after', 20);

test('after a restore nothing is lost: what came before the dump, after it, and after the restore', {
  timeout: 400_000,
}, async () => {
  const clock = new ManualClock(Date.now());
  const place = await newPlace(PARTITIONS);
  const dump = join(folder, 'tocsin.dump');
  const services = await openSixServices({ place, clock, rules });
  await services.stage.accept('complaints', complaints(...before));
  await services.stage.settle();
  const [first] = await alerts(services);
  await services.stage.order(first?.alertId ?? '', 'acknowledge', {}, 'anna');
  await services.stage.settle();
  program('pg_dump', '--format=custom', `--file=${dump}`, place.env.TOCSIN_DATABASE_URL);
  // What the dump does not know: records, and an alert that is closed.
  for (const customer of between) await services.stage.accept('complaints', complaints(customer));
  await services.stage.settle();
  const closed = (await alerts(services)).find(({ subject }) => subject === 'between-0');
  const reached = { channel: 'phone', reached: true };
  await services.stage.order(closed?.alertId ?? '', 'contact', reached, 'anna');
  await services.stage.order(
    closed?.alertId ?? '',
    'close',
    { outcome: 'saved', rootCause: 'price' },
    'anna',
  );
  await services.stage.settle();
  const lived = await alerts(services);
  expect(lived).toHaveLength(30);
  expect(await services.stop()).toEqual([]);

  // Control: a restore that nobody notices. What comes next is taken for repeats.
  const unnoticed = await restored(place, dump, '_unnoticed');
  await askPostgres(unnoticed.env.TOCSIN_DATABASE_URL, 'DELETE FROM home');
  const forgetful = await openSixServices({ place: unnoticed, clock, rules });
  try {
    await caughtUp(forgetful, place);
    const unheard = numbered('unheard', 20);
    await complain(forgetful, place, unheard);
    const heard = (await everyAlert(forgetful)).filter(({ subject }) => unheard.includes(subject));
    expect(heard.length).toBeLessThan(unheard.length);
  } finally {
    await forgetful.stop();
  }

  const again = await openSixServices({ place: await restored(place, dump), clock, rules });
  try {
    await caughtUp(again, place);
    const idsOf = (rows: readonly AlertRow[]) => rows.map(({ alertId }) => alertId).toSorted();
    const brought = await alerts(again);
    expect(idsOf(brought)).toEqual(idsOf(lived));
    const status = (id: string | undefined) => brought.find(({ alertId }) => alertId === id)?.status;
    expect([status(first?.alertId), status(closed?.alertId)]).toEqual(['acknowledged', 'closed']);

    // A source sends again what it had sent after the dump, and things go on.
    await again.stage.accept('complaints', complaints('between-1'));
    await complain(again, place, after);
    const all = await alerts(again);
    expect(all.map(({ subject }) => subject).toSorted()).toEqual(
      [...before, ...between, ...after].toSorted(),
    );
    for (const { alertKey } of all) {
      const events = await again.desk.queries.eventsOfAlert(alertKey);
      const opened = events.filter(({ action }) => ['raised', 'reopened'].includes(action));
      expect([alertKey, opened.length]).toEqual([alertKey, 1]);
    }
    expect(new Set(all.map(({ evidenceCount }) => evidenceCount))).toEqual(new Set([1]));
    const { checks, restoredAt } = await again.ledger();
    expect(checks.filter(({ meets }) => !meets)).toEqual([]);
    expect(restoredAt).toBeGreaterThan(0);
  } finally {
    await again.stop();
  }
});

async function complain(services: SixServices, place: Place, customers: readonly string[]): Promise<void> {
  for (const customer of customers) await services.stage.accept('complaints', complaints(customer));
  await caughtUp(services, place);
}

test('a Kafka that holds less than was read is not read on: nothing new is taken for old', {
  timeout: 400_000,
}, async () => {
  const clock = new ManualClock(Date.now());
  const place = await newPlace(1);
  const services = await openSixServices({ place, clock, rules });
  await services.stage.accept('complaints', complaints('c-1'));
  await services.stage.settle();
  await services.stop();
  await askPostgres(
    place.env.TOCSIN_DATABASE_URL,
    "UPDATE position SET next_offset = next_offset + 10 WHERE consumer = 'scoring' AND topic = 'signals'",
  );
  const lines: object[] = [];
  const settings = serviceSettings.parse(place.env);
  const lifecycle = new Lifecycle();
  const stop = new AbortController();
  const log = { ...silentLogger, warn: (fields: object) => lines.push(fields) };
  const { service, run } = await openService(scoring, {
    settings,
    clock,
    log,
    registry: createRegistry(),
    lifecycle,
  });
  const running = run(stop.signal);
  while (lines.length === 0) await new Promise((resume) => setTimeout(resume, 50));
  expect(JSON.stringify(lines[0])).toContain('signals/0 was read up to 11 and ends at 1');
  expect(service.notReady()).toBe('waiting for partitions');
  stop.abort();
  await running;
  await lifecycle.close(10_000);
});
