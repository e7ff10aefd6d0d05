import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { importCommand } from '../../../services/cli/import.ts';
import { rejectedPath } from '../../../services/ingestion/import/rejected-rows.ts';
import { temporaryFolder } from './world.ts';

const FIXTURES = 'test/fixtures/records';

/** Runs the command on a data folder of its own; `out` and `err` are what it printed. */
async function run(args: readonly string[], folder = temporaryFolder()) {
  const printed = { out: '', err: '' };
  const io = {
    out: (text: string) => {
      printed.out += text;
    },
    err: (text: string) => {
      printed.err += text;
    },
    interactive: false,
    env: {},
  };
  const code = await importCommand.run([...args, '--data', join(folder, 'data')], io);
  return { code, ...printed };
}

test('a good file ends with sums and exit code 0, and its second import finds repeats', async () => {
  const folder = temporaryFolder();
  const args = ['complaints', `${FIXTURES}/excel.csv`, '--json'];
  const first = await run(args, folder);
  expect(first.code).toBe(0);
  expect(JSON.parse(first.out)).toMatchObject({ rows: 2, accepted: 2, repeated: 0, ignored: 0, rejected: 0 });
  const second = await run(args, folder);
  expect(second.code).toBe(0);
  expect(JSON.parse(second.out)).toMatchObject({ rows: 2, accepted: 0, repeated: 2 });
});

test('refused rows end with exit code 1 and lie beside the file, with reasons', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'mixed.csv');
  copyFileSync(`${FIXTURES}/mixed.csv`, file);
  const { code, out } = await run(['complaints', file], folder);
  expect(code).toBe(1);
  expect(out).toContain(`Refused rows, with reasons: ${file}.rejected.ndjson`);
  const [first = ''] = readFileSync(`${file}.rejected.ndjson`, 'utf8').split('\n');
  expect(JSON.parse(first)).toMatchObject({
    row: 1,
    line: 2,
    reasons: [{ field: 'occurredAt', reason: 'out_of_range' }],
    record: { id: 'k1', text: 'too early' },
  });
});

test('refused rows that cannot be written end the import in words', async () => {
  const folder = temporaryFolder();
  const { code, err } = await run(
    ['complaints', `${FIXTURES}/mixed.csv`, '--rejected', join(folder, 'missing', 'x.ndjson')],
    folder,
  );
  expect(code).toBe(1);
  expect(err).toContain(`refused rows cannot be written to ${join(folder, 'missing', 'x.ndjson')} (ENOENT)`);
  expect(err).toContain('--rejected PATH');
});

test('without refused rows no rejected file appears', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'excel.csv');
  copyFileSync(`${FIXTURES}/excel.csv`, file);
  await run(['complaints', file], folder);
  expect(existsSync(`${file}.rejected.ndjson`)).toBe(false);
});

test('a new column name needs a mapping and no code', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'tickets.csv');
  writeFileSync(file, 'Nr;Wann;Kunde;Worte\n1;01.11.2026 10:00;c1;Kaputt\n');
  const mapping = join(folder, 'tickets.yaml');
  writeFileSync(
    mapping,
    `source: complaints
record:
  id: Nr
  customer_id: Kunde
  text: Worte
  occurred_at: {column: Wann, date: {formats: "dd.MM.yyyy HH:mm", zone: Europe/Berlin}}
`,
  );
  const { code, out } = await run(['complaints', file, '--map', mapping, '--json'], folder);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ rows: 1, accepted: 1 });
});

test.each([
  [['complaints', `${FIXTURES}/utf16.csv`], /is UTF-16; save it as UTF-8/],
  [['complaints', `${FIXTURES}/wrong-column.csv`], /did you mean "customer_id"\?/],
  [['complaints', `${FIXTURES}/empty.csv`], /the file is empty/],
  [
    ['complaints', `${FIXTURES}/mixed.csv`, '--map', 'no-such.yaml'],
    /no-such\.yaml: the mapping cannot be read \(ENOENT\)/,
  ],
])('%j cannot be used: exit code 1, and a message with the place', async (args, message) => {
  const { code, out, err } = await run(args);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(message);
});

test.each([
  [['complaint', 'x.csv'], /unknown source "complaint"; did you mean "complaints"\?/],
  [['complaints'], /expected a source and a file/],
  [['complaints', 'x.csv', 'y.csv'], /unexpected "y.csv"/],
  [['complaints', 'x.csv', '--mapp', 'y'], /unknown option --mapp; did you mean "--map"\?/],
])('%j is a wrong use', async (args, message) => {
  await expect(run(args)).rejects.toThrow(message);
});

test('refused rows of a file in a read-only folder go elsewhere', () => {
  const folder = join(temporaryFolder(), 'locked');
  mkdirSync(folder);
  const file = join(folder, 'a.csv');
  expect(rejectedPath(file, '/elsewhere')).toBe(`${file}.rejected.ndjson`);
  chmodSync(folder, 0o555);
  expect(rejectedPath(file, '/elsewhere')).toBe('/elsewhere/a.csv.rejected.ndjson');
  chmodSync(folder, 0o755);
});
