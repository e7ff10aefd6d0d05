import { beforeAll, describe, expect, test } from 'vitest';
import { ourSchemas } from '../../../services/platform/distributed/servers.ts';
import { RegistryCodec } from '../../../services/platform/event-log/schemas.registry.ts';
import { prefixed } from '../../../services/platform/event-log/topic-names.ts';
import { systemClock } from '../../../services/platform/time/clock.ts';
import { framed, produce } from './support/produce.ts';
import { NONE, type Scene, sceneOn, sharedServers, untilTrue } from './support/scene.ts';

const open = sceneOn(sharedServers);

/** What it is, why it is set aside, and the value. */
const POISONS: readonly (readonly [string, string, () => Promise<Buffer | null>])[] = [
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
    'invalid_record',
    async () => withNaN(await encoded({ id: 'nan', satisfaction: HALF_OF_NINE })),
  ],
  [
    'a text of five megabytes',
    'invalid_record',
    async () => encoded({ id: 'huge', text: 'No! '.repeat(1_300_000) }),
  ],
  ['a record on which a handler throws a TypeError', 'handler_error', async () => encoded(BUG)],
];

const BUG = { id: 'bug', text: 'BUG' };

describe('poison in every partition stops neither partition nor service', () => {
  const scene = open(() => ({ changes: ['bug'], partitions: PARTITIONS }));
  // Whatever is slow only once.
  beforeAll(async () => void (await handledWithin(scene())));

  test.each(POISONS)('%s', async (_, reason, poison) => {
    const known = new Set((await scene().parked()).map(({ id }) => id));
    const value = await poison();
    const before = await handledWithin(scene());
    const behind = await handledWithin(scene(), value);
    const after = await handledWithin(scene());
    // Five seconds, where nothing else is in the way; as many times more as this machine is slower at this moment.
    expect(behind).toBeLessThan(5 * Math.max(1, before / AT_REST, after / AT_REST));
    expect(await scene().damage()).toEqual(NONE);
    expect(scene().fleet.gaveUp).toEqual([]);
    const parked = (await scene().parked()).filter(({ id }) => !known.has(id));
    expect(parked.map((letter) => letter.reason)).toEqual(Array(PARTITIONS).fill(reason));
  });
});

describe('control: without setting it aside', () => {
  const scene = open(() => ({ changes: ['setting aside'], partitions: PARTITIONS }));
  test('what is not Avro ends the service, and stops the records behind it', async () => {
    await expect(handledWithin(scene(), Buffer.from('{}'))).rejects.toThrow('not handled');
    expect(scene().fleet.gaveUp).toEqual([{ name: 'ingestion', code: 1 }]);
  });
});

describe('control: where a handler may throw', () => {
  const scene = open(() => ({ changes: ['bug', 'handler errors'], partitions: PARTITIONS }));
  test('its TypeError ends the service, and stops the records behind it', async () => {
    await expect(handledWithin(scene(), await encoded(BUG))).rejects.toThrow('not handled');
    expect(scene().fleet.gaveUp).toEqual([{ name: 'scoring', code: 1 }]);
  });
});

/**
 * A record of another customer in each partition, behind the poison if there is any: how long it takes until there is
 * an alert for all of them, in seconds.
 */
async function handledWithin(scene: Scene, poison?: Buffer | null): Promise<number> {
  const customers = Array.from({ length: PARTITIONS }, () => `c-other-${++others}`);
  const values = await Promise.all(
    customers.map(async (customerId, partition) => [
      ...(poison === undefined ? [] : [{ partition, value: poison }]),
      { partition, value: await encoded({ id: customerId, customerId, text: 'I want to cancel.' }) },
    ]),
  );
  const began = performance.now();
  await produce(sharedServers(), `${scene.prefix}call-notes`, values.flat());
  const handled = async (): Promise<boolean> => {
    if (scene.fleet.gaveUp.length > 0) throw new Error('not handled');
    const raised = await scene.raised();
    return customers.every((customer) => raised.has(customer));
  };
  if (!(await untilTrue(handled, NOT_HANDLED_AFTER))) throw new Error('not handled');
  return (performance.now() - began) / 1_000;
}

const PARTITIONS = 2;
/** Seconds. Two cores with nothing else to do handle a record in half of that. */
const AT_REST = 0.5;
let others = 0;

/** Seconds. Whoever takes longer has been stopped. */
const NOT_HANDLED_AFTER = 60;

/** A call note as a company's own producer would write it. */
async function encoded(fields: {
  readonly id: string;
  readonly customerId?: string;
  readonly text?: string;
  readonly satisfaction?: number;
}): Promise<Buffer> {
  const codec = new RegistryCodec({
    url: sharedServers().registryUrl,
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
  const subjects = (await (
    await fetch(`${sharedServers().registryUrl}/subjects`)
  ).json()) as readonly string[];
  return `${(subjects[0] ?? '').split('.')[0]}.`;
}
