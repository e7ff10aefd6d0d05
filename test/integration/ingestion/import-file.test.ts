import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ImportOptions, importFile } from '../../../services/ingestion/import/import-file.ts';
import { parseMapping } from '../../../services/ingestion/import/mapping-file.ts';
import { NOW, openWorld, temporaryFolder } from './world.ts';

const FIXTURES = 'test/fixtures/records';

async function importInto(
  world: ReturnType<typeof openWorld>,
  file: string,
  more: Partial<ImportOptions> = {},
) {
  const rejectedPath = join(temporaryFolder(), 'rejected.ndjson');
  const result = await importFile({
    source: 'complaints',
    file,
    accept: world.gateway.accept,
    rejectedPath,
    importedAt: NOW,
    ...more,
  });
  const rejected =
    result.ok && result.summary.rejected > 0
      ? readFileSync(rejectedPath, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Rejected)
      : [];
  return { result, rejected };
}

interface Rejected {
  readonly row: number;
  readonly line: number;
  readonly reasons: readonly { readonly field: string; readonly reason: string; readonly found: string }[];
  readonly record: unknown;
}

const storedIds = async ({ store }: ReturnType<typeof openWorld>) =>
  (await store.log.read('complaints', 0, 0, 1000)).map(({ value }) => value.id);

test('a row of the wrong width is refused, the rest is taken', async () => {
  const world = openWorld();
  const { result, rejected } = await importInto(world, `${FIXTURES}/wrong-width.csv`);
  expect(result).toMatchObject({ ok: true, summary: { rows: 4, accepted: 2, rejected: 2 } });
  expect(rejected).toMatchObject([
    { row: 2, line: 3, reasons: [{ found: '5 columns', expected: '4 columns, as in the first line' }] },
    { row: 3, line: 4, reasons: [{ found: '2 columns' }] },
  ]);
  expect(await storedIds(world)).toEqual(['k1', 'k4']);
});

test('an unclosed quote is named with its line and costs that line only', async () => {
  const world = openWorld();
  const { result, rejected } = await importInto(world, `${FIXTURES}/unclosed-quote.csv`);
  expect(result).toMatchObject({ ok: true, summary: { rows: 5, accepted: 4, rejected: 1 } });
  expect(rejected).toMatchObject([
    {
      row: 2,
      line: 3,
      reasons: [{ found: expect.stringContaining('opened on this line and never closed') }],
    },
  ]);
  expect(await storedIds(world)).toEqual(['k1', 'k3', 'k4', 'k5']);
});

test('a file as spreadsheets write it is read: BOM, semicolons, CRLF, line breaks and quotes in cells', async () => {
  const world = openWorld();
  const { result } = await importInto(world, `${FIXTURES}/excel.csv`);
  expect(result).toMatchObject({ ok: true, summary: { rows: 2, accepted: 2 } });
  const texts = (await world.store.log.read('complaints', 0, 0, 10)).map(({ value }) => value.text);
  expect(texts).toEqual(['two\r\nlines; with a "quote"', '5" pipe, naïve 😀']);
});

test.each([
  ['utf16.csv', /is UTF-16; save it as UTF-8/],
  ['empty.csv', /the file is empty/],
  ['header-only.csv', /the file has no rows/],
  ['column-twice.csv', /:1: the column "text" is named twice/],
  ['wrong-column.csv', /column 3 "custmer_id" is not a field of complaints; did you mean "customer_id"\?/],
  ['no-such-file.csv', /cannot be read \(ENOENT\)/],
  ['.', /is not a file/],
])('%s is refused whole, with the place', async (name, message) => {
  const world = openWorld();
  const { result } = await importInto(world, `${FIXTURES}/${name}`);
  expect(result).toMatchObject({ ok: false, problems: [expect.stringMatching(message)] });
  expect(await storedIds(world)).toEqual([]);
});

test('of a file that is not UTF-8 the rows without other bytes are taken, and the first such byte is named', async () => {
  const world = openWorld();
  const { result, rejected } = await importInto(world, `${FIXTURES}/latin1.csv`);
  expect(result).toMatchObject({
    ok: true,
    fault: expect.stringMatching(/not UTF-8: byte 0xe9 at offset 94 \(line 3\)/),
    summary: { rows: 2, accepted: 1, rejected: 1 },
  });
  expect(rejected).toMatchObject([{ row: 2, line: 3, reasons: [{ reason: 'not_unicode' }] }]);
  expect(await storedIds(world)).toEqual(['k1']);
});

test('accepted, repeated, ignored and rejected always add up to the rows', async () => {
  const { result, rejected } = await importInto(openWorld(), `${FIXTURES}/mixed.csv`);
  expect(result).toMatchObject({
    ok: true,
    summary: {
      rows: 7,
      accepted: 1,
      repeated: 1,
      ignored: 1,
      rejected: 4,
      ignoredBecause: { auto_submitted: 1 },
      rejectedBecause: [
        { field: 'occurredAt', reason: 'out_of_range', rows: 2 },
        { field: 'customerId', reason: 'missing', rows: 1 },
        { field: 'channel', reason: 'not_allowed', rows: 1 },
      ],
    },
  });
  expect(rejected.map(({ row, record }) => [row, (record as { id: string }).id])).toEqual([
    [1, 'k1'],
    [2, 'k2'],
    [3, 'k3'],
    [4, 'k4'],
  ]);
});

test('the second import of a file finds only repeats', async () => {
  const world = openWorld();
  await importInto(world, `${FIXTURES}/excel.csv`);
  const { result } = await importInto(world, `${FIXTURES}/excel.csv`);
  expect(result).toMatchObject({ summary: { rows: 2, accepted: 0, repeated: 2 } });
});

test('a broken line of NDJSON costs itself only', async () => {
  const world = openWorld();
  const { result, rejected } = await importInto(world, `${FIXTURES}/broken-lines.ndjson`);
  expect(result).toMatchObject({ ok: true, summary: { rows: 5, accepted: 2, rejected: 3 } });
  expect(rejected.map(({ row, line, reasons }) => [row, line, reasons[0]?.reason])).toEqual([
    [2, 2, 'malformed'],
    [3, 4, 'wrong_type'],
    [4, 5, 'not_unicode'],
  ]);
});

test('a broken value of a JSON array costs itself only', async () => {
  const world = openWorld();
  const { result, rejected } = await importInto(world, `${FIXTURES}/array.json.txt`);
  expect(result).toMatchObject({ ok: true, summary: { rows: 3, accepted: 2, rejected: 1 } });
  expect(rejected).toMatchObject([{ row: 2, line: 3 }]);
  expect(await storedIds(world)).toEqual(['k1', 'k3']);
});

test('an array that is cut short loses its last value, with its line', async () => {
  const { result, rejected } = await importInto(openWorld(), `${FIXTURES}/cut-short.json.txt`);
  expect(result).toMatchObject({ ok: true, summary: { rows: 2, accepted: 1, rejected: 1 } });
  expect(rejected).toMatchObject([{ row: 2, line: 3, reasons: [{ reason: 'malformed' }] }]);
});

test('a JSON file may hold one object', async () => {
  const { result } = await importInto(openWorld(), `${FIXTURES}/one-object.json`);
  expect(result).toMatchObject({ ok: true, summary: { rows: 1, accepted: 1 } });
});

test('a mapping for another source is refused at its place', async () => {
  const parsed = parseMapping('m.yaml', 'source: call-notes\nrecord:\n  text: text\n');
  if (!parsed.ok) throw new Error('the mapping is good');
  const { result } = await importInto(openWorld(), `${FIXTURES}/mixed.csv`, { mapping: parsed.value });
  expect(result).toEqual({
    ok: false,
    problems: ['m.yaml:1:9: the mapping is for call-notes, not for complaints'],
  });
});

test('a row of several megabytes is refused without being held', async () => {
  const file = join(temporaryFolder(), 'huge.csv');
  const row = (id: string, text: string) => `${id},2026-11-01T10:00:00Z,c1,${text}\n`;
  const huge = row('k1', 'fine') + row('k2', 'x'.repeat(5_000_000)) + row('k3', 'fine');
  writeFileSync(file, `id,occurred_at,customer_id,text\n${huge}`);
  const { result, rejected } = await importInto(openWorld(), file);
  expect(result).toMatchObject({ ok: true, summary: { rows: 3, accepted: 2, rejected: 1 } });
  expect(rejected).toMatchObject([{ row: 2, line: 3, reasons: [{ reason: 'too_long' }] }]);
});

test('batches are handed over one at a time, and never large', async () => {
  const file = join(temporaryFolder(), 'many.ndjson');
  const lines = Array.from({ length: 1234 }, (_, index) =>
    JSON.stringify({ id: `k${index}`, occurredAt: NOW, customerId: 'c1' }),
  );
  writeFileSync(file, lines.join('\n'));
  const world = openWorld();
  const sizes: number[] = [];
  let underWay = 0;
  const { result } = await importInto(world, file, {
    accept: async (source, values) => {
      sizes.push(values.length);
      underWay += 1;
      expect(underWay).toBe(1);
      const answers = await world.gateway.accept(source, values);
      underWay -= 1;
      return answers;
    },
  });
  expect(sizes).toEqual([500, 500, 234]);
  expect(result).toMatchObject({ summary: { rows: 1234, accepted: 1234 } });
});

test('an import that is stopped ends after the batch under way, and its sums add up', async () => {
  const file = join(temporaryFolder(), 'many.ndjson');
  const lines = Array.from({ length: 1200 }, (_, index) =>
    JSON.stringify({ id: `k${index}`, occurredAt: NOW, customerId: 'c1' }),
  );
  writeFileSync(file, lines.join('\n'));
  const stop = new AbortController();
  const { result } = await importInto(openWorld(), file, {
    onProgress: () => stop.abort(),
    signal: stop.signal,
  });
  expect(result).toMatchObject({ ok: true, complete: false, summary: { rows: 500, accepted: 500 } });
});
