import { spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { SHIPPED_RULES } from '../../services/embedded/rules-folder.ts';
import { createKafka } from '../../services/platform/event-log/client.kafka.ts';
import { silentLogger } from '../../services/platform/logging/logger.ts';
import { ManualClock } from '../../services/platform/time/clock.ts';
import { askPostgres } from './support/ask-postgres.ts';
import { newPlace, openSixServices, type Place, type SixServices } from './support/six-services.ts';

/** What must not be found any more, wherever it stands. */
const OF_ADA = ['ada-7', 'ada@example.org', 'ada_tweets', 'Ada Vance', 'worst router of all'];
const OF_BOB = ['bob-8', 'bob@example.org', 'bob_tweets', 'Bob Okoro', 'slow as a snail'];
const [ADA, BOB] = [personOf(OF_ADA), personOf(OF_BOB)];

let place: Place;
let services: SixServices;
const clock = new ManualClock(Date.now());
beforeAll(async () => {
  place = await newPlace(3);
  services = await openSixServices({ place, clock, rules: SHIPPED_RULES });
});
afterAll(() => services?.stop());

test('a customer is exported and forgotten while the services run, and nothing of anybody else is touched', {
  timeout: 400_000,
}, async () => {
  const { stage, desk, ledger } = services;
  for (const who of [ADA, BOB]) await story(who);
  await stage.settle();
  expect(await alertsAbout(['ada-7', 'bob-8'])).toEqual(['ada-7', 'bob-8']);

  const exported = await tocsin('export', 'ada-7');
  expect({ code: exported.code, err: exported.err }).toMatchObject({ code: 0 });
  const places = new Set(lines(exported.out).map(({ where }) => where));
  for (const each of ['crm-records', 'complaints', 'social-posts', 'call-notes', 'identities', 'alerts'])
    expect(places).toContain(each);
  for (const each of ['state of customer', 'state of identity', 'state of alert', 'state of segment'])
    expect(places).toContain(each);
  for (const each of ['loop_alert', 'loop_audit', 'contact-holds']) expect(places).toContain(each);
  expect(exported.out).toContain('It is down again');
  // Nothing of others either, where an alert or a segment is about many.
  expect(OF_BOB.filter((word) => exported.out.includes(word))).toEqual([]);

  const would = await tocsin('forget', 'ada-7');
  expect(would.out).toContain('Nothing was changed');
  expect(await found(OF_ADA)).toEqual(
    expect.arrayContaining(['state', 'timer', 'loop_alert', 'loop_audit', 'loop_delivery', 'loop_standing']),
  );
  const bobBefore = await rowsWith(OF_BOB);

  // One record is on its way, and others go on meanwhile.
  await stage.accept('complaints', [complaint('ada-7', 'late', `Late: ${ADA.words}.`)]);
  const others = busyWith(20);
  const forgotten = await tocsin('forget', 'ada-7', '--yes');
  await others;
  expect({ code: forgotten.code, err: forgotten.err }).toMatchObject({ code: 0 });
  expect(forgotten.out).toMatch(
    /Forgotten.*Records in Kafka topics stay until .* the last of them until 20/s,
  );
  await stage.settle();
  // Ids of records stay, so that the source is told that it repeats itself; these ids hold the customer's.
  const left = await rowsWith(OF_ADA);
  expect(left.filter((row) => !row.startsWith('log_seen'))).toEqual([]);
  expect(left).not.toEqual([]);
  expect((await rowsWith(OF_BOB)).length).toEqual(bobBefore.length);
  expect(await alertsAbout(['ada-7', 'bob-8'])).toEqual(['bob-8']);
  expect((await ledger()).checks.filter(({ meets }) => !meets)).toEqual([]);

  expect((await tocsin('export', 'ada-7', '--tables-only')).code).toBe(1);
  expect(await latestHold('ada-7')).toBeNull();
  expect(await latestHold('bob-8')).not.toBeNull();

  // Whoever had the states in memory does not bring them back.
  await stage.accept('complaints', [
    complaint('ada-7', 'anew', 'I want to cancel, and this is all I say.'),
    complaint('cy-9', 'cy', 'I want to cancel my contract.'),
  ]);
  await stage.settle();
  expect(await alertsAbout(['ada-7', 'cy-9'])).toEqual(['ada-7', 'cy-9']);
  expect(await found(OF_ADA.slice(1))).toEqual([]);
  const { rows } = await desk.queries.alerts({ customer: 'ada-7' }, 10);
  expect(rows.map(({ cycle }) => cycle)).toEqual([1]);
  expect((await ledger()).checks.filter(({ meets }) => !meets)).toEqual([]);

  // A handle that nobody has claimed is a customer of its own.
  const zoe = { id: 'post-z', network: 'x', handle: 'zoe_says', text: 'I am leaving you' };
  await stage.accept('social-posts', [{ ...zoe, occurredAt: clock.now() }]);
  await stage.settle();
  expect(await found(['zoe_says'])).not.toEqual([]);
  expect((await tocsin('forget', 'quarantine:handle:x:zoe_says', '--yes')).code).toBe(0);
  expect(await found(['zoe_says'])).toEqual([]);
  expect(await tocsin('forget', 'nobody', '--yes')).toMatchObject({ code: 1 });
});

test('services that do not read are waited for, and then said to be so; nothing is changed', {
  timeout: 400_000,
}, async () => {
  const alone = await newPlace(1);
  const six = await openSixServices({ place: alone, clock, rules: SHIPPED_RULES });
  await six.stage.accept('complaints', [complaint('ada-7', 'one', ADA.words)]);
  await six.stage.settle();
  await six.stop();
  await askPostgres(
    alone.env.TOCSIN_DATABASE_URL,
    "UPDATE position SET next_offset = 0 WHERE consumer = 'scoring' AND topic = 'signals'",
  );
  const refused = await tocsinAt(alone, 'forget', 'ada-7', '--yes', '--wait', '3');
  expect([refused.code, refused.err]).toEqual([
    1,
    expect.stringContaining('scoring has read signals/0 up to 0 of 1'),
  ]);
  expect((await tocsinAt(alone, 'export', 'ada-7', '--tables-only')).code).toBe(0);
});

function personOf([id = '', mail = '', handle = '', name = '', words = '']: readonly string[]) {
  return { id, mail, handle, name, words };
}

const complaint = (customerId: string, id: string, text: string) => ({
  id: `r-${id}`,
  customerId,
  occurredAt: clock.now(),
  text,
});

/** Somebody posts, complains by mail alone, is claimed by the CRM, says that they leave, and complains in a region. */
async function story({ id, name, mail, handle, words }: typeof ADA): Promise<void> {
  const segment = { product: 'fibre 1000', region: 'north' };
  const occurredAt = clock.now();
  const { accept } = services.stage;
  const post = { id: `post-${name.length}`, network: 'x', handle, text: `${words}, says ${handle}` };
  await accept('social-posts', [{ ...post, occurredAt, ...segment }]);
  await accept('crm-records', [
    {
      id: `crm-${id}`,
      customerId: id,
      event: 'profile_updated',
      emails: [mail],
      handles: [`x:${handle}`],
      attributes: { name, valueTier: 'gold', valuePerYear: 1440, product: 'fibre 1000', active: true },
      occurredAt,
    },
  ]);
  await accept('complaints', [
    { id: `mail-${words.length}`, email: mail, text: `${words}. It is down again.`, occurredAt, ...segment },
  ]);
  const text = `I want to cancel the contract: ${words}.`;
  await accept('complaints', [{ id: `note-${id}`, customerId: id, occurredAt, text, ...segment }]);
  await accept('call-notes', [
    { id: `call-${id}`, customerId: id, direction: 'inbound', text: words, occurredAt },
  ]);
}

/** Other customers complain, each for themselves. */
async function busyWith(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    await services.stage.accept('complaints', [complaint(`other-${n}`, `other-${n}`, 'It is down.')]);
    await new Promise((resume) => setTimeout(resume, 200));
  }
}

async function alertsAbout(customers: readonly string[]): Promise<readonly string[]> {
  const about = await Promise.all(
    customers.map(async (customer) => (await services.desk.queries.alerts({ customer }, 10)).rows),
  );
  return [...new Set(about.flat().map(({ subject }) => subject))].toSorted();
}

const tocsin = (...args: readonly string[]) => tocsinAt(place, ...args);

/** The command in a process of its own, as an operator runs it. */
async function tocsinAt(at: Place, ...args: readonly string[]) {
  const child = spawn(process.execPath, ['services/cli/main.ts', 'customer', ...args], {
    env: { PATH: process.env.PATH, ...at.env },
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => (out += String(text)));
  child.stderr.on('data', (text) => (err += String(text)));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, out, err };
}

const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly where: string });

/** Every row of every table in which one of these words stands, as text. */
async function rowsWith(words: readonly string[]): Promise<readonly string[]> {
  const url = place.env.TOCSIN_DATABASE_URL;
  const tables = await askPostgres(
    url,
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
  );
  const rows: string[] = [];
  for (const { name } of tables as { name: string }[]) {
    for (const { row } of (await askPostgres(url, `SELECT t::text AS row FROM ${name} AS t`)) as {
      row: string;
    }[])
      if (words.some((word) => row.includes(word))) rows.push(`${name}: ${row}`);
  }
  return rows.toSorted();
}

const found = async (words: readonly string[]): Promise<readonly string[]> =>
  [...new Set((await rowsWith(words)).map((row) => row.split(':')[0] ?? ''))].toSorted();

/** The newest value of a customer in the compacted topic; null is what compaction removes. */
async function latestHold(customerId: string): Promise<Buffer | null | undefined> {
  const kafka = createKafka({ brokers: [inject('kafkaBrokers')], clientId: 'test', log: silentLogger });
  const consumer = kafka.consumer({ groupId: place.names.group(`test-${customerId}`) });
  let latest: Buffer | null | undefined;
  await consumer.connect();
  await consumer.subscribe({ topics: [place.names.of('contact-holds')], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message }) => {
      if (String(message.key) === customerId) latest = message.value;
    },
  });
  // Few records; what is not there within this is not there.
  await new Promise((resume) => setTimeout(resume, 6_000));
  await consumer.disconnect();
  return latest;
}
