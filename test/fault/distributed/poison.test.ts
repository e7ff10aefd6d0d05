import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ourSchemas } from '../../../services/platform/distributed/servers.ts';
import { RegistryCodec } from '../../../services/platform/event-log/schemas.registry.ts';
import { prefixed } from '../../../services/platform/event-log/topic-names.ts';
import { systemClock } from '../../../services/platform/time/clock.ts';
import type { ChangeName } from './controls/changes.ts';
import { framed, produce } from './support/produce.ts';
import { NONE, openScene, type Scene, untilTrue, useBench } from './support/scene.ts';

const bench = useBench();

/** What it is, why it is set aside (some can be handled), and the value. */
const POISONS: readonly (readonly [string, string | undefined, () => Promise<Buffer | null>])[] = [
  ['what is not Avro', 'not_decodable', async () => Buffer.from('{"id":"x"}')],
  ['a schema that nobody knows', 'not_decodable', async () => framed(4_000_000, 1, 2, 3)],
  [
    'a record that was cut short',
    'not_decodable',
    async () => (await encoded({ id: 'cut', text: 'This is cut short.' })).subarray(0, -8),
  ],
  ['no value', 'not_decodable', async () => null],
  [
    'a number that is none',
    undefined,
    async () => withNaN(await encoded({ id: 'nan', satisfaction: HALF_OF_NINE })),
  ],
  [
    'a text of five megabytes',
    undefined,
    async () => encoded({ id: 'huge', text: 'No! '.repeat(1_300_000) }),
  ],
  [
    'a record on which a handler throws a TypeError',
    'handler_error',
    async () => encoded({ id: 'bug', text: 'BUG' }),
  ],
];

describe('poison in every partition stops neither partition nor service', () => {
  const scene = useScene(['bug']);

  test.each(POISONS)('%s', async (_, reason, poison) => {
    const { partitions, prefix, producing, fleet } = scene();
    const parkedBefore = (await scene().parked()).length;
    const value = await poison();
    const before = await handledWithin(scene());
    await produce(bench(), `${prefix}call-notes`, partitions, value);
    const behind = await handledWithin(scene());
    const after = await handledWithin(scene());
    // Five seconds more than this machine needs at this moment.
    expect(behind).toBeLessThan(5 + Math.max(before, after));
    expect(await scene().damage()).toEqual(NONE);
    expect(fleet.gaveUp).toEqual([]);
    const parked = (await scene().parked()).slice(parkedBefore);
    // The same customer's record in each partition of the source is the same signal: its repeats are skipped.
    if (reason !== undefined) expect(new Set(parked)).toEqual(new Set([reason]));
    expect(producing.heard).toBeGreaterThan(1);
  });
});

describe('control: without setting it aside', () => {
  const scene = useScene(['setting aside']);
  test('what is not Avro stops the records behind it', async () => {
    await produce(bench(), `${scene().prefix}call-notes`, scene().partitions, Buffer.from('{}'));
    await expect(handledWithin(scene())).rejects.toThrow('not handled');
    expect(scene().fleet.gaveUp).toEqual([{ name: 'ingestion', code: 1 }]);
  });
});

describe('control: where a handler may throw', () => {
  const scene = useScene(['bug', 'handler errors']);
  test('its TypeError ends the service', async () => {
    await produce(bench(), `${scene().prefix}call-notes`, 1, await encoded({ id: 'bug', text: 'BUG' }));
    await expect(handledWithin(scene())).rejects.toThrow('not handled');
    expect(scene().fleet.gaveUp).toEqual([{ name: 'scoring', code: 1 }]);
  });
});

function useScene(changes: readonly ChangeName[]): () => Scene {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene(bench(), { changes, partitions: 2 });
    // Whatever is slow only once.
    await handledWithin(scene);
  });
  afterAll(() => scene?.close());
  return () => scene;
}

/** One more customer: how long it takes until there is an alert, in seconds. */
async function handledWithin(scene: Scene): Promise<number> {
  const before = await scene.opened();
  const began = performance.now();
  void scene.producing.once();
  if (!(await untilTrue(async () => (await scene.opened()) > before, NOT_HANDLED_AFTER)))
    throw new Error('not handled');
  return (performance.now() - began) / 1_000;
}

/** Seconds. Whoever takes longer has been stopped. */
const NOT_HANDLED_AFTER = 30;

/** A call note as a company's own producer would write it. */
async function encoded(fields: {
  readonly id: string;
  readonly text?: string;
  readonly satisfaction?: number;
}): Promise<Buffer> {
  const codec = new RegistryCodec({
    url: bench().registry.url,
    names: { ...prefixed(''), subject: prefixed(await anyPrefix()).subject },
    schemas: ourSchemas().newest,
    clock: systemClock,
  });
  await codec.warm(['call-notes']);
  const value = { text: 'Called.', customerId: 'c-poison', occurredAt: Date.now(), ...fields };
  return codec.encode({ topic: 'call-notes', key: 'c-poison', value });
}

const HALF_OF_NINE = 4.5;

/** The codec refuses NaN, other people's do not. */
function withNaN(bytes: Buffer): Buffer {
  const [from, to] = [HALF_OF_NINE, Number.NaN].map((number) => {
    const double = Buffer.alloc(8);
    double.writeDoubleLE(number);
    return double;
  });
  const place = bytes.indexOf(from ?? '');
  return Buffer.concat([bytes.subarray(0, place), to ?? Buffer.alloc(0), bytes.subarray(place + 8)]);
}

/** Whoever registered the schema: its id is the same under every subject. */
async function anyPrefix(): Promise<string> {
  const subjects = (await (await fetch(`${bench().registry.url}/subjects`)).json()) as readonly string[];
  return `${(subjects[0] ?? '').split('.')[0]}.`;
}
