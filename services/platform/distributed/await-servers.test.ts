import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { StorageUnavailable } from '../event-log/event-log.ts';
import { RegistryRefusesLogin } from '../event-log/schemas.registry.ts';
import { silentLogger } from '../logging/logger.ts';
import { openWhenServersAnswer, StoppedWaiting } from './await-servers.ts';

const noBroker = new StorageUnavailable('closed', 'no Kafka broker answers at kafka:9092');

/** Opens at the `times + 1`th try; until then each try fails. */
async function given(failure: Error, times: number, waitAtMostMs?: number) {
  const port = await freePort();
  const said: object[] = [];
  const stop = new AbortController();
  let tries = 0;
  const opening = openWhenServersAnswer({
    name: 'ingestion',
    group: 'ingestion-group',
    host: '127.0.0.1',
    port,
    log: { ...silentLogger, warn: (fields) => void said.push(fields) },
    stop: stop.signal,
    ...(waitAtMostMs === undefined ? {} : { waitAtMostMs }),
    open: async () => {
      tries += 1;
      if (tries <= times) throw failure;
      return 'open';
    },
  });
  const url = `http://127.0.0.1:${port}`;
  return { opening, said, stop, url, tries: () => tries };
}

test('while servers do not answer everybody is told that the service waits, and then it opens', async () => {
  const { opening, said, url } = await given(noBroker, 1);
  await expect
    .poll(() =>
      fetch(`${url}/healthz`).then(
        ({ status }) => status,
        () => 0,
      ),
    )
    .toBe(200);
  const ready = await fetch(`${url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([
    503,
    { status: 'not_ready', reason: 'waiting for servers: no Kafka broker answers at kafka:9092' },
  ]);
  expect(await (await fetch(`${url}/metrics`)).text()).toContain(
    'tocsin_kafka_consumer_running{service="ingestion",group="ingestion-group"} 0',
  );
  const record = await fetch(`${url}/v1/complaints`, { method: 'POST', body: '{}' });
  expect([record.status, record.headers.get('retry-after'), await record.json()]).toEqual([
    503,
    '5',
    expect.objectContaining({ detail: 'ingestion waits for its servers and takes nothing yet: try again.' }),
  ]);
  expect(await opening).toBe('open');
  expect(said).toEqual([expect.objectContaining({ service: 'ingestion', reason: noBroker.message })]);
  await expect(fetch(url), 'the port is free for the service').rejects.toThrow();
});

test.each([
  ['a mistake', new Error('a mistake')],
  ['a password that the registry refuses', new RegistryRefusesLogin('closed', 'refused')],
])('%s is not waited for', async (_, failure) => {
  const { opening, said, tries } = await given(failure, 2);
  await expect(opening).rejects.toBe(failure);
  expect([tries(), said]).toEqual([1, []]);
});

test('it does not wait for ever', async () => {
  const { opening, tries } = await given(noBroker, 100, 600);
  await expect(opening).rejects.toBe(noBroker);
  expect(tries()).toBe(2);
});

test('who is told to stop waits no longer', async () => {
  const { opening, said, stop, url } = await given(noBroker, 100);
  await expect.poll(() => said.length).toBe(1);
  stop.abort();
  await expect(opening).rejects.toBeInstanceOf(StoppedWaiting);
  await expect(fetch(url)).rejects.toThrow();
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      // A TCP server's address is an object.
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
