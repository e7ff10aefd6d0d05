import { expect, test } from 'vitest';
import { RULES_POSTGRES_MIGRATIONS } from '../../services/action-management/adapters/kept-rule-sets.postgres.ts';
import { RULES_MIGRATIONS } from '../../services/action-management/adapters/kept-rule-sets.sqlite.ts';
import { LOOP_CLOSURE_POSTGRES_MIGRATIONS } from '../../services/loop-closure/adapters/view-tables.postgres.ts';
import { LOOP_CLOSURE_MIGRATIONS } from '../../services/loop-closure/adapters/view-tables.sqlite.ts';
import { PLATFORM_POSTGRES_MIGRATIONS } from '../../services/platform/database/migrations.postgres.ts';
import { PLATFORM_MIGRATIONS } from '../../services/platform/database/migrations.ts';

test.each([
  ['platform', PLATFORM_MIGRATIONS, PLATFORM_POSTGRES_MIGRATIONS],
  ['loop-closure', LOOP_CLOSURE_MIGRATIONS, LOOP_CLOSURE_POSTGRES_MIGRATIONS],
  ['action-management', RULES_MIGRATIONS, RULES_POSTGRES_MIGRATIONS],
])('%s: both stores know the same migrations, by the same names and in order', (_, sqlite, postgres) => {
  const ids = sqlite.map(({ id }) => id);
  expect(postgres.map(({ id }) => id)).toEqual(ids);
  expect(ids.toSorted()).toEqual(ids);
});

test('a later step only adds, or says in its name that it removes what the release before no longer read', () => {
  const removes = /\b(?:DROP\s+(?:TABLE|COLUMN)|RENAME|ALTER\s+COLUMN\s+\w+\s+(?:SET\s+NOT\s+NULL|TYPE))\b/i;
  const all = [
    ...PLATFORM_MIGRATIONS,
    ...PLATFORM_POSTGRES_MIGRATIONS,
    ...LOOP_CLOSURE_MIGRATIONS,
    ...LOOP_CLOSURE_POSTGRES_MIGRATIONS,
    ...RULES_MIGRATIONS,
    ...RULES_POSTGRES_MIGRATIONS,
  ];
  expect(
    all.filter(({ id, sql }) => removes.test(sql) && !id.includes('contract')).map(({ id }) => id),
  ).toEqual([]);
});
