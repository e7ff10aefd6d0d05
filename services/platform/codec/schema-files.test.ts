import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadSchemas, newestSchemas } from './schema-files.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tocsin-schemas-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function given(file: string, text = '{}'): void {
  mkdirSync(join(dir, file, '..'), { recursive: true });
  writeFileSync(join(dir, file), text);
}

test('versions are ordered by number, and the newest of each topic is found', () => {
  for (let version = 1; version <= 10; version++) given(`signals/v${version}.avsc`);
  given('alerts/v1.avsc');
  given('mappings/airline.yaml');

  const schemas = loadSchemas(dir);
  expect(schemas.map(({ topic, version }) => `${topic} ${version}`).slice(0, 3)).toEqual([
    'alerts 1',
    'signals 1',
    'signals 2',
  ]);
  expect(newestSchemas(schemas).get('signals')?.version).toBe(10);
});

test.each([
  ['a folder that is no topic', 'signls/v1.avsc', '{}', /signls: no topic has this name/],
  [
    'a file with another name',
    'signals/signal.avsc',
    '{}',
    /signal\.avsc: schemas are called v<number>\.avsc/,
  ],
  ['a skipped version', 'signals/v2.avsc', '{}', /v2\.avsc: expected version 1/],
  ['text that is not JSON', 'signals/v1.avsc', '{', /v1\.avsc: not JSON/],
])('%s is refused by name', (_, file, text, message) => {
  given(file, text);
  expect(() => loadSchemas(dir)).toThrow(message);
});
