import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { instancesOf } from './order-running.ts';
import { rulesReloadCommand } from './rules-reload.ts';

const TWO_PODS = async () => [
  { address: '10.0.0.1', family: 4 },
  { address: 'fd00::2', family: 6 },
];

test.each([
  ['http://tocsin-action-management:8080', ['http://10.0.0.1:8080/', 'http://[fd00::2]:8080/']],
  // The certificate says the name.
  ['https://rules.example', ['https://rules.example']],
])('%s is asked at %j', async (service, urls) => {
  expect(await instancesOf(service, TWO_PODS)).toEqual(urls);
});

test('tocsin rules reload asks the service and says what became of it', async () => {
  const asked: string[] = [];
  const server = createServer((request, answer) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    answer
      .writeHead(409)
      .end(JSON.stringify({ outcome: 'refused', hash: 'abc', problems: ['a.rule.yaml:1:1: no'] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let said = '';
  const out = (text: string): void => {
    said += text;
  };
  const env = { TOCSIN_ACTION_MANAGEMENT_URL: url, TOCSIN_API_KEY: 'secret' };
  expect(await rulesReloadCommand.run([], { out, err: out, env, interactive: false })).toBe(1);
  expect(asked).toEqual(['POST /v1/rules/reload Bearer secret']);
  expect(said).toBe('a.rule.yaml:1:1: no\nrefused; set abc stays in force\n');
});
