import { commitOf } from '../support/commit.ts';
import { effectQueueContract } from './effect-queue.contract.ts';
import { sqliteFixture } from './sqlite-fixture.ts';

effectQueueContract('sqlite', async () => {
  const fixture = sqliteFixture();
  return {
    queue: () => fixture.store.effects,
    log: () => fixture.store.log,
    change: (...effects) =>
      fixture.store.partition('test', fixture.views).commit(commitOf({ effects }), fixture.clock.now()),
    reopen: async () => fixture.reopen(),
    dispose: async () => fixture.dispose(),
    promises: { leasesEndWithTheOwner: true },
  };
});
