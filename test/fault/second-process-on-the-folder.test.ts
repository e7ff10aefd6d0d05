import { expect, test } from 'vitest';
import { EMBEDDED_MIGRATIONS } from '../../services/embedded/pipeline.ts';
import { openEmbeddedStore } from '../../services/platform/database/embedded-store.ts';
import { testPipeline } from '../../services/platform/keyed-process/test-pipeline.ts';
import { systemClock } from '../../services/platform/time/clock.ts';
import { runTocsin } from '../support/child-tocsin.ts';
import { startedTocsin, temporaryFolder } from './support/temporary.ts';

test('the second process on a data folder ends with 1 and says who has it; the first goes on', async () => {
  const data = temporaryFolder();
  const { url } = await startedTocsin({ data });

  const second = await runTocsin(['start', '--data', data, '--port', '0']);

  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(
    new RegExp(
      `^tocsin start: data folder ${data}: in use by process \\d+ \\(${url}\\); stop it first, or choose another folder with --data DIR\n$`,
    ),
  );
  expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'up' });
});

test('a killed process leaves the folder free at once', async () => {
  const data = temporaryFolder();
  const first = await startedTocsin({ data });
  expect((await first.tocsin.kill()).signal).toBe('SIGKILL');

  const { url } = await startedTocsin({ data });

  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test('a stopped process leaves the folder free', async () => {
  const data = temporaryFolder();
  const first = await startedTocsin({ data });
  expect((await first.tocsin.stop()).code).toBe(0);
  await startedTocsin({ data });
});

test('control: SQLite alone lets a second process write, and then the first one fails', async () => {
  const data = temporaryFolder();
  const { url } = await startedTocsin({ data });
  const complain = (id: string): Promise<Response> =>
    fetch(`${url}/v1/complaints`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id, customerId: 'ada', occurredAt: Date.now(), text: 'broken' }),
    });
  expect((await complain('one')).status).toBe(202);

  const second = openEmbeddedStore(data, systemClock, EMBEDDED_MIGRATIONS);
  const value = { id: 'two', customerId: 'ada', occurredAt: Date.now() };
  await second.log.publish('complaints', [{ id: 'two', key: 'ada', value }]);
  second.close();

  expect((await complain('three')).status).toBe(500);
});

test('without the lock, a second owner would still be stopped by the positions before it changes anything', async () => {
  const pipeline = testPipeline();
  const second = pipeline.anotherRunner();
  await second.pass();
  await pipeline.publish('ada: one');
  await pipeline.runner.drain();
  await expect(second.pass()).rejects.toThrow(/expected complaints at 0 and found it at 1/);
  expect(pipeline.state('ada')).toMatchObject({ obey: { orders: ['one'] } });
  pipeline.dispose();
});
