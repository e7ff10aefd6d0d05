import { expect, onTestFinished, test } from 'vitest';
import type { Sender } from '../../services/notification/sender.ts';
import { anAlert, LEAD_MAIL, OPEN } from '../../services/notification/test-support/an-alert.ts';
import type { EffectQueue } from '../../services/platform/database/effect-queue.ts';
import {
  type Commit,
  type PartitionStore,
  PositionTaken,
} from '../../services/platform/keyed-process/state-store.ts';
import { type TestPipeline, testPipeline } from '../../services/platform/keyed-process/test-pipeline.ts';
import type { CrashPoint } from '../../services/platform/process/crash-point.ts';
import { DAY, SECOND } from '../../services/platform/time/clock.ts';
import { Notifier } from '../integration/notification/notifier.ts';
import { commitOf } from '../support/commit.ts';
import { forgetful, settlingFirst } from './controls/effect-queues.ts';
import { MemoryTimers } from './controls/memory-timers.ts';
import { storeWith } from './controls/store-with.ts';

/**
 * What the crash points prove, turned around: each mechanism is taken out, and the same crash then loses or
 * doubles. The first row of each table is the real thing.
 */

/** Stops the runner as a kill does: it does nothing more, and a new one starts from what is stored. */
class Killed extends PositionTaken {}
const kill = (): never => {
  throw new Killed('killed');
};

type Committing = (store: PartitionStore, commit: Commit, now: number) => Promise<void>;
const withoutPositions = (commit: Commit): Commit => ({ ...commit, positions: [] });
const onlyPositions = (commit: Commit): Commit => commitOf({ positions: commit.positions });

test.each<[string, Committing, number]>([
  ['one transaction, killed before it', kill, 1],
  ['one transaction, killed behind it', (store, commit, now) => store.commit(commit, now).then(kill), 1],
  [
    'positions in a second transaction, killed between: counted twice',
    (store, commit, now) => store.commit(withoutPositions(commit), now).then(kill),
    2,
  ],
  [
    'positions in an earlier transaction, killed between: lost',
    (store, commit, now) => store.commit(onlyPositions(commit), now).then(kill),
    0,
  ],
])('state and position: %s', async (_, committing, counted) => {
  let killed = false;
  const pipeline = opened({
    between: (store) =>
      storeWith(store, {
        commit: (commit, now) => {
          if (killed) return store.commit(commit, now);
          killed = true;
          return committing(store, commit, now);
        },
      }),
  });
  await pipeline.publish('ada: complaint');
  await expect(pipeline.runner.drain()).rejects.toThrow(Killed);

  await pipeline.anotherRunner().drain();

  expect(ordersOf(pipeline)).toHaveLength(counted);
});

test.each([
  ['its own id, so the repeat is one', () => 'complaint-1', 1],
  ['a new id for each try: counted twice', (tries: number) => `complaint-1/${tries}`, 2],
])('a client that was not answered sends again under %s', async (_, idOf, counted) => {
  const pipeline = opened();
  for (const tries of [1, 2]) {
    const value = { id: 'complaint-1', customerId: 'ada', occurredAt: 0, text: 'complaint' };
    await pipeline.store.log.publish('complaints', [{ id: idOf(tries), key: 'ada', value }]);
  }
  await pipeline.runner.drain();
  expect(ordersOf(pipeline)).toHaveLength(counted);
});

test.each([
  ['stored with the state', (store: PartitionStore) => store, ['remind tea', 'fired tea']],
  ['kept in memory: forgotten', (store: PartitionStore) => new MemoryTimers().around(store), ['remind tea']],
])('a timer that is %s, when the process is killed before it is due', async (_, between, orders) => {
  const pipeline = opened({ between });
  await pipeline.publish('ada: remind tea');
  await pipeline.runner.drain();

  // Each runner has a store of its own around the one file: what the first one kept in memory died with it.
  pipeline.clock.advance(2 * DAY);
  await pipeline.anotherRunner().drain();

  expect(ordersOf(pipeline)).toEqual(orders);
});

interface Sent {
  readonly mails: number;
  readonly uncertain: number;
}
const same = (queue: EffectQueue): EffectQueue => queue;

test.each<[string, (queue: EffectQueue) => EffectQueue, CrashPoint, Sent]>([
  ['a real queue, killed before sending: sent later, and counted', same, 'cp5', { mails: 1, uncertain: 1 }],
  ['a real queue, killed behind sending: sent again, and counted', same, 'cp6', { mails: 2, uncertain: 1 }],
  [
    'settled before it is sent, killed before sending: lost',
    settlingFirst,
    'cp5',
    { mails: 0, uncertain: 0 },
  ],
  [
    'claims are not remembered, killed behind sending: doubled, and nobody knows',
    forgetful,
    'cp6',
    { mails: 2, uncertain: 0 },
  ],
])('messages: %s', async (_, variant, point, expected) => {
  const notifier = await Notifier.start();
  onTestFinished(() => notifier.stop());
  const queue = variant(notifier.store.effects);
  await notifier.event('raised', anAlert(), { ...OPEN, targets: [LEAD_MAIL] });
  await senderOn(notifier, queue, point).step(notifier.clock.now());

  notifier.use(senderOn(notifier, queue));
  await notifier.pass(120 * SECOND, 10 * SECOND);

  expect({
    mails: notifier.smtp.mails.length,
    uncertain: await notifier.counted('tocsin_notifications_uncertain_total'),
  }).toEqual(expected);
});

function opened(options: Parameters<typeof testPipeline>[0] = {}): TestPipeline {
  const pipeline = testPipeline(options);
  onTestFinished(() => pipeline.dispose());
  return pipeline;
}

/** What the process behind the records has taken in for the one customer. */
function ordersOf(pipeline: TestPipeline): readonly string[] {
  // The row of the customer has a slot of the process `obey`, whose state this is.
  const row = pipeline.state('ada') as { readonly obey: { readonly orders: readonly string[] } } | undefined;
  return row?.obey.orders ?? [];
}

/** A sender that dies at the crash point: what it has claimed is never heard of again. */
const senderOn = (notifier: Notifier, effects: EffectQueue, diesAt?: CrashPoint): Sender =>
  notifier.senderWith({
    effects,
    crashPoint: (name) => {
      if (name === diesAt) throw new Error(`killed at ${name}`);
    },
  });
