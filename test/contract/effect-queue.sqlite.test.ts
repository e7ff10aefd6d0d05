import { effectQueueContract } from './effect-queue.contract.ts';
import { sqliteFixture } from './sqlite-fixture.ts';

effectQueueContract('sqlite', async () => {
  const fixture = sqliteFixture();
  return {
    queue: () => fixture.store.effects,
    log: () => fixture.store.log,
    change: (...effects) =>
      fixture.store.partition('test', fixture.views).commit(
        {
          positions: [],
          states: [],
          timers: [],
          facts: [],
          effects,
          views: [],
          ledger: [],
          deadLetters: [],
          redelivered: [],
        },
        fixture.clock.now(),
      ),
    reopen: async () => fixture.reopen(),
    dispose: async () => fixture.dispose(),
    promises: { leasesEndWithTheOwner: true },
  };
});
