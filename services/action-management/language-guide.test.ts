import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { SIGNAL_TYPES } from '../contracts/signal.ts';
import { EVENT_FIELDS, PROFILE_FIELDS } from './domain/language/fields.ts';
import { OPERATORS } from './domain/language/operators.ts';
import { defaultsFileSchema, ruleFileSchema } from './domain/language/rule-file.ts';
import { readRuleSet } from './domain/read-rule-set.ts';
import { NAMES, ruleText } from './domain/test-story.ts';

const rulesFolder = new URL('../../rules/', import.meta.url);
const guide = readFileSync(new URL('README.md', rulesFolder), 'utf8');

/** Every key of the language, found in the schema itself. */
function keysOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties, ...rest } = schema as { properties?: Record<string, unknown> };
  const own = Object.entries(properties ?? {}).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
  return [...own, ...Object.values(rest).flatMap(keysOf)];
}

const words = new Set(guide.match(/[\w.]+/g));

test.each([
  [
    'key',
    [
      ...keysOf(z.toJSONSchema(ruleFileSchema, { io: 'input' })),
      ...keysOf(z.toJSONSchema(defaultsFileSchema, { io: 'input' })),
    ],
  ],
  ['operator', Object.keys(OPERATORS)],
  ['signal type', [...SIGNAL_TYPES]],
  ['field of a signal', [...EVENT_FIELDS.keys()].map((name) => `event.${name}`)],
  ['field of a profile', [...PROFILE_FIELDS.keys()].map((name) => `profile.${name}`)],
  ['rule', readdirSync(rulesFolder).filter((name) => name.endsWith('.rule.yaml'))],
])('the guide names every %s', (_, names) => {
  const missing = names.filter((name) => !words.has(name.split('.').pop() ?? name) && !guide.includes(name));
  expect(missing).toEqual([]);
});

test('the schema of a rule can be given to editors', () => {
  const schema = z.toJSONSchema(ruleFileSchema, { io: 'input' });
  expect(schema).toMatchObject({ type: 'object', additionalProperties: false });
});

test('the first rule of the guide works as written', () => {
  const [, text = ''] = /```yaml\n(apiVersion[\s\S]*?)```/.exec(guide) ?? [];
  const read = readRuleSet([{ name: 'payment-failed-twice.rule.yaml', text }], NAMES);
  expect(read.ok ? [] : read.problems).toEqual([]);
});

test('the condition of the guide works as written', () => {
  const [, when = ''] = /```yaml\n(when:[\s\S]*?)```/.exec(guide) ?? [];
  const window = '  windows: {complaints_90d: {of: complaint.received, fn: count, over: 90d}}\n';
  const indented = when.replace(/^/gm, '  ').trimEnd();
  const text = ruleText('guide', `  listen: [contract.ending]\n${window}${indented}`);
  const read = readRuleSet([{ name: 'guide.rule.yaml', text }], NAMES);
  expect(read.ok ? [] : read.problems).toEqual([]);
});
