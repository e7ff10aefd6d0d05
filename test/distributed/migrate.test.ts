import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SHIPPED_RULES } from '../../services/embedded/rules-folder.ts';
import { openTocsin, readSettings } from '../../services/embedded/tocsin.ts';
import { silentLogger } from '../../services/platform/logging/logger.ts';
import { ManualClock, MINUTE } from '../../services/platform/time/clock.ts';
import { onlyTheseRules } from '../support/rules-folder.ts';
import { askPostgres } from './support/ask-postgres.ts';
import { newPlace, openSixServices, type Place, type SixServices } from './support/six-services.ts';

const PARTITIONS = 3;

let data: string;
let rules: string;
let place: Place;
beforeAll(async () => {
  rules = mkdtempSync(join(tmpdir(), 'tocsin-rules-'));
  onlyTheseRules(rules, { [RULE]: withinTheHour(readFileSync(join(SHIPPED_RULES, RULE), 'utf8')) });
  data = mkdtempSync(join(tmpdir(), 'tocsin-moving-'));
  place = await newPlace(PARTITIONS);
});
afterAll(() => {
  for (const folder of [data, rules]) rmSync(folder, { recursive: true, force: true });
});

const RULE = 'cancel-intent-in-writing.rule.yaml';
/** Brokers take no record from further in the future. */
const withinTheHour = (text: string): string =>
  text
    .replace(/timebox: .*/, 'timebox: {calendar: 24x7, ack_by: 20m, contact_by: 6h, close_by: 72h}')
    .replaceAll('1bd', '1d');

const RULES = 'SELECT source AS files FROM rules_in_force JOIN rule_set USING (hash)';

/** The command in a process of its own, as an operator runs it. */
async function migrate(env: Record<string, string> = {}, folder = data, ...more: string[]) {
  const child = spawn(
    process.execPath,
    ['services/cli/main.ts', 'migrate', '--data', folder, '--json', ...more],
    {
      env: {
        PATH: process.env.PATH,
        ...place.env,
        TOCSIN_RULES_DIR: rules,
        ...env,
      },
    },
  );
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => (out += String(text)));
  child.stderr.on('data', (text) => (err += String(text)));
  const ended = await new Promise<number | string | null>((resolve) =>
    child.on('close', (code, signal) => resolve(code ?? signal)),
  );
  return { ended, out, err, report: out.startsWith('{') ? (JSON.parse(out) as Report) : undefined };
}

interface Report {
  readonly result: string;
  readonly rows: Readonly<Record<string, number>>;
  readonly checks: readonly { readonly meets: boolean }[];
  readonly meets: boolean;
}

const complaint = (customer: string, id = `r-${customer}`) => ({
  id,
  customerId: customer,
  occurredAt: Date.now(),
  text: 'I want to cancel my contract.',
});

test('open alerts, timers and waiting messages move to the services, also when the move is killed', {
  timeout: 400_000,
}, async () => {
  const clock = new ManualClock(Date.now());
  const before = await liveEmbedded(clock);
  expect(before.open).toHaveLength(3);

  const dry = await migrate({}, data, '--dry-run');
  expect([dry.err, dry.ended, dry.report?.rows.loop_alert]).toEqual(['', 0, 4]);

  const inTopics = await migrate({ TOCSIN_FAILPOINT: 'cp1:kill@2' });
  expect([inTopics.ended, inTopics.err]).toEqual(['SIGKILL', expect.stringContaining('topics')]);
  expect(await tables()).toEqual({ timers: 0, states: 0, positions: 0 });
  const committed = await migrate({ TOCSIN_FAILPOINT: 'cp4:kill@1' });
  expect([committed.ended, committed.err]).toEqual(['SIGKILL', expect.stringContaining('tables')]);
  const { ended, report, err } = await migrate();
  expect([ended, err]).toEqual([0, '']);
  expect(report).toMatchObject({ result: 'moved_before', meets: true });
  expect(report?.checks.length).toBeGreaterThan(10);
  expect(report?.rows).toMatchObject({ timer: before.timers, effect: before.effects, loop_alert: 4 });
  expect(report?.rows.effect).toBeGreaterThan(0);
  // The rules that were in force are those that a start falls back to.
  expect(await askPostgres(place.env.TOCSIN_DATABASE_URL, RULES)).toEqual([
    { files: expect.stringContaining(RULE) },
  ]);

  const elsewhere = mkdtempSync(join(tmpdir(), 'tocsin-other-'));
  await liveEmbedded(clock, elsewhere);
  const refused = await migrate({}, elsewhere);
  expect([refused.ended, refused.err]).toEqual([
    1,
    expect.stringContaining('was moved into this database before'),
  ]);
  rmSync(elsewhere, { recursive: true });
  await expect(openEmbedded(clock, data)).rejects.toThrow('moved-to-distributed');

  const services = await openSixServices({ clock, rules, place });
  try {
    await goOn(services, before);
  } finally {
    await services.stop();
  }
});

/** What went on before goes on there: nobody is told again, nothing is forgotten. */
async function goOn({ stage, desk, ledger }: SixServices, before: Before): Promise<void> {
  await stage.settle();
  const open = await desk.queries.alerts({ status: 'unfinished' }, 10);
  expect(open.rows.map(({ alertId }) => alertId).sort()).toEqual(before.open);
  const story = await desk.customer('c-1');
  expect(story?.story.some(({ who }) => who === 'customer')).toBe(true);
  const found = await desk.alert(before.open[0] ?? '');
  expect(found.type).toBe('found');

  // A record that was taken before is a repeat; a new one joins the open alert.
  await stage.accept('complaints', [complaint('c-1')]);
  await stage.accept('complaints', [complaint('c-1', 'again')]);
  await stage.settle();
  const [joined] = (await desk.queries.alerts({ customer: 'c-1' }, 10)).rows;
  expect(joined?.evidenceCount).toBe(2);

  // An order is obeyed, and the timer that was set on the old machine fires here, once, for the others.
  const [first, second] = open.rows;
  await stage.order(first?.alertId ?? '', 'acknowledge', {}, 'anna');
  await stage.settle();
  await untilDue(stage, 30 * MINUTE);
  const acts = async (alertKey: string) =>
    (await desk.queries.eventsOfAlert(alertKey)).map(({ action, milestone }) =>
      [action, milestone].join(' ').trim(),
    );
  expect(await acts(first?.alertKey ?? '')).toContain('acknowledged');
  expect(await acts(first?.alertKey ?? '')).not.toContain('breached ack_by');
  expect((await acts(second?.alertKey ?? '')).filter((act) => act === 'breached ack_by')).toHaveLength(1);

  const { checks } = await ledger();
  expect(checks.filter(({ meets }) => !meets)).toEqual([]);
}

/** Moves the clock from one due instant to the next. */
async function untilDue({ clock, nextDueAt, settle }: SixServices['stage'], spanMs: number): Promise<void> {
  const until = clock.now() + spanMs;
  for (;;) {
    const due = await nextDueAt();
    if (due === undefined || due > until) break;
    clock.moveTo(Math.max(due, clock.now()));
    await settle();
  }
}

interface Before {
  readonly open: readonly string[];
  readonly timers: number;
  readonly effects: number;
}

/** Four customers who want to leave, one of them called and closed; the last one's record is not even read yet. */
async function liveEmbedded(clock: ManualClock, folder = data): Promise<Before> {
  const { pipeline, lifecycle } = await openEmbedded(clock, folder);
  const accept = async (...customers: string[]) =>
    pipeline.gateway.accept(
      'complaints',
      customers.map((customer) => complaint(customer)),
    );
  await accept('c-1', 'c-2', 'c-3');
  await pipeline.settle();
  const [closed] = (await pipeline.desk.queries.alerts({ customer: 'c-3' }, 1)).rows;
  for (const [verb, body] of [
    ['contact', { channel: 'phone', reached: true }],
    ['close', { outcome: 'saved', rootCause: 'price' }],
  ] as const) {
    const by = { kind: 'person', id: 'anna' } as const;
    const ordered = pipeline.desk.order({ alert: closed?.alertId ?? '', verb, body, by, via: 'api' });
    await new Promise((resume) => setTimeout(resume, 20));
    await pipeline.settle();
    expect((await ordered).type).toBe('done');
  }
  // Their alert is raised, its messages are not sent.
  await accept('c-4');
  await pipeline.runner.drain();
  const { rows } = await pipeline.desk.queries.alerts({ status: 'unfinished' }, 10);
  const count = (table: string) =>
    Number(pipeline.store.db.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count);
  const before = {
    open: rows.map(({ alertId }) => alertId).sort(),
    timers: count('timer'),
    effects: count('effect'),
  };
  await lifecycle.close(10_000);
  return before;
}

const openEmbedded = (clock: ManualClock, folder: string) =>
  openTocsin({
    folder,
    settings: readSettings({ TOCSIN_RULES_DIR: rules }),
    clock,
    rulesAreTrusted: true,
    url: 'http://127.0.0.1:8080',
    log: silentLogger,
  });

async function tables(): Promise<object> {
  const [row] = await askPostgres(
    place.env.TOCSIN_DATABASE_URL,
    `SELECT (SELECT count(*)::integer FROM timer) AS timers, (SELECT count(*)::integer FROM state) AS states,
            (SELECT count(*)::integer FROM position) AS positions`,
  );
  return row ?? {};
}
