import { commitOf } from '../support/commit.ts';
import { deadLettersContract } from './dead-letters.contract.ts';
import { sqliteFixture } from './sqlite-fixture.ts';

deadLettersContract('sqlite', async () => {
  const fixture = sqliteFixture();
  let wakeUps = 0;
  const listen = () => fixture.store.onInput(() => (wakeUps += 1));
  listen();
  const partition = () => fixture.store.partition('test', fixture.views);
  return {
    letters: () => fixture.store.deadLetters,
    commit: (deadLetters, redelivered) =>
      partition().commit(commitOf({ deadLetters, redelivered }), fixture.clock.now()),
    redeliveries: () => partition().redeliveries(10),
    wakeUps: () => wakeUps,
    reopen: async () => {
      fixture.reopen();
      listen();
    },
    dispose: async () => fixture.dispose(),
  };
});
