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
const UNCOMMITTABLE = { id: 'uncommittable', text: 'UNCOMMITTABLE' };

describe('poison in every partition stops neither partition nor service', () => {
  const scene = open(() => ({ changes: ['bug'], partitions: PARTITIONS }));
  // Whatever is slow only once.
  beforeAll(async () => void (await handledWithin(scene())));

  test.each(POISONS)('%s', async (_, reason, poison) => {
    const known = new Set((await scene().parked()).map(({ id }) => id));
    const value = await poison();
    const before = await handledWithin(scene());
    const behind = await handledWithin(scene(), { poison: value });
    const after = await handledWithin(scene());
    // Five seconds, where nothing else is in the way; as many times more as this machine is slower at this moment.
    expect(behind).toBeLessThan(5 * Math.max(1, before / AT_REST, after / AT_REST));
    expect(await scene().damage()).toEqual(NONE);
    expect(scene().fleet.gaveUp).toEqual([]);
    const parked = (await scene().parked()).filter(({ id }) => !known.has(id));
    expect(parked.map((letter) => letter.reason)).toEqual(Array(PARTITIONS).fill(reason));
  });
});

describe('what no commit takes, amid a thousand records that wait', () => {
  const scene = open(() => ({ changes: ['uncommittable'], partitions: PARTITIONS }));
  beforeAll(async () => void (await handledWithin(scene())));

  test('costs about ten commits more, and those behind it less than five seconds', async () => {
    const before = await handledWithin(scene(), { crowd: CROWD });
    const commits = await commitsOfScoring(scene());
    const behind = await handledWithin(scene(), { crowd: CROWD, poison: await encoded(UNCOMMITTABLE) });
    const more = (await commitsOfScoring(scene())) - commits;
    const after = await handledWithin(scene(), { crowd: CROWD });
    expect(behind).toBeLessThan(Math.max(before, after) * 2 + 5);
    expect(await scene().damage()).toEqual(NONE);
    expect(scene().fleet.gaveUp).toEqual([]);
    const parked = await scene().parked();
    expect(parked.map(({ reason }) => reason)).toEqual(Array(PARTITIONS).fill('handler_error'));
    expect(more).toBeLessThan(MANY_COMMITS);
  });
});

describe('control: record by record instead of in halves', () => {
  const scene = open(() => ({ changes: ['uncommittable', 'halves'], partitions: PARTITIONS }));
  test('it costs hundreds of commits', async () => {
    await handledWithin(scene(), { crowd: CROWD });
    const commits = await commitsOfScoring(scene());
    await handledWithin(scene(), { crowd: CROWD, poison: await encoded(UNCOMMITTABLE) });
    expect((await commitsOfScoring(scene())) - commits).toBeGreaterThan(MANY_COMMITS);
  });
});

describe('control: without setting it aside', () => {
  const scene = open(() => ({ changes: ['setting aside'], partitions: PARTITIONS }));
  test('what is not Avro ends the service, and stops the records behind it', async () => {
    await expect(handledWithin(scene(), { poison: Buffer.from('{}') })).rejects.toThrow('not handled');
    expect(scene().fleet.gaveUp).toEqual([{ name: 'ingestion', code: 1 }]);
  });
});

describe('control: where a handler may throw', () => {
  const scene = open(() => ({ changes: ['bug', 'handler errors'], partitions: PARTITIONS }));
  test('its TypeError ends the service, and stops the records behind it', async () => {
    await expect(handledWithin(scene(), { poison: await encoded(BUG) })).rejects.toThrow('not handled');
    expect(scene().fleet.gaveUp).toEqual([{ name: 'scoring', code: 1 }]);
  });
});

/**
 * A record of another customer in each partition, behind the poison and in a crowd if there are any: how long it takes until
 * there is an alert for all of them, in seconds.
 */
async function handledWithin(
  scene: Scene,
  { poison, crowd = 0 }: { readonly poison?: Buffer | null; readonly crowd?: number } = {},
): Promise<number> {
  const customers = Array.from({ length: PARTITIONS }, () => `c-other-${++others}`);
  const values = await Promise.all(
    customers.map(async (customerId, partition) => [
      ...(await crowdIn(partition, crowd / 2)),
      ...(poison === undefined ? [] : [{ partition, value: poison }]),
      ...(await crowdIn(partition, crowd / 2)),
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

/** So many harmless records, each of a customer of its own. */
const crowdIn = (partition: number, count: number) =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const id = `c-crowd-${++others}`;
      return { partition, value: await encoded({ id, customerId: id }) };
    }),
  );

async function commitsOfScoring({ fleet }: Scene): Promise<number> {
  const metrics = await (await fetch(`${fleet.of('scoring').url}/metrics`)).text();
  const count = /tocsin_database_commit_duration_seconds_count\{service="scoring"\} (\d+)/.exec(metrics)?.[1];
  if (count === undefined) throw new Error('scoring does not count its commits');
  return Number(count);
}

const PARTITIONS = 2;
/** Records that wait in each partition; and commits that nobody needs who finds one record in two thousand by halves. */
const CROWD = 1_000;
const MANY_COMMITS = 200;
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
  codec ??= newCodec();
  const value = { text: 'Called.', customerId: 'c-poison', occurredAt: Date.now(), ...fields };
  return (await codec).encode({ topic: 'call-notes', key: 'c-poison', value });
}

let codec: Promise<RegistryCodec> | undefined;

async function newCodec(): Promise<RegistryCodec> {
  const codec = new RegistryCodec({
    url: sharedServers().registryUrl,
    names: { ...prefixed(''), subject: prefixed(await anyPrefix()).subject },
    schemas: ourSchemas().newest,
    clock: systemClock,
  });
  await codec.warm(['call-notes']);
  return codec;
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
