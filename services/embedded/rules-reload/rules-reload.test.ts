import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type DataFolder, takeDataFolder } from '../../platform/database/data-folder.ts';
import { silentLogger } from '../../platform/logging/logger.ts';
import { createRegistry } from '../../platform/metrics/registry.ts';
import { ManualClock, MINUTE } from '../../platform/time/clock.ts';
import { SHIPPED_RULES } from '../rules-folder.ts';
import { openStoredHistory } from '../rules-replay/stored-history.sqlite.ts';
import { openTocsin, readSettings, type Tocsin } from '../tocsin.ts';

/** Each check is a thread that reads all of Tocsin; on a busy machine that takes its time. */
vi.setConfig({ testTimeout: 90_000 });

const registry = createRegistry();
let folder: string;
let rules: string;
let tocsin: Tocsin;
let clock: ManualClock;
let data: DataFolder;
let errors: object[];

beforeEach(async () => {
  registry.clear();
  folder = mkdtempSync(join(tmpdir(), 'tocsin-reload-'));
  rules = join(folder, 'rules');
  cpSync(SHIPPED_RULES, rules, { recursive: true, filter: (path) => !path.endsWith('.test.yaml') });
  clock = new ManualClock('2026-03-02T09:00:00Z');
  errors = [];
  await open(true);
});
afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(rulesAreTrusted: boolean): Promise<void> {
  data = takeDataFolder(join(folder, 'data'));
  tocsin = await openTocsin({
    folder: data.path,
    settings: readSettings({ TOCSIN_RULES_DIR: rules }),
    clock,
    url: 'http://127.0.0.1:8080',
    registry,
    log: { ...silentLogger, error: (fields) => errors.push(fields) },
    rulesAreTrusted,
  });
  await tocsin.app.ready();
}

async function close(): Promise<void> {
  await tocsin.lifecycle.close(5_000);
  data.release();
}

/** Stops Tocsin, and starts it again on the same data as `tocsin start` does: its rules are checked. */
async function restart(): Promise<void> {
  await close();
  registry.clear();
  errors.length = 0;
  await open(false);
}

function edit(name: string, change: (text: string) => string): void {
  const path = join(rules, name);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

let said = 0;
/** A complaint that says the customer leaves: each raises an alert of its own. */
async function complain(): Promise<void> {
  clock.advance(MINUTE);
  said += 1;
  const complaint = {
    id: `k${said}`,
    customerId: `c${said}`,
    occurredAt: clock.now(),
    text: 'I will cancel my contract.',
  };
  await tocsin.pipeline.gateway.accept('complaints', [complaint]);
}

function retitled() {
  edit('cancel-intent-in-writing.rule.yaml', (text) => text.replace('title: ', 'title: Now '));
  return tocsin.rulesReload.reload();
}

const requests = async () => {
  const records = await tocsin.pipeline.store.log.read('alert-requests', 0, 0, 10_000);
  return records.map(({ value }) => value).filter(({ ruleId }) => ruleId === 'cancel-intent-in-writing');
};

test('edited rules come into force, and every decision carries the hash of the set that made it', async () => {
  const before = tocsin.pipeline.rules.current.hash;
  await complain();
  await tocsin.pipeline.settle();
  const result = await retitled();
  expect(result).toMatchObject({ outcome: 'in_force', problems: [] });
  expect(result.hash).not.toBe(before);
  await complain();
  await tocsin.pipeline.settle();
  expect((await requests()).map(({ ruleSetHash }) => ruleSetHash)).toEqual([before, result.hash]);
});

test('each set that was in force is kept with its time, and can be read again when the folder is another', async () => {
  const first = { at: clock.now(), hash: tocsin.pipeline.rules.current.hash };
  clock.advance(MINUTE);
  const second = { at: clock.now(), hash: (await retitled()).hash };
  await tocsin.rulesReload.reload();
  clock.advance(MINUTE);
  edit('cancel-intent-in-writing.rule.yaml', (text) => text.replace('Now ', ''));
  const third = { at: clock.now(), hash: (await tocsin.rulesReload.reload()).hash };
  expect(third.hash).toBe(first.hash);
  const history = openStoredHistory(join(folder, 'data'), 'arrival');
  const kept = (until: number) =>
    history.rulesSince(until).map(({ at, ruleSet }) => ({ at, hash: ruleSet.hash }));
  expect(kept(clock.now())).toEqual([first, second, third]);
  expect(kept(second.at - 1)).toEqual([first]);
  history.close();
});

test('an open alert keeps the plan by which it was raised', async () => {
  await complain();
  await tocsin.pipeline.settle();
  edit('cancel-intent-in-writing.rule.yaml', (text) => text.replace(/ack_by: \w+/, 'ack_by: 5m'));
  await tocsin.rulesReload.reload();
  const [alert] = await tocsin.pipeline.store.log.read('alerts', 0, 0, 1);
  clock.advance(6 * MINUTE);
  await tocsin.pipeline.settle();
  const events = await tocsin.pipeline.store.log.read('alerts', 0, 0, 100);
  expect(alert?.value.type).toBe('raised');
  expect(events.map(({ value }) => value.type)).not.toContain('breached');
});

test.each<[what: string, file: string, change: (text: string) => string, says: RegExp]>([
  [
    'a file that cannot be read',
    'order-delayed.rule.yaml',
    (text) => text.replace('listen:', 'lisen:'),
    /order-delayed\.rule\.yaml:\d+:\d+: unknown key "lisen"; did you mean "listen"/,
  ],
  [
    'a rule that can never match',
    'order-delayed.rule.yaml',
    (text) =>
      text.replace('event.days_late: {gte: 7}', 'event.days_late: {gte: 7, lt: 7}').replace('any:', 'all:'),
    /the rule can never match/,
  ],
])('%s is refused: those in force stay, and log, metric and API say so', async (_, file, change, says) => {
  const before = tocsin.pipeline.rules.current.hash;
  edit(file, change);
  const answer = await tocsin.app.inject({ method: 'POST', url: '/v1/rules/reload' });
  expect(answer.statusCode).toBe(409);
  expect(answer.json()).toMatchObject({ outcome: 'refused', hash: before });
  expect(answer.json().problems.join('\n')).toMatch(says);
  expect(errors).toEqual([expect.objectContaining({ hash: before, problems: answer.json().problems })]);
  expect(await registry.metrics()).toMatch(/^tocsin_rules_last_reload_successful 0$/m);
  const status = await tocsin.app.inject('/v1/rules');
  expect(status.json()).toMatchObject({ hash: before, lastReload: { outcome: 'refused' } });
});

/** What the library says of late orders, and an edit that breaks it. */
const FIVE_DAYS_ARE_TOLD = `apiVersion: tocsin/v1
kind: RuleTest
start: "2026-03-02T10:00:00+01:00"
profiles: {c1: {value_tier: gold}}
tests:
  - name: five days late are told
    events: [{at: 0m, type: order.delayed, customer_id: c1, days_late: 5}]
    expect: [{at: 1m, alerts: [{rule: order-delayed}]}]
`;
function breakTheTest(): void {
  edit('order-delayed.rule.yaml', (text) =>
    text.replace('event.days_late: {gte: 3}', 'event.days_late: {gte: 6}'),
  );
}

test('a set that fails a test beside it is refused', async () => {
  writeFileSync(join(rules, 'order-delayed.test.yaml'), FIVE_DAYS_ARE_TOLD);
  expect(await tocsin.rulesReload.reload()).toMatchObject({ outcome: 'unchanged' });
  breakTheTest();
  const result = await tocsin.rulesReload.reload();
  expect(result.outcome).toBe('refused');
  expect(result.problems.join('\n')).toContain('the test "five days late are told" fails');
});

test.each<[what: string, edit: () => void, says: RegExp]>([
  [
    'that fails its own tests',
    breakTheTest,
    /order-delayed\.test\.yaml:6:1: the test "five days late are told" fails at 1m: alerts expected 1 .*found 0/,
  ],
  [
    'that cannot be read',
    () => edit('order-delayed.rule.yaml', (text) => text.replace('listen:', 'lisen:')),
    /unknown key "lisen"/,
  ],
])(
  'a set %s does not come into force by a restart: the one of before stays, and log, metric and API say so',
  async (_, change, says) => {
    writeFileSync(join(rules, 'order-delayed.test.yaml'), FIVE_DAYS_ARE_TOLD);
    const before = tocsin.pipeline.rules.current.hash;
    change();
    await restart();
    expect(tocsin.pipeline.rules.current.hash).toBe(before);
    expect(tocsin.pipeline.rules.current.rules.map(({ id }) => id)).toContain('order-delayed');
    const status = (await tocsin.app.inject('/v1/rules')).json();
    expect(status).toMatchObject({ hash: before, lastReload: { outcome: 'refused', hash: before } });
    expect(status.lastReload.problems.join('\n')).toMatch(says);
    expect(errors).toEqual([expect.objectContaining({ hash: before, problems: status.lastReload.problems })]);
    expect(await registry.metrics()).toMatch(/^tocsin_rules_last_reload_successful 0$/m);
    await complain();
    await tocsin.pipeline.settle();
    expect((await requests()).map(({ ruleSetHash }) => ruleSetHash)).toEqual([before]);
  },
);

test('a set that is corrected after a refused start comes into force without another', async () => {
  writeFileSync(join(rules, 'order-delayed.test.yaml'), FIVE_DAYS_ARE_TOLD);
  breakTheTest();
  await restart();
  edit('order-delayed.rule.yaml', (text) => text.replace('gte: 6', 'gte: 4'));
  const { hash } = await tocsin.rulesReload.reload();
  expect(tocsin.rulesReload.status()).toMatchObject({ hash, lastReload: { outcome: 'in_force' } });
  expect(await registry.metrics()).toMatch(/^tocsin_rules_last_reload_successful 1$/m);
});

test('a set that was edited while Tocsin was down comes into force when it stands its tests', async () => {
  const before = tocsin.pipeline.rules.current.hash;
  writeFileSync(join(rules, 'order-delayed.test.yaml'), FIVE_DAYS_ARE_TOLD);
  edit('order-delayed.rule.yaml', (text) => text.replace('title: ', 'title: Now '));
  await restart();
  expect(tocsin.pipeline.rules.current.hash).not.toBe(before);
  expect(tocsin.rulesReload.status().lastReload).toBeUndefined();
  expect(await registry.metrics()).toMatch(/^tocsin_rules_last_reload_successful 1$/m);
});

test('where nothing was in force before, or the teams of then are gone, Tocsin does not start, and says why', async () => {
  writeFileSync(join(rules, 'order-delayed.test.yaml'), FIVE_DAYS_ARE_TOLD);
  edit('teams.yaml', (text) => text.replaceAll('id: billing', 'id: accounts'));
  breakTheTest();
  edit('payment-failed-twice.rule.yaml', (text) => text.replaceAll('team/billing', 'team/accounts'));
  await expect(restart()).rejects.toThrow(
    /five days late.*in force last \(\w+\) cannot stay: .*unknown team "billing"/s,
  );
  rmSync(join(folder, 'data'), { recursive: true });
  await expect(restart()).rejects.toThrow(/five days late.*No other rules were in force here before/s);
});

test('under load every request is decided by exactly one of the two sets, first the old, then the new', async () => {
  const before = tocsin.pipeline.rules.current.hash;
  edit('cancel-intent-in-writing.rule.yaml', (text) => text.replace('title: ', 'title: Now '));
  let reloaded = false;
  const reloading = tocsin.rulesReload.reload().then((result) => {
    reloaded = true;
    return result;
  });
  const load = async (): Promise<void> => {
    await complain();
    await tocsin.pipeline.runner.drain();
  };
  while (!reloaded) await load();
  await load();
  const { hash } = await reloading;
  await tocsin.pipeline.settle();
  const hashes = (await requests()).map(({ ruleSetHash }) => ruleSetHash);
  expect(hashes.length).toBeGreaterThan(3);
  expect(new Set(hashes)).toEqual(new Set([before, hash]));
  expect(hashes.lastIndexOf(before)).toBeLessThan(hashes.indexOf(hash));
});

test('whoever asks while the rules are read gets the answer of the reading after', async () => {
  const first = tocsin.rulesReload.reload();
  edit('cancel-intent-in-writing.rule.yaml', (text) => text.replace('title: ', 'title: Now '));
  const [second, third] = [tocsin.rulesReload.reload(), tocsin.rulesReload.reload()];
  await first;
  expect(await second).toBe(await third);
  expect((await second).hash).toBe(tocsin.pipeline.rules.current.hash);
});

test('a rule in quarantine is shown, and judged again when somebody releases it', async () => {
  const release = () => tocsin.app.inject({ method: 'POST', url: '/v1/rules/order-delayed/release' });
  expect((await release()).statusCode).toBe(404);
  for (let n = 0; n < 20; n++) tocsin.pipeline.rules.noteError('order-delayed', new Error('broken'));
  const { quarantined } = (await tocsin.app.inject('/v1/rules')).json();
  expect(quarantined).toEqual([{ rule: 'order-delayed', errors: 20, error: 'broken' }]);
  expect(await registry.metrics()).toContain('tocsin_rules_quarantined{rule="order-delayed"} 1');
  expect((await release()).json()).toEqual({ rule: 'order-delayed', released: true });
  expect(await registry.metrics()).toContain('tocsin_rules_quarantined{rule="order-delayed"} 0');
});
