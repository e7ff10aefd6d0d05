import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { SHIPPED_RULES } from '../../services/embedded/rules-folder.ts';
import { ManualClock } from '../../services/platform/time/clock.ts';
import { postgresPrograms } from '../bench-servers/downloads.ts';
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
async function restored(place: Place, dump: string): Promise<Place> {
  const url = place.env.TOCSIN_DATABASE_URL;
  const name = `${url.split('/').at(-1)}_again`;
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

async function alerts({ desk }: SixServices) {
  const { rows } = await desk.queries.alerts({}, 500);
  return rows;
}

test('after a restore nothing is lost: what came before the dump, after it, and after the restore', async () => {
  const clock = new ManualClock(Date.now());
  const place = await newPlace(PARTITIONS);
  const before = numbered('before', 10);
  const between = numbered('between', 20);
  const after = numbered('after', 20);

  const dump = join(folder, 'tocsin.dump');
  const services = await openSixServices({ place, clock, rules });
  await services.stage.accept('complaints', complaints(...before));
  await services.stage.settle();
  const [first] = await alerts(services);
  await services.stage.order(first?.alertId ?? '', 'acknowledge', {}, 'anna');
  await services.stage.settle();
  program('pg_dump', '--format=custom', `--file=${dump}`, place.env.TOCSIN_DATABASE_URL);
  // What the dump does not know: records, an alert that is closed, one that is taken.
  for (const customer of between) await services.stage.accept('complaints', complaints(customer));
  await services.stage.settle();
  const closed = (await alerts(services)).find(({ subject }) => subject === 'between-0');
  await services.stage.order(closed?.alertId ?? '', 'contact', { channel: 'phone', reached: true }, 'anna');
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

  const again = await openSixServices({ place: await restored(place, dump), clock, rules });
  try {
    await again.stage.settle();
    const brought = await alerts(again);
    expect(brought.map(({ alertId }) => alertId).toSorted()).toEqual(
      lived.map(({ alertId }) => alertId).toSorted(),
    );
    const status = (id: string | undefined) => brought.find(({ alertId }) => alertId === id)?.status;
    expect([status(first?.alertId), status(closed?.alertId)]).toEqual(['acknowledged', 'closed']);

    for (const customer of after) await again.stage.accept('complaints', complaints(customer));
    await again.stage.settle();
    const all = await alerts(again);
    expect(all.map(({ subject }) => subject).toSorted()).toEqual(
      [...before, ...between, ...after].toSorted(),
    );
    for (const { alertKey } of all) {
      const events = await again.desk.queries.eventsOfAlert(alertKey);
      const opened = events.filter(({ action }) => ['raised', 'opened', 'reopened'].includes(action));
      expect([alertKey, opened.length]).toEqual([alertKey, 1]);
    }
    expect(new Set(all.map(({ evidenceCount }) => evidenceCount))).toEqual(new Set([1]));
    const { checks } = await again.ledger();
    expect(checks.filter(({ meets }) => !meets)).toEqual([]);
  } finally {
    await again.stop();
  }
});
