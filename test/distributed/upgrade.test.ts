import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SHIPPED_RULES } from '../../services/embedded/rules-folder.ts';
import { ManualClock } from '../../services/platform/time/clock.ts';
import { onlyTheseRules } from '../support/rules-folder.ts';
import { askPostgres } from './support/ask-postgres.ts';
import { newPlace, openSixServices, type Place } from './support/six-services.ts';

const RULE = 'cancel-intent-in-writing.rule.yaml';

let rules: string;
beforeAll(() => {
  rules = mkdtempSync(join(tmpdir(), 'tocsin-rules-'));
  onlyTheseRules(rules, { [RULE]: readFileSync(join(SHIPPED_RULES, RULE), 'utf8') });
});
afterAll(() => rmSync(rules, { recursive: true, force: true }));

/** Takes back what the newest migrations have added: the tables as the version before knows them. */
const LAYOUT_BEFORE = `
  ALTER TABLE effect DROP COLUMN trace;
  DROP TABLE home;
  ALTER TABLE state DROP COLUMN at;
  DELETE FROM migration WHERE id IN ('0002-effect-trace', '0005-home', '0008-state-at')`;

/** What the version after may do to them: expand. */
const LAYOUT_AFTER = `
  CREATE TABLE later (id text PRIMARY KEY);
  ALTER TABLE state ADD COLUMN later text NOT NULL DEFAULT 'x';
  ALTER TABLE timer ADD COLUMN later text NOT NULL DEFAULT 'x';
  ALTER TABLE effect ADD COLUMN later text NOT NULL DEFAULT 'x';
  ALTER TABLE outbox ADD COLUMN later text;
  ALTER TABLE loop_alert ADD COLUMN later text;
  INSERT INTO migration (id) VALUES ('0999-later')`;

test('tables of the version before are brought up to date, and those of the version after are lived with', {
  timeout: 400_000,
}, async () => {
  const clock = new ManualClock(Date.now());
  const place = await newPlace(2);
  expect(await alertsAfter(place, clock, 'c-1')).toEqual(['c-1']);
  await askPostgres(place.env.TOCSIN_DATABASE_URL, LAYOUT_BEFORE);
  expect(await alertsAfter(place, clock, 'c-2')).toEqual(['c-1', 'c-2']);
  await askPostgres(place.env.TOCSIN_DATABASE_URL, LAYOUT_AFTER);
  expect(await alertsAfter(place, clock, 'c-3')).toEqual(['c-1', 'c-2', 'c-3']);
});

/** Who has an alert once this customer has complained as well; all sums meet, and nobody was told twice. */
async function alertsAfter(place: Place, clock: ManualClock, customerId: string): Promise<readonly string[]> {
  const { stage, desk, ledger, stop } = await openSixServices({ place, clock, rules });
  try {
    const text = 'I want to cancel my contract.';
    await stage.accept('complaints', [{ id: `r-${customerId}`, customerId, occurredAt: clock.now(), text }]);
    await stage.settle();
    const { checks } = await ledger();
    expect(checks.filter(({ meets }) => !meets)).toEqual([]);
    const { rows } = await desk.queries.alerts({}, 10);
    return rows.map(({ subject }) => subject).toSorted();
  } finally {
    expect(await stop()).toEqual([]);
  }
}
