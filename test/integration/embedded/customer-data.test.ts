import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { ChildTocsin, runTocsin } from '../../support/child-tocsin.ts';
import { AROUND_THE_CLOCK, shippedRulesWith } from '../../support/rules-folder.ts';
import { wholeLog } from '../../support/whole-log.ts';

/** What must not be found any more, wherever it stands. */
const OF_ADA = ['ada-7', 'ada@example.org', 'ada_tweets', 'Ada Vance', 'worst router of all'];

async function stage() {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-customer-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const rules = shippedRulesWith(join(folder, 'rules'), { 'calendars.yaml': AROUND_THE_CLOCK });
  const data = join(folder, 'data');
  const env = { TOCSIN_RULES_DIR: rules };
  const start = async () => {
    const child = new ChildTocsin({ data, env });
    const url = await child.url;
    if (url === undefined) throw new Error((await child.ended).stderr);
    const post = async (source: string, record: object) => {
      const answer = await fetch(`${url}/v1/${source}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ occurredAt: Date.now(), ...record }),
      });
      const body = await answer.text();
      const { status } = JSON.parse(body) as { status: string };
      if (!answer.ok) throw new Error(body);
      return { status };
    };
    const json = async (path: string): Promise<Record<string, unknown>> =>
      // The answers of our own API are objects.
      (await (await fetch(`${url}${path}`)).json()) as Record<string, unknown>;
    return { child, post, json, url };
  };
  return { data, start, tocsin: (...args: string[]) => runTocsin([...args, '--data', data], { env }) };
}

type Posting = (source: string, record: object) => Promise<{ status: string }>;

/** Somebody posts, complains by mail alone, is claimed by the CRM, and says on the phone that they leave. */
async function story(
  post: Posting,
  who: { id: string; name: string; mail: string; handle: string; words: string },
) {
  const { id, name, mail, handle, words } = who;
  const segment = { product: 'fibre 1000', region: 'north' };
  await post('social-posts', {
    id: `post-${id}`,
    network: 'x',
    handle,
    text: `${words}, says ${handle}`,
    ...segment,
  });
  await post('crm-records', {
    id: `crm-${id}`,
    customerId: id,
    event: 'profile_updated',
    emails: [mail],
    handles: [`x:${handle}`],
    attributes: { name, valueTier: 'gold', valuePerYear: 1440, product: 'fibre 1000' },
  });
  await post('complaints', {
    id: `mail-${name.length}${words.length}`,
    email: mail,
    text: `${words}. It is down again.`,
    ...segment,
  });
  await post('call-notes', {
    id: `note-${id}`,
    customerId: id,
    direction: 'inbound',
    text: `Wants to cancel the contract: ${words}.`,
  });
}

const ADA = {
  id: 'ada-7',
  name: 'Ada Vance',
  mail: 'ada@example.org',
  handle: 'ada_tweets',
  words: 'worst router of all',
};
const BOB = {
  id: 'bob-8',
  name: 'Bob Okoro',
  mail: 'bob@example.org',
  handle: 'bob_tweets',
  words: 'slow as a snail',
};

test('a customer is exported and forgotten everywhere, and nothing of anybody else is touched', async () => {
  const { data, start, tocsin } = await stage();
  const first = await start();
  for (const who of [ADA, BOB]) await story(first.post, who);
  const unclaimed = { id: 'post-z', network: 'x', handle: 'zoe_says', text: 'I am leaving you' };
  await first.post('social-posts', unclaimed);
  for (const { id } of [ADA, BOB]) {
    await expect
      .poll(async () => JSON.stringify(await first.json(`/v1/customers/${id}`)), { timeout: 20_000 })
      .toMatch(/told #retention.*told Ben Okafor/s);
  }
  const bob = await first.json('/v1/customers/bob-8');

  // While it runs there is an export, and no forgetting.
  const exported = await tocsin('customer', 'export', 'ada-7');
  expect(exported.code).toBe(0);
  const places = new Set(
    exported.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).where),
  );
  for (const place of [
    'crm-records',
    'complaints',
    'call-notes',
    'social-posts',
    'signals',
    'assessments',
    'alerts',
  ])
    expect(places).toContain(place);
  for (const place of [
    'state of customer',
    'state of identity',
    'loop_alert',
    'loop_audit',
    'sandbox_messages',
  ])
    expect(places).toContain(place);
  // What is packed where it is stored is told in words.
  expect(exported.stdout).toMatch(/"history":\[\{"at":"\d{4}-\d\d-\d\dT[^"]+","type":"/);
  // Nothing of others either, where an alert or a segment is about many.
  for (const word of ['bob-8', 'slow as a snail']) expect(exported.stdout).not.toContain(word);
  expect(exported.stdout).toContain('It is down again');
  const refused = await tocsin('customer', 'forget', 'ada-7', '--yes');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('in use by process');
  expect((await first.child.stop()).code).toBe(0);

  const would = await tocsin('customer', 'forget', 'ada-7');
  expect(would.stdout).toContain('Nothing was changed');
  // Control: it would be seen if something were left.
  const before = found(data, OF_ADA).join();
  for (const place of ['state', 'loop_alert', 'log signals', 'bytes of tocsin.sqlite'])
    expect(before).toContain(place);
  const bobBefore = found(data, ['bob-8', 'bob@example.org', 'slow as a snail']).length;

  const forgotten = await tocsin('customer', 'forget', 'ada-7', '--yes');
  expect({ code: forgotten.code, stderr: forgotten.stderr }).toEqual({ code: 0, stderr: '' });
  expect(forgotten.stdout).toContain('slack #');
  // Ids of records stay, so that the source is told that it repeats itself; these ids hold the customer's.
  expect(found(data, OF_ADA)).toEqual([
    'log_seen: ada-7',
    'log_seen: ada-7',
    'log_seen: ada-7',
    'bytes of tocsin.sqlite: ada-7',
  ]);
  expect(found(data, ['bob-8', 'bob@example.org', 'slow as a snail'])).toHaveLength(bobBefore);
  expect((await tocsin('customer', 'export', 'ada-7')).code).toBe(1);

  // A handle that nobody has claimed is a customer of its own.
  expect(found(data, ['zoe_says'])).not.toEqual([]);
  expect((await tocsin('customer', 'forget', 'quarantine:handle:x:zoe_says', '--yes')).code).toBe(0);
  expect(found(data, ['zoe_says'])).toEqual([]);

  const ledger = await tocsin('ledger');
  expect(ledger.stdout).toContain('sums meet');
  const second = await start();
  expect(await second.json('/v1/customers/bob-8')).toMatchObject({ story: bob.story, profile: bob.profile });
  expect((await fetch(`${second.url}/v1/customers/ada-7`)).status).toBe(404);
  expect(
    await second.post('call-notes', {
      id: 'note-ada-7',
      customerId: 'ada-7',
      text: 'x',
      direction: 'inbound',
    }),
  ).toMatchObject({ status: 'repeated' });
  expect((await second.child.stop()).code).toBe(0);
}, 120_000);

/** Where any of these words stands: in a table, in a record of the log, or in the bytes of a file. */
function found(data: string, words: readonly string[]): readonly string[] {
  const db = new DatabaseSync(join(data, 'tocsin.sqlite'), { readOnly: true });
  const places: string[] = [];
  const look = (place: string, text: string) => {
    for (const word of words) if (text.includes(word)) places.push(`${place}: ${word}`);
  };
  try {
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    for (const { name } of tables) {
      for (const row of db.prepare(`SELECT * FROM ${String(name)}`).all())
        look(String(name), JSON.stringify(row));
    }
    for (const { topic, line } of wholeLog(db)) look(`log ${topic}`, line);
    for (const file of readdirSync(data)) look(`bytes of ${file}`, readFileSync(join(data, file), 'latin1'));
  } finally {
    db.close();
  }
  return places;
}

test('an unknown customer, and a folder without data, are said to be so', async () => {
  const { tocsin } = await stage();
  const nothing = await tocsin('customer', 'export', 'nobody');
  expect({ code: nothing.code, out: nothing.stdout }).toEqual({ code: 1, out: '' });
  expect(nothing.stderr).toContain('no data of Tocsin here');
});
