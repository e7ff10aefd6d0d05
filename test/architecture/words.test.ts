import { expect, test } from 'vitest';
import { filesMatching } from './source-tree.ts';
import { emptyName, leftOvers } from './words.ts';

const files = filesMatching('{services,schemas,rules,infra,test}/**/*.*', '*.{md,json,ts}').filter(
  ({ path }) => path !== 'package-lock.json',
);

test('files are named after an idea', () => {
  expect(files.flatMap(emptyName)).toEqual([]);
});

test('no file holds a note to oneself or a path of one machine', () => {
  expect(files.flatMap(leftOvers)).toEqual([]);
});

test.each([
  'services/scoring/utils.ts',
  'test/support/date-helper.ts',
  'services/alerting/alert-manager.ts',
  'services/common/x.ts',
])('the name %s is found', (path) => expect(emptyName({ path, text: '' })).toHaveLength(1));

test.each([
  ['a note to oneself', `// TO${''}DO later`],
  ['a fault left in', `// FIX${''}ME`],
  ['a path of one machine', `const file = '/home${''}/mia/data.csv';`],
])('%s is found with its line', (_, text) => {
  expect(leftOvers({ path: 'a.ts', text: `\n${text}` })).toEqual([expect.stringMatching(/^a\.ts:2: /)]);
});

test('routes and words that look alike are none', () => {
  const text =
    'app.get("/v1/work/items"); // the to-do list of the homeowner at https://example.com/home/page';
  expect(leftOvers({ path: 'a.ts', text })).toEqual([]);
});
