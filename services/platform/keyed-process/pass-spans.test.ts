import { expect, onTestFinished, test } from 'vitest';
import { StorageUnavailable } from '../event-log/event-log.ts';
import { inTrace, type SpanAttributes, type Tracing } from '../tracing/tracing.ts';
import { likeStore, type PartitionStore } from './state-store.ts';
import { testPipeline } from './test-pipeline.ts';

const SENDER = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

/** Remembers the spans that ended, each as `parent > span`, with what was said of it. */
function remembering() {
  const ended: string[] = [];
  const attributes: (SpanAttributes | undefined)[] = [];
  let begun = 0;
  const tracing: Tracing = {
    begin: (name, parent) => {
      begun += 1;
      const context = `${name} ${begun}`;
      return {
        context,
        recorded: true,
        end: (said) => {
          ended.push(`${parent?.replace(/ [0-9]+$/, '')} > ${name}`);
          attributes.push(said);
        },
      };
    },
  };
  return { tracing, ended, attributes };
}

function given(tracing: Tracing, between?: (store: PartitionStore) => PartitionStore) {
  const pipeline = testPipeline({ tracing, ...(between === undefined ? {} : { between }) });
  onTestFinished(() => pipeline.dispose());
  return pipeline;
}

test('a decision lies below the one that led to it, and facts carry on the decision that emitted them', async () => {
  const { tracing, ended, attributes } = remembering();
  const pipeline = given(tracing);
  await inTrace(SENDER, () => pipeline.publish('a: one'));
  await pipeline.runner.drain();
  expect(ended.toSorted()).toEqual([
    `${SENDER} > consume complaints`,
    'consume complaints > commit',
    'consume complaints > decide split',
    'decide split > decide echo',
    'decide split > decide obey',
  ]);
  expect(attributes).toContainEqual({
    'tocsin.process': 'obey',
    'messaging.destination.name': 'signals',
    'tocsin.outcome': 'handled',
  });
  const [signal] = await pipeline.store.log.read('signals', 0, 0, 1);
  expect(signal?.trace).toMatch(/^decide split/);
});

test('nothing is seen of a pass that was not committed: it is done again', async () => {
  const { tracing, ended } = remembering();
  let troubles = 1;
  const pipeline = given(tracing, (store) =>
    likeStore(store, {
      commit: async (commit, now) => {
        if (troubles-- > 0) throw new StorageUnavailable('busy', 'later');
        return store.commit(commit, now);
      },
    }),
  );
  await pipeline.publish('a: one');
  await expect(pipeline.runner.pass()).rejects.toThrow('later');
  expect(ended).toEqual([]);
  await pipeline.runner.drain();
  expect(ended.filter((span) => span.endsWith('consume complaints'))).toHaveLength(1);
});

test('without tracing a trace that others began is carried on, and nothing is added to other records', async () => {
  const pipeline = testPipeline();
  onTestFinished(() => pipeline.dispose());
  await inTrace(SENDER, () => pipeline.publish('a: one'));
  await pipeline.publish('b: two');
  await pipeline.runner.drain();
  const signals = await pipeline.store.log.read('signals', 0, 0, 2);
  expect(signals.map(({ trace }) => trace)).toEqual([SENDER, undefined]);
  expect(signals[1]).not.toHaveProperty('trace');
});

/** Methods of a class are not copied by spreading it. */
