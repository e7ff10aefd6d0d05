import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ruleKeeperOverHttp } from '../../../services/loop-closure/adapters/rule-keeper.http.ts';
import { HOUR } from '../../../services/platform/time/clock.ts';
import { openedTocsin } from '../../support/opened-tocsin.ts';

const KEY = 'key-of-an-operator';

/** Rules and silences behind a port, under the paths that action-management has by itself as well. */
async function keeper() {
  const { tocsin, clock } = await openedTocsin({ TOCSIN_OPS_KEYS: KEY });
  const url = await tocsin.app.listen({ host: '127.0.0.1', port: 0 });
  const planned = await tocsin.app.inject({
    method: 'POST',
    url: '/v1/silences',
    headers: { authorization: `Bearer ${KEY}` },
    payload: {
      product: 'dsl',
      by: 'ana',
      reason: 'planned work',
      endsAt: new Date(clock.now() + HOUR).toISOString(),
    },
  });
  return { url, clock, id: planned.json<{ id: string }>().id };
}

test('another service is asked for silences and rules, and ends a silence with the key of operators', async () => {
  const { url, clock, id } = await keeper();
  const mine = ruleKeeperOverHttp({ url, key: KEY });
  const { silences, rules, silent } = await mine.standing();
  expect(silent).toBeUndefined();
  expect(silences).toEqual([
    {
      id,
      product: 'dsl',
      by: 'ana',
      reason: 'planned work',
      startsAt: clock.now(),
      endsAt: clock.now() + HOUR,
    },
  ]);
  expect(rules?.hash).toMatch(/^\w{12}$/);
  expect(rules?.rules).toContainEqual(
    expect.objectContaining({ id: 'cancel-intent-in-call', stage: 'live' }),
  );

  expect(await ruleKeeperOverHttp({ url }).endSilence(id, 'ben')).toEqual({
    ok: false,
    words: expect.stringContaining('TOCSIN_OPS_KEYS'),
  });
  clock.advance(1);
  expect(await mine.endSilence(id, 'ben')).toEqual({ ok: true });
  expect(await mine.standing()).toMatchObject({ silences: [] });
  expect(await mine.endSilence(id, 'ben')).toEqual({ ok: false, words: expect.stringContaining('over') });
});

test.each([
  ['answers with an error', 500, '{}', 'it answers 500'],
  ['answers with something else', 200, '{"silences": 7}', 'its answer is not understood'],
])('one that %s is reported, not thrown', async (_, status, body, why) => {
  const server = createServer((_request, answer) => answer.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  // It listens on a port, so that is what it has.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await ruleKeeperOverHttp({ url }).standing()).toEqual({ silent: `${url}: ${why}` });
});

test('one that is not there is reported, and ends nothing', async () => {
  const gone = ruleKeeperOverHttp({ url: 'http://127.0.0.1:9' });
  expect(await gone.standing()).toEqual({ silent: expect.stringMatching(/^http:\/\/127.0.0.1:9: \S+/) });
  expect(await gone.endSilence('S-1', 'ana')).toMatchObject({ ok: false });
});
