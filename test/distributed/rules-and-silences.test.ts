import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { explainCommand } from '../../services/cli/explain.ts';
import type { CustomerExplanation } from '../../services/embedded/rules-explain/explain-customer.ts';
import { HOUR, ManualClock, MINUTE } from '../../services/platform/time/clock.ts';
import { AROUND_THE_CLOCK, shippedRulesWith } from '../support/rules-folder.ts';
import { newPlace, openSixServices, type SixServices } from './support/six-services.ts';

const RULE = 'cancel-intent-in-writing.rule.yaml';
/** Not long ago: Kafka drops records that are older than it keeps them. */
const clock = new ManualClock(Date.now() - 12 * HOUR);
let folder: string;
let rules: string;
let services: SixServices;
/** Hashes that the requests of the rule carry, by what became of the match. */
const decided: { readonly hash: string; readonly held: string | undefined }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-rules-'));
  rules = shippedRulesWith(join(folder, 'rules'), { 'calendars.yaml': AROUND_THE_CLOCK });
  for (const name of readdirSync(rules)) if (name.endsWith('.test.yaml')) rmSync(join(rules, name));
  services = await openSixServices({
    place: await newPlace(2),
    clock,
    rules,
    instances: { 'action-management': 2 },
  });
  services.stage.onFact(({ topic, value }) => {
    if (topic !== 'alert-requests' || value.ruleId !== 'cancel-intent-in-writing') return;
    decided.push({ hash: value.ruleSetHash, held: value.held });
  });
});
afterAll(async () => {
  await services?.stop();
  rmSync(folder, { recursive: true, force: true });
});

let said = 0;
/** Eight customers, so that both instances have something to judge. */
async function complain(): Promise<void> {
  clock.advance(MINUTE);
  decided.length = 0;
  const records = Array.from({ length: 8 }, () => ({
    id: `k${++said}`,
    customerId: `c${said}`,
    occurredAt: clock.now(),
    product: 'dsl',
    text: 'I will cancel my contract.',
  }));
  await services.stage.accept('complaints', records);
  await services.stage.settle();
}

const [post, get] = (['POST', 'GET'] as const).map(
  (method) => async (app: FastifyInstance | undefined, url: string, payload?: object) =>
    (await app?.inject({ method, url, ...(payload === undefined ? {} : { payload }) }))?.json(),
) as [Ask, Ask];
type Ask = (
  app: FastifyInstance | undefined,
  url: string,
  payload?: object,
) => Promise<Record<string, unknown>>;

const hashesInForce = async () =>
  Promise.all(services.each['action-management'].map(async (app) => (await get(app, '/v1/rules')).hash));

test('a silence holds matches back in all partitions, whichever instance took the order; its end is told once', async () => {
  const [one, other] = services.each['action-management'];
  const order = {
    product: 'dsl',
    by: 'ana',
    reason: 'planned work',
    endsAt: new Date(clock.now() + 4 * HOUR).toISOString(),
  };
  const { id } = await post(one, '/v1/silences', order);
  await vi.waitFor(
    async () => expect(await get(other, '/v1/silences')).toMatchObject({ silences: [{ id }] }),
    10_000,
  );
  await complain();
  expect(decided.map(({ held }) => held)).toEqual(Array(8).fill('silence'));

  clock.advance(3 * HOUR);
  await services.stage.settle();
  clock.advance(30 * MINUTE);
  await services.stage.settle();
  const told = await services.desk.queries.deliveriesOf([String(id)]);
  expect(told.map(({ channel, outcome }) => `${channel} ${outcome}`).sort()).toEqual([
    'email delivered',
    'slack delivered',
  ]);

  await post(other, `/v1/silences/${id}/expire`, { by: 'ben' });
  await vi.waitFor(async () => expect(await get(one, '/v1/silences')).toEqual({ silences: [] }), 10_000);
  await complain();
  expect(decided.map(({ held }) => held)).toEqual(Array(8).fill(undefined));
});

test('an edit comes into force in every instance; while they differ each match is decided by one of the two sets', async () => {
  const [before] = await hashesInForce();
  await complain();
  expect(new Set(decided.map(({ hash }) => hash))).toEqual(new Set([before]));
  const path = join(rules, RULE);
  writeFileSync(path, readFileSync(path, 'utf8').replace('title: ', 'title: Now '));
  const { hash: after } = await post(services.each['action-management'][0], '/v1/rules/reload');
  expect(after).not.toBe(before);
  await complain();
  expect(decided).toHaveLength(8);
  for (const { hash } of decided) expect([before, after]).toContain(hash);
  await vi.waitFor(async () => expect(await hashesInForce()).toEqual([after, after]), 30_000);
  await complain();
  expect(decided.map(({ hash }) => hash)).toEqual(Array(8).fill(after));
});

test('tocsin explain asks the services: a customer is judged by the rules of then, with what was recorded', async () => {
  const [judging] = services.each['action-management'];
  const env = {
    TOCSIN_LOOP_CLOSURE_URL: services.apps.loopClosure.listeningOrigin,
    TOCSIN_ACTION_MANAGEMENT_URL: await judging?.listen({ host: '127.0.0.1', port: 0 }),
    TOCSIN_RULES_DIR: rules,
  };
  const explain = async (customer: string) => {
    const told: string[] = [];
    const io = { out: (text: string) => void told.push(text), err: () => undefined, interactive: false, env };
    const exit = await explainCommand.run([customer, '--rule', 'cancel-intent-in-writing', '--json'], io);
    return exit === 0 ? (JSON.parse(told.join('')) as CustomerExplanation) : exit;
  };
  const [now] = await hashesInForce();
  expect(await explain('c1')).toMatchObject({
    signals: 1,
    ruleSetHash: now,
    rules: [
      {
        judged: { result: 'match', ruleSetHash: expect.not.stringMatching(`^${now}$`) },
        recorded: [
          { type: 'held_back', held: expect.stringMatching(/^silence \(planned work \(.* by ana, until/) },
        ],
      },
    ],
  });
  expect(await explain(`c${said}`)).toMatchObject({
    rules: [{ judged: { result: 'match', ruleSetHash: now }, recorded: [{ type: 'raised' }] }],
  });
  expect(await explain('nobody')).toBe(1);
});

test('the ledger accounts for all of it', async () => {
  expect((await services.ledger()).checks.filter(({ meets }) => !meets)).toEqual([]);
});
