import { keepRuleSets } from '../../services/action-management/adapters/kept-rule-sets.sqlite.ts';
import { keptRuleSetsContract } from './kept-rule-sets.contract.ts';
import { sqliteFixture } from './sqlite-fixture.ts';

keptRuleSetsContract('sqlite', async () => {
  const fixture = sqliteFixture();
  return {
    kept: () => keepRuleSets(fixture.store.db),
    reopen: async () => fixture.reopen(),
    inForce: async () =>
      fixture.store.db
        .prepare('SELECT at, hash FROM rules_in_force ORDER BY rowid')
        .all()
        .map(({ at, hash }) => [Number(at), String(hash)] as const),
    dispose: async () => fixture.dispose(),
  };
});
