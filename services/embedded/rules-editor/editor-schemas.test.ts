import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { SHIPPED_RULES } from '../rules-folder.ts';
import { editorSchemas, schemaComment, schemaText } from './editor-schemas.ts';

const schemas = editorSchemas();
const shipped = readdirSync(SHIPPED_RULES);
const textOf = (name: string) => readFileSync(join(SHIPPED_RULES, name), 'utf8');

/** Whether an editor would accept a text, by the schema that it is given. */
function editorAccepts(file: string, text: string): boolean {
  const schema = schemas.find(({ concerns }) => concerns.test(file))?.schema;
  // What zod reads is a JSON Schema; ours is one, of wider type.
  const check = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
  return check.safeParse(parse(text, { merge: true })).success;
}

test.each(schemas)(
  'rules/$file is what `npx tocsin rules schema --write` makes of the language',
  (schema) => {
    expect(textOf(schema.file)).toBe(schemaText(schema));
  },
);

test.each(schemas)(
  'every key of $file has a text for the pointer, and every text a key',
  ({ untold, gone }) => {
    expect({ untold, gone }).toEqual({ untold: [], gone: [] });
  },
);

const files = schemas.flatMap((schema) =>
  shipped.filter((name) => schema.concerns.test(name)).map((name) => ({ name, schema })),
);

test.each(files)('$name names its schema and passes it', ({ name, schema }) => {
  const text = textOf(name);
  expect(text).toContain(`${schemaComment(schema)}\n`);
  expect(editorAccepts(name, text)).toBe(true);
});

const RULE = textOf('order-delayed.rule.yaml');

test.each([
  ['an unknown key', RULE.replace('listen:', 'lisen:')],
  ['an unknown signal type', RULE.replace('[order.delayed]', '[order.late]')],
  ['an unknown field of the profile', RULE.replaceAll('profile.tenure_months', 'profile.tenure')],
  [
    'an operator that does not fit the field',
    RULE.replace('event.days_late: {gte: 7}', 'event.days_late: {any_of: [a]}'),
  ],
  ['a literal of another type', RULE.replace('event.days_late: {gte: 7}', 'event.days_late: {gte: seven}')],
  [
    'a value outside the range',
    RULE.replace('profile.churn_risk: {gte: 0.5}', 'profile.churn_risk: {gte: 50}'),
  ],
])('an editor marks %s', (_, text) => {
  expect(text).not.toBe(RULE);
  expect(editorAccepts('order-delayed.rule.yaml', text)).toBe(false);
});
