import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import avsc, { type Schema } from 'avsc';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { SHIPPED_RULES } from '../../services/embedded/rules-folder.ts';
import { ManualClock } from '../../services/platform/time/clock.ts';
import { askKafka } from '../support/kafka-admin.ts';
import { newPlace, openSixServices, type Place, type SixServices } from './support/six-services.ts';

/** What the company's own team has written years ago, and changed since. */
const TICKET_V1 = {
  type: 'record',
  name: 'TicketOpened',
  namespace: 'com.example.crm',
  fields: [
    { name: 'ticketNo', type: 'long' },
    { name: 'account', type: ['null', 'string'] },
    { name: 'openedAt', type: { type: 'long', logicalType: 'timestamp-millis' } },
    {
      name: 'body',
      type: {
        type: 'record',
        name: 'Body',
        fields: [
          { name: 'subject', type: 'string' },
          { name: 'message', type: 'string' },
        ],
      },
    },
    { name: 'via', type: { type: 'enum', name: 'Via', symbols: ['MAIL', 'WEB', 'SHOP'] } },
    { name: 'weight', type: ['null', 'int', 'double'], default: null },
  ],
};
const TICKET_V2 = {
  ...TICKET_V1,
  fields: [{ name: 'priority', type: 'string', default: 'normal' }, ...TICKET_V1.fields],
};
const MAPPING = `
source: complaints
record:
  id: { column: ticketNo, prefix: "ticket-" }
  customer_id: account
  occurred_at: openedAt
  text: { join: [body.subject, body.message], with: "\\n" }
  channel: { column: via, map: { MAIL: email, WEB: web, SHOP: store }, otherwise: drop }
`;

let folder: string;
let place: Place;
let services: SixServices;
let url: string;
let topic: string;
const clock = new ManualClock(Date.now());
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-source-'));
  place = await newPlace(2);
  topic = `${place.env.TOCSIN_TOPIC_PREFIX}crm.tickets`;
  // Another number of partitions than ours, and keys of their own.
  await askKafka(inject('kafkaBrokers'), (admin) =>
    admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions: 3 }] }),
  );
  const mapping = join(folder, 'tickets.yaml');
  writeFileSync(mapping, MAPPING);
  services = await openSixServices({
    place,
    clock,
    rules: SHIPPED_RULES,
    env: { TOCSIN_SOURCE_TOPICS: `${topic}=${mapping}` },
  });
  const [address] = services.apps.loopClosure.addresses();
  if (typeof address !== 'object') throw new Error('loop-closure does not listen');
  url = `http://127.0.0.1:${address.port}`;
});
afterAll(async () => {
  await services?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('records that others produce in their own schema become alerts; broken ones are repaired and retried', {
  timeout: 300_000,
}, async () => {
  const v1 = await registerSchema('tickets-value', TICKET_V1);
  const v2 = await registerSchema('tickets-value', TICKET_V2);
  const ticket = (ticketNo: number, account: string | null) => ({
    ticketNo,
    account: account === null ? null : { string: account },
    openedAt: Date.now(),
    body: { subject: 'Enough', message: 'I want to cancel my contract.' },
    via: 'MAIL',
    weight: { int: 3 },
  });
  produce('100', framed(v1, TICKET_V1, ticket(100, 'c-old')));
  produce('101', framed(v2, TICKET_V2, { ...ticket(101, 'c-new'), priority: 'high' }));
  produce('101', framed(v2, TICKET_V2, { ...ticket(101, 'c-new'), priority: 'high' }));
  produce('102', framed(v1, TICKET_V1, ticket(102, null)));
  produce('103', Buffer.from('{"ticketNo":103}'));
  produce('104', framed(4_000_000, TICKET_V1, ticket(104, 'c-unknown')));
  const unfinished = () => services.desk.queries.alerts({ status: 'unfinished' }, 10);
  // The others' topic counts nothing for us: what came of its records says that they were read.
  await until(async () => (await letters()).length === 3 && (await unfinished()).rows.length === 2);
  await services.stage.settle();

  const alerts = await unfinished();
  expect(alerts.rows.map(({ subject }) => subject).sort()).toEqual(['c-new', 'c-old']);
  expect(alerts.rows.map(({ evidenceCount }) => evidenceCount)).toEqual([1, 1]);

  const parked = await letters();
  expect(parked.map(({ reason }) => reason).sort()).toEqual([
    'no_identity',
    'not_decodable',
    'not_decodable',
  ]);
  const nameless = parked.find(({ reason }) => reason === 'no_identity');
  const shown = await tocsin('dlq', 'show', nameless?.id ?? '');
  expect([shown.code, shown.err]).toEqual([0, '']);
  const { payload } = JSON.parse(shown.out) as { payload: Record<string, unknown> };
  expect(payload).toMatchObject({ id: 'ticket-102' });
  const repaired = join(folder, 'repaired.json');
  writeFileSync(repaired, JSON.stringify({ ...payload, customerId: 'c-found' }));
  const retried = await tocsin('dlq', 'retry', nameless?.id ?? '', '--payload', repaired);
  expect([retried.code, retried.err]).toEqual([0, '']);
  await until(async () => (await letters()).length === 2);
  await services.stage.settle();
  const found = await services.desk.queries.alerts({ customer: 'c-found' }, 10);
  expect(found.rows.map(({ ruleId }) => ruleId)).toEqual(['cancel-intent-in-writing']);

  for (const command of [['ledger'], ['timers'], ['alerts', 'list']]) {
    const { code, out, err } = await tocsin(...command, '--json');
    expect([command, code, err]).toEqual([command, 0, '']);
    expect(JSON.parse(out)).toBeTruthy();
  }
});

interface Letter {
  readonly id: string;
  readonly reason: string;
}

async function letters(): Promise<readonly Letter[]> {
  const { code, out, err } = await tocsin('dlq', 'list', '--status', 'parked', '--json');
  if (code !== 0) throw new Error(err);
  return JSON.parse(out) as Letter[];
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error('it did not happen within a minute');
    await new Promise((resume) => setTimeout(resume, 200));
  }
}

/** The command line against a distributed installation: its settings say where people's service is. */
async function tocsin(...args: string[]) {
  const child = spawn(process.execPath, ['services/cli/main.ts', ...args], {
    env: { PATH: process.env.PATH, TOCSIN_LOOP_CLOSURE_URL: url },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => {
    out += String(text);
  });
  child.stderr.on('data', (text) => {
    err += String(text);
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, out, err };
}

/** Confluent's wire format, made by hand: nothing of ours takes part. */
function framed(id: number, schema: object, value: unknown): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  // What stands above is a schema.
  const type = avsc.Type.forSchema(schema as Schema, { wrapUnions: 'always' });
  return Buffer.concat([header, type.toBuffer(value)]);
}

function produce(key: string, value: Buffer): void {
  const file = join(folder, 'record');
  writeFileSync(file, value);
  kcat(['-P', '-t', topic, '-k', key, file]);
}

function kcat(args: readonly string[]): void {
  try {
    execFileSync('kcat', ['-b', inject('kafkaBrokers'), ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error('this test needs an independent client: apt-get install kcat');
  }
}

async function registerSchema(subject: string, schema: object): Promise<number> {
  const answer = await fetch(
    `${inject('registryUrl')}/subjects/${place.env.TOCSIN_TOPIC_PREFIX}${subject}/versions`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schemaType: 'AVRO', schema: JSON.stringify(schema) }),
    },
  );
  return ((await answer.json()) as { id: number }).id;
}
