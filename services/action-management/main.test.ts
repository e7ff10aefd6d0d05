import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { onlyTheseRules } from '../../test/support/rules-folder.ts';
import type { DistributedService } from '../platform/distributed/distributed-service.ts';
import { serviceSettings } from '../platform/distributed/settings.ts';
import { createServer } from '../platform/http/server.ts';
import { silentLogger } from '../platform/logging/logger.ts';
import { createRegistry } from '../platform/metrics/registry.ts';
import { Lifecycle } from '../platform/process/lifecycle.ts';
import { ManualClock } from '../platform/time/clock.ts';
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

/** The service with everything but Kafka and PostgreSQL. */
async function opened({ opsKeys = [] }: { opsKeys?: string[] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-rules-'));
  onlyTheseRules(folder, { [RULE]: ruleText('a-mail', ALWAYS) });
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
  // What is not asked for here is not there.
  await parts.attach?.({ service: {} as DistributedService, app });
  onTestFinished(async () => {
    await lifecycle.close(5_000);
    rmSync(folder, { recursive: true, force: true });
  });
  const [rules] = parts.processes;
  let complaints = 0;
  return {
    app,
    edit: (name: string, change: (text: string) => string) =>
      writeFileSync(join(folder, name), change(readFileSync(join(folder, name), 'utf8'))),
    reload: async (headers = {}) => await app.inject({ method: 'POST', url: '/v1/rules/reload', headers }),
    metric: (name: string) => registry.getSingleMetricAsString(name),
    /** The hash that the request which a complaint leads to carries. */
    judgedBy: (): unknown => {
      const assessment = assessed({ id: `k${++complaints}`, type: 'complaint.received', at: START });
      const { emit = [] } = rules?.onInput(undefined, inputOf(assessment), START) ?? {};
      return emit.map((fact) => (fact.topic === 'alert-requests' ? fact.value.ruleSetHash : fact.topic));
    },
  };
}

test('edited rules come into force by themselves, whole, and the next decision carries their hash', async () => {
  const { app, edit, judgedBy } = await opened();
  const { hash } = (await app.inject('/v1/rules')).json();
  expect(judgedBy()).toEqual([hash]);
  edit(RULE, (text) => text.replace('title: ', 'title: Now '));
  await vi.waitFor(
    async () =>
      expect((await app.inject('/v1/rules')).json()).toMatchObject({ lastReload: { outcome: 'in_force' } }),
    { timeout: 20_000, interval: 50 },
  );
  const after = (await app.inject('/v1/rules')).json().hash;
  expect(after).not.toBe(hash);
  expect(judgedBy()).toEqual([after]);
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
    const { app, edit, reload, metric, judgedBy } = await opened();
    const { hash } = (await app.inject('/v1/rules')).json();
    edit(RULE, change);
    const answer = await reload();
    expect([answer.statusCode, answer.json()]).toMatchObject([409, { outcome: 'refused', hash }]);
    expect(answer.json().problems.join('\n')).toMatch(says);
    expect(await metric('tocsin_rules_last_reload_successful')).toMatch(/successful 0$/m);
    expect((await app.inject('/readyz')).statusCode).toBe(200);
    expect(judgedBy()).toEqual([hash]);
  },
);

test('where operators have keys, an order needs one', async () => {
  const { reload } = await opened({ opsKeys: ['secret'] });
  expect((await reload()).statusCode).toBe(401);
  expect((await reload({ authorization: 'Bearer secret' })).statusCode).toBe(200);
});
