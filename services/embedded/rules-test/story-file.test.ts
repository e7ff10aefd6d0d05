import { expect, test } from 'vitest';
import { parseRuleTest } from './story-file.ts';

const GOOD = `apiVersion: tocsin/v1
kind: RuleTest
start: "2026-03-27T15:00:00+01:00"
profiles: {c1: {value_tier: gold, renewal_at: "2026-05-01T00:00:00Z"}}
tests:
  - name: two complaints
    events:
      - {at: 1h, id: e1, type: complaint.received, customer_id: c1, sentiment: -0.5}
      - {generate: {count: 2, every: 1d, from: -7d}, type: call_note.scored, customer_id: "h{n}"}
      - {at: 2h, type: alert.closed, customer_id: c1, outcome: saved}
    expect: [{at: 3h, alerts: [{rule: r, ack_by: "2026-03-27T18:00:00+01:00"}]}]
`;

test('times become instants, repetitions are written out, and all of it stands in order', () => {
  const read = parseRuleTest('a.test.yaml', GOOD);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const [story] = read.value.stories;
  expect(read.value).toMatchObject({ start: Date.parse('2026-03-27T14:00:00Z'), offsetMinutes: 60 });
  expect(story?.profiles).toEqual({ c1: { valueTier: 'gold', renewalAt: Date.parse('2026-05-01') } });
  expect(
    story?.happenings.map(({ at, id, customerId }) => [new Date(at).toISOString(), id, customerId]),
  ).toEqual([
    ['2026-03-20T14:00:00.000Z', '#2/1', 'h1'],
    ['2026-03-21T14:00:00.000Z', '#2/2', 'h2'],
    ['2026-03-27T15:00:00.000Z', 'e1', 'c1'],
    ['2026-03-27T16:00:00.000Z', '#3', 'c1'],
  ]);
});

/** Each is `GOOD` with one fault. */
test.each<[fault: string, good: string, bad: string, message: string]>([
  ['unknown key', 'id: e1', 'idd: e1', '8:18: unknown key "idd"; did you mean "id"?'],
  [
    'unknown field',
    'sentiment: -0.5',
    'sentimnt: -0.5',
    '8:69: unknown key "sentimnt"; did you mean "sentiment"?',
  ],
  [
    'unknown field of a profile',
    'value_tier',
    'value_teir',
    '4:17: unknown key "value_teir"; did you mean "value_tier"?',
  ],
  [
    'unknown expectation',
    'ack_by: "2026',
    'ack_buy: "2026',
    '11:42: unknown key "ack_buy"; did you mean "ack_by"?',
  ],
  ['no time', 'at: 1h, id', 'id', '8:9: an event needs "at", or "generate" for many'],
  [
    'a time that is none',
    'at: 1h, id',
    'at: soon, id',
    '8:14: got "soon", expected a duration such as 30m, 2h, 2h30m or 14d',
  ],
  ['nobody', 'customer_id: c1, sent', 'sent', '8:9: an event needs "customer_id"'],
  [
    'a placeholder without quotes',
    '"h{n}"',
    '{n}',
    '9:91: a placeholder in braces must be quoted, for example "owner:{profile.account_manager}": YAML reads braces as a map',
  ],
])('a test file with %s is refused at its place', (_, good, bad, message) => {
  const read = parseRuleTest('a.test.yaml', GOOD.replace(good, bad));
  const found = read.ok ? [] : read.problems.map((p) => `${p.line}:${p.column}: ${p.message}`);
  expect(found).toEqual([message]);
});
