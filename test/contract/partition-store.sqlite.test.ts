import { partitionStoreContract } from './partition-store.contract.ts';
import { sqliteFixture } from './sqlite-fixture.ts';

partitionStoreContract('sqlite', async () => {
  const fixture = sqliteFixture();
  const owner = () => fixture.store.partition('test', fixture.views);
  return {
    store: owner,
    secondOwner: owner,
    log: () => fixture.store.log,
    notes: async () => fixture.notes(),
    effects: async () =>
      (await fixture.store.effects.claim('slack', Number.MAX_SAFE_INTEGER, 100, -1)).map(({ id }) => id),
    ledger: async () => fixture.store.ledger.entries(),
    deadLetters: async () => (await fixture.store.deadLetters.list('parked', 100)).map(({ id }) => id),
    retry: async (id) => void (await fixture.store.deadLetters.retry(id, { by: 'ana', at: 0 })),
    reopen: async () => fixture.reopen(),
    storageGone: async () => fixture.fillDisk(),
    storageBack: async () => fixture.freeDisk(),
    dispose: async () => fixture.dispose(),
    promises: { fencesByPosition: true, knowsOffsets: true },
  };
});
