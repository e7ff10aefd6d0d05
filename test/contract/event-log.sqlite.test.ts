import { expect, test } from 'vitest';
import { eventLogContract } from './event-log.contract.ts';
import { complaint } from './records.ts';
import { sqliteFixture } from './sqlite-fixture.ts';

eventLogContract('sqlite', async () => {
  const fixture = sqliteFixture();
  return {
    log: () => fixture.store.log,
    reopen: async () => fixture.reopen(),
    close: async () => fixture.store.log.close(),
    storageGone: async () => fixture.fillDisk(),
    storageBack: async () => fixture.freeDisk(),
    dispose: async () => fixture.dispose(),
    promises: { refusesWhenClosed: true, keepsHalvesOfPairs: true },
  };
});

test('a full disk is reported as one, and a publish that failed is not counted', async () => {
  const fixture = sqliteFixture();
  await fixture.store.log.publish('complaints', [complaint('a')]);
  fixture.store.ledger.add('gateway', 'complaints', 'rejected', 'missing', 1);
  fixture.fillDisk();
  const many = Array.from({ length: 2_000 }, (_, index) => complaint(`id-${index}`));
  await expect(fixture.store.log.publish('complaints', many)).rejects.toMatchObject({ reason: 'disk_full' });
  fixture.freeDisk();
  await fixture.store.log.publish('complaints', [complaint('b')]);
  expect(fixture.store.ledger.entries()).toEqual([
    { stage: 'gateway', topic: 'complaints', outcome: 'rejected', reason: 'missing', count: 1 },
    { stage: 'log', topic: 'complaints', outcome: 'accepted', reason: '', count: 2 },
  ]);
  fixture.dispose();
});

test('listeners hear of what was appended until they stop listening', async () => {
  const fixture = sqliteFixture();
  let heard = 0;
  const stop = fixture.store.log.onAppend(() => {
    heard += 1;
  });
  await fixture.store.log.publish('complaints', [complaint('a')]);
  stop();
  await fixture.store.log.publish('complaints', [complaint('b')]);
  expect(heard).toBe(1);
  fixture.dispose();
});

test('the feed brings topics in the order of arrival, however much is taken at once', async () => {
  const fixture = sqliteFixture();
  const { log } = fixture.store;
  await Promise.all([
    log.publish('complaints', [complaint('a'), complaint('b')]),
    log.publish('call-notes', [complaint('n')]),
    log.publish('complaints', [complaint('c')]),
  ]);
  for (const size of [1, 2, 3, 10]) {
    const feed = fixture.store.openFeed(
      new Map([
        ['call-notes', 0],
        ['complaints', 0],
      ]),
    );
    const seen: string[] = [];
    for (;;) {
      const records = await feed.take(size);
      if (records.length === 0) break;
      seen.push(...records.map(({ topic, key }) => `${topic} ${key}`));
    }
    expect(seen).toEqual(['complaints c-a', 'complaints c-b', 'call-notes c-n', 'complaints c-c']);
  }
  fixture.dispose();
});
