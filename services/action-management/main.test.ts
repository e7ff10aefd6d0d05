import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { onlyTheseRules } from '../../test/support/rules-folder.ts';
import type { Silence } from '../contracts/silence.ts';
import type { NamedSql } from '../platform/database/postgres.ts';
import type { DistributedService } from '../platform/distributed/distributed-service.ts';
import { serviceSettings } from '../platform/distributed/settings.ts';
import { RulesUnusable } from '../platform/distributed/start-service.ts';
import { createServer } from '../platform/http/server.ts';
import { silentLogger } from '../platform/logging/logger.ts';
import { createRegistry } from '../platform/metrics/registry.ts';
import { Lifecycle } from '../platform/process/lifecycle.ts';
import { HOUR, ManualClock } from '../platform/time/clock.ts';
import { assessed, inputOf, ruleText, START } from './domain/test-story.ts';
import { actionManagement } from './main.ts';

const RULE = 'a-mail.rule.yaml';
const ALWAYS = '  listen: [complaint.received]\n  when: {event.channel: {eq: email}}';
const HOLDS = `apiVersion: tocsin/v1
kind: RuleTest
start: "2026-03-02T10:00:00+01:00"
tests:
  - name: mail is told
    events: [{at: 0m, type: complaint.received, customer_id: c1, channel: email}]
    expect: [{at: 1m, alerts: [{rule: a-mail}]}]
`;

/** PostgreSQL, as far as the sets that were in force go: each with its place in the order. */
function database() {
  const kept: { readonly hash: string; readonly source: string; readonly at: number }[] = [];
  return {
    query: async ({ name }: NamedSql, [hash, source, at]: readonly unknown[]) => {
      if (name === 'last-rule-set') return kept.slice(-1);
      return void kept.push({ hash: String(hash), source: String(source), at: Number(at) });
    },
  };
}

interface Opened {
  readonly opsKeys?: string[];
  /** Edits the folder before the start. */
  readonly edited?: (text: string) => string;
  readonly postgres?: ReturnType<typeof database>;
}

/** The service with everything but Kafka and PostgreSQL. */
async function opened({ opsKeys = [], edited = (text) => text, postgres = database() }: Opened = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-rules-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  onlyTheseRules(folder, { [RULE]: edited(ruleText('a-mail', ALWAYS)) });
  for (const name of readdirSync(folder)) if (name.endsWith('.test.yaml')) rmSync(join(folder, name));
  writeFileSync(join(folder, 'a-mail.test.yaml'), HOLDS);
  const registry = createRegistry();
  const lifecycle = new Lifecycle();
  const settings = serviceSettings.parse({
    TOCSIN_KAFKA_BROKERS: 'none:9092',
    TOCSIN_REGISTRY_URL: 'http://none',
    TOCSIN_DATABASE_URL: 'postgres://none/none',
    TOCSIN_RULES_DIR: folder,
  });
  const clock = new ManualClock(START);
  const parts = await actionManagement.create({
    settings: { ...settings, TOCSIN_OPS_KEYS: opsKeys },
    clock,
    log: silentLogger,
    registry,
    lifecycle,
  });
  const app = createServer({ registry, log: silentLogger, notReady: () => undefined });
  const heard: ((silence: Silence) => void)[] = [];
  const published: unknown[] = [];
  // What is not asked for here is not there.
  const service = {
    postgres,
    follow: async (topic: string, { learn }: { learn: (fact: { value: Silence }) => void }) => {
      if (topic === 'silences') heard.push((silence) => learn({ value: silence }));
    },
    eventLog: { publish: async (_: string, records: readonly unknown[]) => void published.push(...records) },
  } as unknown as DistributedService;
  await parts.attach?.({ service, app });
  onTestFinished(() => lifecycle.close(5_000).then(() => undefined));
  const [rules] = parts.processes;
  let complaints = 0;
  return {
    app,
    edit: (name: string, change: (text: string) => string) =>
      writeFileSync(join(folder, name), change(readFileSync(join(folder, name), 'utf8'))),
    reload: async (headers = {}) => await app.inject({ method: 'POST', url: '/v1/rules/reload', headers }),
    /** What another instance has made comes through the topic. */
    hear: (silence: Silence) => {
      for (const hear of heard) hear(silence);
    },
    published,
    metric: (name: string) => registry.getSingleMetricAsString(name),
    /** What a complaint leads to. */
    complain: () => {
      const assessment = assessed({ id: `k${++complaints}`, type: 'complaint.received', at: START });
      const { emit = [] } = rules?.onInput(undefined, inputOf(assessment), START) ?? {};
      return emit.flatMap((fact) => (fact.topic === 'alert-requests' ? [fact.value] : []));
    },
  };
}

test('edited rules come into force by themselves, whole, and the next decision carries their hash', async () => {
  const { app, edit, complain } = await opened();
  const { hash } = (await app.inject('/v1/rules')).json();
  expect(complain()).toMatchObject([{ ruleSetHash: hash }]);
  edit(RULE, (text) => text.replace('title: ', 'title: Now '));
  await vi.waitFor(
    async () =>
      expect((await app.inject('/v1/rules')).json()).toMatchObject({ lastReload: { outcome: 'in_force' } }),
    { timeout: 20_000, interval: 50 },
  );
  const after = (await app.inject('/v1/rules')).json().hash;
  expect(after).not.toBe(hash);
  expect(complain()).toMatchObject([{ ruleSetHash: after }]);
});

test.each<[string, (text: string) => string, RegExp]>([
  [
    'cannot be read',
    (text) => text.replace('listen:', 'lisen:'),
    /a-mail\.rule\.yaml:\d+:\d+: unknown key "lisen"/,
  ],
  [
    'fails a test beside it',
    (text) => text.replace('eq: email', 'eq: phone'),
    /the test "mail is told" fails/,
  ],
])(
  'a set that %s is refused: the one before judges on, and everybody can see it',
  async (_, change, says) => {
    const { app, edit, reload, metric, complain } = await opened();
    const { hash } = (await app.inject('/v1/rules')).json();
    edit(RULE, change);
    const answer = await reload();
    expect([answer.statusCode, answer.json()]).toMatchObject([409, { outcome: 'refused', hash }]);
    expect(answer.json().problems.join('\n')).toMatch(says);
    expect(await metric('tocsin_rules_last_reload_successful')).toMatch(/successful 0$/m);
    expect((await app.inject('/readyz')).statusCode).toBe(200);
    expect(complain()).toMatchObject([{ ruleSetHash: hash }]);
  },
);

const failing = (text: string): string => text.replace('eq: email', 'eq: phone');

test('an instance whose rules fail their own tests starts with those that were in force last, in any instance', async () => {
  const postgres = database();
  const { hash } = (await (await opened({ postgres })).app.inject('/v1/rules')).json();
  const { app, metric, complain } = await opened({ postgres, edited: failing });
  expect((await app.inject('/v1/rules')).json()).toMatchObject({
    hash,
    lastReload: { outcome: 'refused', problems: [expect.stringMatching(/the test "mail is told" fails/)] },
  });
  expect(await metric('tocsin_rules_last_reload_successful')).toMatch(/successful 0$/m);
  expect(complain()).toMatchObject([{ ruleSetHash: hash }]);
});

test('where no rules were in force before, an instance whose rules fail their own tests does not start', async () => {
  await expect(opened({ edited: failing })).rejects.toThrow(RulesUnusable);
  await expect(opened({ edited: failing })).rejects.toThrow(
    /the test "mail is told" fails at 1m: alerts expected 1 .*No other rules were in force here before/s,
  );
});

test('which rules are set aside is shown, and a release of one that is not is refused', async () => {
  const { app, metric } = await opened();
  expect((await app.inject('/v1/rules')).json()).toMatchObject({ quarantined: [] });
  expect(await metric('tocsin_rules_quarantined')).toContain('{rule="a-mail"} 0');
  const release = await app.inject({ method: 'POST', url: '/v1/rules/a-mail/release' });
  expect([release.statusCode, release.json().detail]).toEqual([404, 'no rule "a-mail" is in quarantine']);
});

test('where operators have keys, an order needs one', async () => {
  const { reload } = await opened({ opsKeys: ['secret'] });
  expect((await reload()).statusCode).toBe(401);
  expect((await reload({ authorization: 'Bearer secret' })).statusCode).toBe(200);
});

test('a silence that another instance has made holds matches back, until one here ends it', async () => {
  const { app, hear, complain, published, metric } = await opened();
  const silence: Silence = {
    id: 'S-1',
    rule: 'a-mail',
    by: 'ana',
    reason: 'planned work',
    startsAt: START,
    endsAt: START + HOUR,
  };
  hear(silence);
  expect(complain()).toMatchObject([{ held: 'silence' }]);
  expect(await metric('tocsin_silences_active')).toMatch(/active 1$/m);
  const ended = await app.inject({ method: 'POST', url: '/v1/silences/S-1/expire', payload: { by: 'ben' } });
  expect(ended.statusCode).toBe(200);
  expect(published).toMatchObject([{ key: 'S-1', value: { endedBy: 'ben' } }]);
  // The topic tells of its making only now.
  hear(silence);
  expect(complain()[0]?.held).toBeUndefined();
});

test('a silence that is made here says who answers for its rule', async () => {
  const { app, published } = await opened();
  const order = { rule: 'a-mail', by: 'ana', reason: 'planned work', endsAt: '2026-03-02T12:00:00Z' };
  expect((await app.inject({ method: 'POST', url: '/v1/silences', payload: order })).statusCode).toBe(201);
  expect(published).toMatchObject([{ value: { rule: 'a-mail', team: 'retention' } }]);
});
