import { expect, test } from 'vitest';
import { formatProblem } from '../../platform/config/yaml-file.ts';
import { compileMapping, mapByName } from './compile-mapping.ts';
import { parseMapping } from './mapping-file.ts';

const NOW = Date.UTC(2026, 10, 22);

/** Maps one row of cells; the columns are the object's keys. Problems come as text. */
function map(yaml: string, row: Readonly<Record<string, string>>): unknown {
  const columns = Object.keys(row);
  const parsed = parseMapping('m.yaml', yaml);
  if (!parsed.ok) return parsed.problems.map(formatProblem);
  const compiled = compileMapping(parsed.value, { name: 'f.csv', columns, importedAt: NOW });
  if (!compiled.ok) return compiled.problems.map(formatProblem);
  return compiled.mapRow(Object.values(row));
}

/** The value of one field whose expression is given. */
function field(name: string, expression: string, row: Readonly<Record<string, string>>): unknown {
  const mapped = map(`source: call-notes\nrecord:\n  id: {const: x}\n  ${name}: ${expression}\n`, row);
  if (Array.isArray(mapped)) return mapped;
  // A row that is neither a list of problems nor mapped does not exist.
  const { value, problems } = mapped as {
    value?: Record<string, unknown>;
    problems?: { found: string; expected: string }[];
  };
  if (problems !== undefined) return problems.map(({ found, expected }) => `${found}; ${expected}`);
  const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return value?.[camel];
}

test.each([
  ['text', 'Note', { Note: ' hi\nthere ' }, 'hi\nthere'],
  ['category', 'Note', { Note: ' hi\nthere ' }, 'hi there'],
  ['text', 'Note', { Note: '  ' }, undefined],
  ['transfers', 'N', { N: '3.0' }, 3],
  ['transfers', 'N', { N: 'three' }, ['"three"; a whole number from 0 to 1000']],
  ['reached', 'R', { R: 'Yes' }, true],
  ['reached', 'R', { R: '0' }, false],
  ['reached', 'R', { R: 'perhaps' }, ['"perhaps"; true or false (yes, no, 1 and 0 will do)']],
  ['channel', '{const: phone}', {}, 'phone'],
  ['text', '{join: [A, B], with: " / "}', { A: 'a', B: 'b' }, 'a / b'],
  ['text', '{join: [A, B]}', { A: '', B: 'b' }, 'b'],
  ['text', '{first_of: [A, {const: none}]}', { A: '' }, 'none'],
  ['text', '{column: A, default: none}', { A: '' }, 'none'],
  ['account_id', '{column: A, prefix: k-, suffix: -z}', { A: '1' }, 'k-1-z'],
  ['channel', '{column: A, map: {P: phone}}', { A: 'P' }, 'phone'],
  ['channel', '{column: A, map: {P: phone}}', { A: 'Q' }, ['"Q"; one of the mapped values P']],
  ['channel', '{column: A, map: {P: phone}, otherwise: drop}', { A: 'Q' }, undefined],
  ['channel', '{column: A, map: {P: phone}, otherwise: keep}', { A: 'email' }, 'email'],
  ['duration_seconds', '{column: A, number: {times: 60}}', { A: '2.5' }, 150],
  ['duration_seconds', '{column: A, number: {decimal: ",", thousands: "."}}', { A: '1.234,5' }, 1234.5],
  [
    'occurred_at',
    '{column: A, date: {formats: [dd.MM.yyyy, yyyy-MM-dd], zone: UTC}}',
    { A: '2026-01-02' },
    Date.UTC(2026, 0, 2),
  ],
  [
    'occurred_at',
    '{column: A, date: {formats: dd.MM.yyyy, zone: UTC}}',
    { A: 'soon' },
    ['"soon"; a date written as "dd.MM.yyyy"'],
  ],
  ['occurred_at', '{now: true}', {}, NOW],
  ['text', '{column: A, when: {column: B, is: "yes"}}', { A: 'a', B: 'no' }, undefined],
  ['text', '{column: A, when: {column: B, is_not: ["no"]}}', { A: 'a', B: 'yes' }, 'a'],
] as const)('%s from %s', (name, expression, row, expected) => {
  expect(field(name, expression, row)).toEqual(expected);
});

test('lists are split, or made of several columns', () => {
  const yaml = `
source: crm-records
record:
  customer_id: Id
  event: {const: profile_updated}
  emails: [Mail 1, Mail 2]
  phones: {column: Phones, split: ";"}
`;
  const row = { Id: '1', 'Mail 1': 'a@b.org', 'Mail 2': '', Phones: '030 123; 030 456 ;' };
  expect(map(yaml, row)).toMatchObject({ value: { emails: ['a@b.org'], phones: ['030 123', '030 456'] } });
});

test('a row without an id of its own gets the hash of its cells, the same each time', () => {
  const yaml = 'source: complaints\nrecord:\n  text: T\n';
  const first = map(yaml, { T: 'a', U: 'b' });
  expect(first).toEqual(map(yaml, { T: 'a', U: 'b' }));
  expect(first).not.toEqual(map(yaml, { T: 'a', U: 'c' }));
  expect(first).toMatchObject({ value: { id: expect.stringMatching(/^[0-9a-f]{32}$/) } });
});

test('the rest of the columns goes to extra, as what it looks like', () => {
  const yaml = `
source: crm-records
record:
  customer_id: Id
  event: {const: profile_updated}
  attributes:
    contract: Contract
    extra: {rest: true, except: [Secret]}
`;
  const row = {
    Id: '1',
    Contract: 'm',
    Zip: '01234',
    Lines: '2',
    Paper: 'True',
    Blank: ' ',
    Secret: 'x',
    Plan: 'XL',
  };
  expect(map(yaml, row)).toMatchObject({
    value: { attributes: { contract: 'm', extra: { Zip: '01234', Lines: 2, Paper: true, Plan: 'XL' } } },
  });
});

test('rows can be ignored with a reason', () => {
  const yaml =
    'source: complaints\nignore_when:\n  - {column: Own, is: "True", because: own_message}\nrecord:\n  text: T\n';
  expect(map(yaml, { Own: 'True', T: 'x' })).toEqual({ status: 'ignored', reason: 'own_message' });
  expect(map(yaml, { Own: 'False', T: 'x' })).toMatchObject({ status: 'record' });
});

test.each([
  [
    'a column that is not there',
    'source: complaints\nrecord:\n  text: Txt\n',
    'm.yaml:3:9: column "Txt" is not in f.csv; did you mean "Text"? The file has: Text, Date',
  ],
  [
    'a column of ignore_when that is not there',
    'source: complaints\nignore_when:\n  - {column: X, is: a}\nrecord:\n  text: Text\n',
    'm.yaml:3:14: column "X" is not in f.csv; allowed: Text, Date',
  ],
  [
    'an unknown field',
    'source: complaints\nrecord:\n  txet: Text\n',
    'm.yaml:3:3: unknown field "txet"; did you mean "text"?',
  ],
  [
    'an unknown step',
    'source: complaints\nrecord:\n  text: {column: Text, mapp: {a: b}}\n',
    'm.yaml:3:24: unknown key "mapp"; did you mean "map"?',
  ],
  [
    'an unknown key',
    'source: complaints\nignore_wen: []\nrecord:\n  text: Text\n',
    'm.yaml:2:1: unknown key "ignore_wen"; did you mean "ignore_when"?',
  ],
  [
    'an unknown source',
    'source: complaint\nrecord:\n  text: Text\n',
    'm.yaml:1:9: source: got "complaint", expected one of',
  ],
  [
    'two origins',
    'source: complaints\nrecord:\n  text: {column: Text, hash: row}\n',
    'm.yaml:3:9: got column and hash of column, const',
  ],
  [
    'no origin',
    'source: complaints\nrecord:\n  text: {map: {a: b}}\n',
    'm.yaml:3:9: got none of column, const',
  ],
  [
    'a constant that the field does not allow',
    'source: complaints\nrecord:\n  channel: {const: fax}\n',
    'm.yaml:3:20: const: found "fax", expected one of email, phone',
  ],
  [
    'a date without a zone',
    'source: complaints\nrecord:\n  occurred_at: {column: Date, date: dd.MM.yyyy}\n',
    'm.yaml:3:37: date format "dd.MM.yyyy" has no offset',
  ],
  [
    'an unknown zone',
    'source: complaints\nrecord:\n  occurred_at: {column: Date, date: {formats: dd.MM.yyyy, zone: Berlin}}\n',
    'm.yaml:3:65: zone: got "Berlin", expected an IANA time zone',
  ],
  [
    'attributes outside CRM records',
    'source: complaints\nrecord:\n  attributes: {name: Text}\n',
    'm.yaml:3:3: only crm-records have attributes',
  ],
  [
    'an empty condition',
    'source: complaints\nignore_when:\n  - {column: Text}\nrecord:\n  text: Text\n',
    'm.yaml:3:5: a condition needs one of is, is_not',
  ],
])('%s is reported at its place', (_, yaml, expected) => {
  const problems = map(yaml, { Text: 'x', Date: 'y' });
  expect(problems).toEqual([expect.stringContaining(expected)]);
});

test('every problem of a mapping is reported at once', () => {
  const yaml = 'source: complaints\nrecord:\n  txet: Text\n  category: Cat\n  channel: {const: fax}\n';
  expect(map(yaml, { Text: 'x' })).toHaveLength(3);
});

test('an alias bomb is refused', () => {
  const lines = ['a: &a [x,x,x,x,x,x,x,x,x]'];
  for (const [one, other] of ['ab', 'bc', 'cd', 'de', 'ef']) {
    lines.push(`${other}: &${other} [${Array(9).fill(`*${one}`).join(',')}]`);
  }
  expect(map(lines.join('\n'), {})).toEqual([expect.stringMatching(/alias/i)]);
});

test('JSON rows are read by key, or down a path', () => {
  const parsed = parseMapping(
    'm.yaml',
    'source: complaints\nrecord:\n  id: ticket.number\n  text: body\n  complaint_id: a.b\n',
  );
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join());
  const compiled = compileMapping(parsed.value, { name: 'f.json', columns: undefined, importedAt: NOW });
  if (!compiled.ok) throw new Error(compiled.problems.map(formatProblem).join());
  expect(compiled.mapRow({ ticket: { number: 5 }, body: 'x', 'a.b': '7' })).toEqual({
    status: 'record',
    value: { id: '5', text: 'x', complaintId: '7' },
  });
});

test('columns with our own names need no mapping', () => {
  const columns = ['customer_id', 'event', 'occurredAt', 'tenure_months', 'attributes.value_tier'];
  const compiled = mapByName('crm-records', { name: 'f.csv', columns, importedAt: NOW });
  if (!compiled.ok) throw new Error(compiled.problems.map(formatProblem).join());
  expect(compiled.mapRow(['c1', 'profile_updated', '2026-01-01T00:00:00Z', '12', 'gold'])).toMatchObject({
    value: {
      customerId: 'c1',
      occurredAt: '2026-01-01T00:00:00Z',
      attributes: { tenureMonths: 12, valueTier: 'gold' },
    },
  });
});

test('a column that is no field is named with what is near', () => {
  const compiled = mapByName('complaints', { name: 'f.csv', columns: ['id', 'txt'], importedAt: NOW });
  expect(compiled.ok ? [] : compiled.problems.map(formatProblem)).toEqual([
    'f.csv:1:1: column 2 "txt" is not a field of complaints; did you mean "text"? Give a mapping with --map, or rename the column.',
  ]);
});
