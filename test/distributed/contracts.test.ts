import { keepRuleSets } from '../../services/action-management/adapters/kept-rule-sets.postgres.ts';
import { deadLettersContract } from '../contract/dead-letters.contract.ts';
import { effectQueueContract } from '../contract/effect-queue.contract.ts';
import { eventLogContract } from '../contract/event-log.contract.ts';
import { keptRuleSetsContract } from '../contract/kept-rule-sets.contract.ts';
import { partitionStoreContract } from '../contract/partition-store.contract.ts';
import { commitOf } from '../support/commit.ts';
import { distributedFixture } from './support/distributed-fixture.ts';

eventLogContract('Kafka, with its outbox in PostgreSQL', async () => {
  const fixture = await distributedFixture();
  return {
    log: () => fixture.log,
    reopen: () => fixture.reopen(),
    close: () => fixture.closeLog(),
    storageGone: () => fixture.storageGone(),
    storageBack: async () => void (await fixture.storageBack()),
    dispose: () => fixture.dispose(),
    promises: { refusesWhenClosed: true, keepsHalvesOfPairs: false },
  };
});

partitionStoreContract('PostgreSQL', async () => {
  const fixture = await distributedFixture();
  await fixture.parts.store.positions(['complaints']);
  return {
    store: () => fixture.parts.store,
    secondOwner: () => fixture.parts.partition(),
    log: () => fixture.log,
    notes: () => fixture.notes(),
    effects: async () =>
      (await fixture.parts.effects.claim('slack', Number.MAX_SAFE_INTEGER, 100, -1)).map(({ id }) => id),
    ledger: () => fixture.ledger(),
    deadLetters: async () => (await fixture.deadLetters().list('parked', 100)).map(({ id }) => id),
    retry: async (id) => void (await fixture.deadLetters().retry(id, { by: 'ana', at: 0 })),
    reopen: () => fixture.reopen(),
    storageGone: () => fixture.storageGone(),
    storageBack: async () => void (await fixture.storageBack()),
    dispose: () => fixture.dispose(),
    promises: { fencesByPosition: true, knowsOffsets: false },
  };
});

effectQueueContract('PostgreSQL', async () => {
  const fixture = await distributedFixture();
  return {
    queue: () => fixture.parts.effects,
    log: () => fixture.log,
    change: (...effects) => fixture.parts.store.commit(commitOf({ effects }), fixture.clock.now()),
    reopen: () => fixture.reopen(),
    dispose: () => fixture.dispose(),
    promises: { leasesEndWithTheOwner: false },
  };
});

deadLettersContract('PostgreSQL', async () => {
  const fixture = await distributedFixture();
  return {
    letters: () => fixture.deadLetters(),
    commit: (deadLetters, redelivered) =>
      fixture.parts.store.commit(commitOf({ deadLetters, redelivered }), fixture.clock.now()),
    redeliveries: () => fixture.parts.store.redeliveries(10),
    // The partition's owner looks by itself.
    wakeUps: undefined,
    reopen: () => fixture.reopen(),
    dispose: () => fixture.dispose(),
  };
});

keptRuleSetsContract('PostgreSQL', async () => {
  const fixture = await distributedFixture();
  return {
    kept: () => keepRuleSets(fixture.parts.postgres),
    reopen: () => fixture.reopen(),
    inForce: async () => {
      const text = 'SELECT at, hash FROM rules_in_force ORDER BY position';
      const rows = await fixture.parts.postgres.query<{ at: string; hash: string }>(
        { name: 'in-force', text },
        [],
      );
      return rows.map(({ at, hash }) => [Number(at), hash] as const);
    },
    dispose: () => fixture.dispose(),
  };
});
