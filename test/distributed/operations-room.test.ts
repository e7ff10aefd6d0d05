import { expect, onTestFinished, test } from 'vitest';
import { createPostgresOperationsRoom } from '../../services/loop-closure/adapters/operations-room.postgres.ts';
import { commitOf } from '../support/commit.ts';
import { distributedFixture } from './support/distributed-fixture.ts';

test('the operations room of many machines knows what their database knows', async () => {
  const fixture = await distributedFixture();
  onTestFinished(() => fixture.dispose());
  const { clock, parts } = fixture;
  await parts.store.positions(['complaints']);
  const now = clock.now();
  const room = createPostgresOperationsRoom({
    postgres: parts.postgres,
    notReady: () => 'no pass for 20 s',
    clock,
    version: '1.2.3',
  });
  expect(await room.standing()).toMatchObject({ stages: [], queues: [], timers: { pending: 0, overdue: 0 } });
  await parts.store.commit(
    commitOf({
      timers: [
        { process: 'alerting', key: 'k', name: 'due', dueAt: now - 1 },
        { process: 'alerting', key: 'k', name: 'later', dueAt: now + 1 },
      ],
      effects: [{ id: 'e', queue: 'notifications-slack', dueAt: now + 5, payload: {} }],
      ledger: [
        { stage: 'scoring', topic: 'complaints', outcome: 'handled', reason: '', count: 7 },
        { stage: 'scoring', topic: 'complaints', outcome: 'deadLetter', reason: 'handler_error', count: 1 },
      ],
      deadLetters: [
        {
          id: 'scoring/complaints/0/1/0',
          process: 'scoring',
          topic: 'complaints',
          key: 'k',
          partition: 0,
          offset: 1,
          reason: 'handler_error',
          detail: 'TypeError: no',
          at: now,
          payload: '{}',
        },
      ],
    }),
    now,
  );
  const standing = await room.standing();
  expect(standing).toMatchObject({
    version: '1.2.3',
    notReady: 'no pass for 20 s',
    stages: [{ name: 'scoring', reads: ['complaints'], handled: 7, skipped: 0, setAside: 1, waiting: 0 }],
    timers: { pending: 2, overdue: 1 },
    queues: [{ name: 'notifications-slack', waiting: 1, oldestSince: now + 5 }],
    letters: { counts: { parked: 1 }, waiting: [{ id: 'scoring/complaints/0/1/0' }] },
  });
  expect(standing.timers.earliest.map(({ name }) => name)).toEqual(['due', 'later']);
  expect('rules' in standing || 'silences' in standing).toBe(false);

  const ana = { by: 'ana', why: 'a test record', at: now };
  expect(await room.deadLetters.drop('scoring/complaints/0/1/0', ana)).toBe(true);
  expect((await room.standing()).letters).toMatchObject({
    counts: { parked: 0, dropped: 1 },
    waiting: [],
    settled: [{ decision: ana }],
  });
});
