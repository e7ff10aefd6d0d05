import { DatabaseSync } from 'node:sqlite';
import { type FastifyInstance, fastify } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSandboxChannel } from '../../../services/notification/adapters/channel.sandbox.ts';
import { registerSandbox } from '../../../services/notification/adapters/sandbox-page.fastify.ts';
import { createSandboxStore } from '../../../services/notification/adapters/sandbox-store.sqlite.ts';
import type { DeliveryOrder } from '../../../services/notification/domain/message.ts';
import type { ActionAnswer, SlackAction } from '../../../services/notification/domain/slack-action.ts';
import type { Channel } from '../../../services/notification/ports.ts';
import {
  acknowledged,
  anAlert,
  CHANNEL,
  LATE,
  LEAD_MAIL,
  OPEN,
  Story,
  T0,
} from '../../../services/notification/test-support/an-alert.ts';
import { ManualClock } from '../../../services/platform/time/clock.ts';

const clock = new ManualClock(T0);
let db: DatabaseSync;
let app: FastifyInstance;
let channel: Channel;
let story: Story;
let clicks: SlackAction[];
let says: ActionAnswer;

beforeEach(async () => {
  db = new DatabaseSync(':memory:');
  const store = createSandboxStore(db);
  channel = createSandboxChannel(store, clock);
  story = new Story();
  clicks = [];
  says = { ok: true };
  app = fastify();
  await registerSandbox(app, {
    store,
    clock,
    click: async (action) => {
      clicks.push(action);
      return says;
    },
  });
});
afterEach(async () => {
  await app.close();
  db.close();
});

const never = new AbortController().signal;

/** Delivers what the story has queued, as the sender would. */
async function deliverAll(): Promise<void> {
  for (const [id, { order }] of [...story.queued]) await deliverOne(id, order);
  if (story.queued.size > 0) await deliverAll();
}
async function deliverOne(id: string, order: DeliveryOrder): Promise<void> {
  const answer = await channel.deliver(order, never);
  if (answer.type === 'accepted') story.outcome(id, { ref: answer.ref });
  else story.failed(id, { reason: answer.reason, retriable: answer.retriable });
}

const page = async (query = ''): Promise<string> => (await app.inject(`/sandbox${query}`)).body;
const click = (form: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) =>
  app.inject({
    method: 'POST',
    url: '/sandbox/click',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    payload: new URLSearchParams(form).toString(),
  });
const buttonValue = JSON.stringify({
  k: 'repeat-complaint:c-7',
  i: 'repeat-complaint:c-7#1',
  l: 'T-7Q4MX',
  o: ['saved'],
  c: 'email',
});
const BUTTON = { value: buttonValue, once: '1', back: '#retention' };

test('a message looks like Slack, with buttons, its thread and the captured mail', async () => {
  story.event('raised', anAlert(), { ...OPEN, targets: [CHANNEL, LEAD_MAIL] });
  await deliverAll();
  story.event('escalated', anAlert({ rung: 1 }), { ...LATE, targets: [CHANNEL] });
  await deliverAll();
  const shown = await page();
  expect(shown).toContain('<h3>🔴 P1 T-7Q4MX · Ada Lopez: A high-value customer complains again</h3>');
  expect(shown).toContain('<strong>What to do</strong>');
  expect(shown).toContain('<button class="primary">Acknowledge</button>');
  expect(shown).toContain('1 reply');
  expect(shown).toContain('Not acknowledged');
  expect(shown).toContain('http-equiv="refresh"');
  const mail = await page('?channel=mail');
  expect(mail).toContain('New alert: T-7Q4MX Ada Lopez');
  expect(mail).toContain('http-equiv="refresh"');
  expect(mail).not.toContain('Open the alert');
});

test('a mail is opened by its subject, and the page then stands still', async () => {
  story.event('raised', anAlert(), { ...OPEN, targets: [LEAD_MAIL] });
  await deliverAll();
  const [, path = ''] =
    /href="\/sandbox(\?channel=mail&amp;mail=[^"#]+)#/.exec(await page('?channel=mail')) ?? [];
  const mail = await page(path.replace('&amp;', '&'));
  expect(mail).not.toContain('http-equiv="refresh"');
  expect(mail).toMatch(/Open the alert: <a href="https:\/\/tocsin\.example\.com\/alerts\/[^"]+"/);
});

test('the page can be held, and let go again', async () => {
  const held = await page('?channel=mail&still=1');
  expect(held).not.toContain('http-equiv="refresh"');
  expect(held).toContain('Let it reload');
  expect(await page('?channel=mail')).toContain('Hold it');
});

test('a taken alert changes in place', async () => {
  story.event('raised', anAlert(), OPEN);
  await deliverAll();
  story.event('acknowledged', acknowledged(anAlert()));
  await deliverAll();
  const { messages } = (await app.inject('/sandbox/messages')).json<{ messages: { updatedAt?: number }[] }>();
  expect(messages).toHaveLength(1);
  expect(messages[0]?.updatedAt).toBe(T0);
  expect(await page()).not.toContain('<button class="primary">Acknowledge</button>');
});

test('what a customer wrote is text on the page, whatever it looks like', async () => {
  const [evidence] = anAlert().evidence;
  if (evidence === undefined) throw new Error('the builder has evidence');
  const quote = '<script>alert(1)</script> "><img src=x onerror=alert(1)> <javascript:alert(1)|x>';
  story.event('raised', anAlert({ evidence: [{ ...evidence, quote }], ruleTitle: '<b>title</b>' }), OPEN);
  await deliverAll();
  const shown = await page();
  expect(shown).not.toMatch(/<script|<img|<b>|href="javascript/);
  expect(shown).toContain('&lt;script&gt;');
  expect((await app.inject('/sandbox')).headers['content-security-policy']).toContain("default-src 'none'");
});

test('the acknowledge button reaches the same handler as a click in Slack', async () => {
  const answer = await click({ ...BUTTON, action: 'tocsin.acknowledge' });
  expect(answer.statusCode).toBe(303);
  expect(answer.headers.location).toBe('/sandbox?channel=%23retention&said=Acknowledged+T-7Q4MX.');
  expect(clicks).toEqual([
    {
      type: 'acknowledge',
      via: 'slack',
      fields: {},
      alertKey: 'repeat-complaint:c-7',
      alertId: 'repeat-complaint:c-7#1',
      by: { kind: 'person', id: 'you' },
      actionId: 'sandbox:1:repeat-complaint:c-7#1:acknowledge',
    },
  ]);
});

test('forms open on the page, which then stands still, and their fields arrive', async () => {
  story.event('raised', anAlert(), OPEN);
  await deliverAll();
  const shown = await page('?channel=%23retention&form=sandbox.1.close');
  expect(shown).toContain('<select name="outcome" required>');
  expect(shown).not.toContain('http-equiv="refresh"');
  await click({
    ...BUTTON,
    action: 'tocsin.close',
    outcome: 'saved',
    rootCause: 'billing',
    note: ' ',
    person: 'ana',
  });
  await click({ ...BUTTON, action: 'tocsin.contact', channel: 'phone', reached: 'yes', note: 'called' });
  await click({ ...BUTTON, action: 'tocsin.snooze', for: '4h', reason: 'on holiday' });
  expect(clicks.map(({ type, fields, by }) => [type, fields, by.id])).toEqual([
    ['close', { outcome: 'saved', rootCause: 'billing' }, 'ana'],
    ['contact', { channel: 'phone', reached: true, note: 'called' }, 'you'],
    ['snooze', { for: '4h', reason: 'on holiday' }, 'you'],
  ]);
});

test.each([
  ['a missing field', { ...BUTTON, action: 'tocsin.close', outcome: 'saved' }, 'the root cause is missing'],
  ['an unknown button', { ...BUTTON, action: 'other' }, 'This button is not known.'],
  ['a broken value', { ...BUTTON, action: 'tocsin.acknowledge', value: '{' }, 'This button is not known.'],
])('%s is said on the page and reaches nobody', async (_, form, said) => {
  const answer = await click(form);
  expect(new URL(`http://x${answer.headers.location}`).searchParams.get('said')).toBe(said);
  expect(clicks).toEqual([]);
});

test('a refusal is said in its own words', async () => {
  says = { ok: false, message: 'Somebody has taken it already.' };
  const answer = await click({ ...BUTTON, action: 'tocsin.acknowledge' });
  expect(String(answer.headers.location)).toContain('Somebody+has+taken+it+already.');
});

test.each([
  ['another site says the browser', { 'sec-fetch-site': 'cross-site' }],
  ['another origin', { origin: 'https://evil.example' }],
])('a click from %s counts for nothing', async (_, headers) => {
  expect((await click({ ...BUTTON, action: 'tocsin.acknowledge' }, headers)).statusCode).toBe(403);
  expect(clicks).toEqual([]);
});

test('the same delivery sent twice is one message, and is found', async () => {
  story.event('raised', anAlert(), OPEN);
  const order = [...story.queued.values()][0]?.order;
  if (order === undefined) throw new Error('nothing was queued');
  const first = await channel.deliver(order, never);
  const second = await channel.deliver(order, never);
  expect(second).toEqual(first);
  expect(await channel.find(order, never)).toEqual({ address: '#retention', id: 'sandbox.1' });
  expect(await channel.find({ ...order, deliveryId: 'other' }, never)).toBeUndefined();
});

test('a sandbox in memory keeps the newest messages only', async () => {
  story.event('raised', anAlert(), OPEN);
  const order = [...story.queued.values()][0]?.order;
  if (order === undefined) throw new Error('nothing was queued');
  const small = createSandboxStore(new DatabaseSync(':memory:'), 2);
  const bounded = createSandboxChannel(small, clock);
  for (const deliveryId of ['a', 'b', 'c', 'c']) await bounded.deliver({ ...order, deliveryId }, never);
  expect(small.list(10).map(({ deliveryId }) => deliveryId)).toEqual(['b', 'c']);
});

test('an update of a message that is not there says so', async () => {
  story.event('raised', anAlert(), OPEN);
  const order = [...story.queued.values()][0]?.order;
  if (order === undefined) throw new Error('nothing was queued');
  const form = { type: 'update', ref: { address: '#retention', id: 'sandbox.9' } } as const;
  expect(await channel.deliver({ ...order, form }, never)).toEqual({
    type: 'failed',
    reason: 'target_unknown',
    retriable: false,
  });
});
