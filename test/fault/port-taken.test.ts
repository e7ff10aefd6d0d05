import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { runTocsin } from '../support/child-tocsin.ts';
import { startedTocsin, temporaryFolder } from './support/temporary.ts';

test('a port that somebody else has: ends with 1, names it, and says how to choose another', async () => {
  const port = await takenPort();
  const { code, stderr } = await runTocsin(['start', '--data', temporaryFolder(), '--port', String(port)]);
  expect(code).toBe(1);
  expect(stderr).toContain(
    `tocsin start: port ${port} on 127.0.0.1 is in use; choose another with --port N\n`,
  );
  expect(stderr).not.toContain('    at ');
});

test('the folder is free again afterwards', async () => {
  const data = temporaryFolder();
  await runTocsin(['start', '--data', data, '--port', String(await takenPort())]);
  const { url } = await startedTocsin({ data });
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
});

test.each(['99999', '-1', 'http', '80.5', ''])('"%s" is no port: ends with 2', async (port) => {
  const { code, stderr } = await runTocsin(['start', '--data', temporaryFolder(), `--port=${port}`]);
  expect(code).toBe(2);
  expect(stderr).toContain(`--port: got "${port}", expected an integer from 0 to 65535`);
});

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  // A listening TCP server has an address with a port.
  return (server.address() as AddressInfo).port;
}
