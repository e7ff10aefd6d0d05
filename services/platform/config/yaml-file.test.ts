import { expect, test } from 'vitest';
import { z } from 'zod';
import { formatProblem, parseYamlFile } from './yaml-file.ts';

const schema = z.strictObject({
  id: z.string(),
  stage: z.enum(['live', 'shadow']),
  route: z.array(z.strictObject({ to: z.string(), fallback: z.string().optional() })).default([]),
});

const problems = (text: string): string[] => {
  const parsed = parseYamlFile('a.yaml', text, schema);
  return parsed.ok ? [] : parsed.problems.map(formatProblem);
};

test('a good file yields its value and can be located', () => {
  const parsed = parseYamlFile('a.yaml', 'id: x\nstage: live\nroute: [{to: team/a}]\n', schema);
  expect(parsed.ok && parsed.value).toEqual({ id: 'x', stage: 'live', route: [{ to: 'team/a' }] });
  expect(parsed.ok && parsed.at(['route', 0, 'to'], 'unknown team')).toEqual({
    file: 'a.yaml',
    line: 3,
    column: 14,
    message: 'unknown team',
  });
});

test.each([
  [
    'an unknown key',
    'id: x\nstage: live\nrout: []\n',
    'a.yaml:3:1: unknown key "rout"; did you mean "route"?',
  ],
  [
    'an unknown key in a list',
    'id: x\nstage: live\nroute:\n  - {to: a, fallbak: b}\n',
    'a.yaml:4:13: unknown key "fallbak"; did you mean "fallback"?',
  ],
  [
    'a value outside the list',
    'id: x\nstage: shadov\n',
    'a.yaml:2:8: stage: got "shadov", expected one of live, shadow; did you mean "shadow"?',
  ],
  ['a wrong type', 'id: 5\nstage: live\n', 'a.yaml:1:5: id: got 5, expected a text'],
  ['a duplicate key', 'id: x\nid: y\nstage: live\n', 'a.yaml:2:1: Map keys must be unique'],
])('%s is reported at its place', (_, text, expected) => {
  expect(problems(text)).toEqual([expected]);
});

test('an alias bomb is refused in words', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    'b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]',
    'c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]',
    'd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]',
  ];
  expect(problems(bomb.join('\n'))[0]).toMatch(/alias/i);
});

test('deep nesting is refused', () => {
  expect(problems(`id: ${'['.repeat(40)}${']'.repeat(40)}`)[0]).toContain('nested deeper than 32 levels');
});

test('a broken file is a problem, not an exception', () => {
  expect(problems('id: [x\nstage: live')).not.toEqual([]);
});
