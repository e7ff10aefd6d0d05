import { describe, expect, test } from 'vitest';
import { impurities, isDomain, worldlyImports } from './domain-purity.ts';
import { productionFiles, type SourceFile } from './source-tree.ts';

const files = productionFiles();
const domain = files.filter(isDomain);
const byPath = new Map(files.map((file) => [file.path, file]));

test('decisions have no clock, no chance and nothing to wait for', () => {
  expect(domain.flatMap(impurities)).toEqual([]);
});

test('decisions reach no file, socket, log or adapter through what they import', () => {
  expect(domain.flatMap((file) => worldlyImports(file, byPath))).toEqual([]);
});

describe('an impure decision is found', () => {
  test.each([
    ['clock', 'const now = Date.now();'],
    ['today', 'return new Date( );'],
    ['zoned clock', 'Temporal.Now.instant()'],
    ['chance', 'if (Math.random() < 0.5) return;'],
    ['made-up id', 'const id = randomUUID();'],
    ['wait', 'const answer = await ask();'],
    ['timer', 'setTimeout(escalate, 1000);'],
    ['environment', 'const zone = process.env.TZ;'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the template is the sample.
    ['clock within text', 'return `now: ${Date.now()}`;'],
  ])('%s', (_, text) => {
    expect(impurities(given(text))).toHaveLength(1);
  });
});

test('words about time in comments and text are no clock', () => {
  const text = "/** Never asks Date.now(). */\nconst help = 'await the customer';\nreturn new Date(now);";
  expect(impurities(given(text))).toEqual([]);
});

test('a door to the world is found behind another file', () => {
  const decide = given("import { read } from './read.ts';\nimport type { Stats } from 'node:fs';");
  const read: SourceFile = {
    path: 'services/x/domain/read.ts',
    text: "import { readFileSync } from 'node:fs';\nimport { createHash } from 'node:crypto';\nimport fastify from 'fastify';",
  };
  expect(worldlyImports(decide, new Map([[read.path, read]]))).toEqual([
    'services/x/domain/decide.ts → services/x/domain/read.ts → node:fs',
    'services/x/domain/decide.ts → services/x/domain/read.ts → fastify',
  ]);
});

function given(text: string): SourceFile {
  return { path: 'services/x/domain/decide.ts', text };
}
