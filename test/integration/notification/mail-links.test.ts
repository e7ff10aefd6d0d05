import { type FastifyInstance, fastify } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { registerMailLinks } from '../../../services/notification/adapters/mail-links.fastify.ts';
import {
  LINK_LIVES_MS,
  MAIL_LINK_PATH,
  writeMailLink,
} from '../../../services/notification/domain/mail-link.ts';
import type {
  ActionAnswer,
  ActionType,
  SlackAction,
} from '../../../services/notification/domain/slack-action.ts';
import type { WebhookOutcome } from '../../../services/notification/metrics.ts';
import { T0 } from '../../../services/notification/test-support/an-alert.ts';
import { silentLogger } from '../../../services/platform/logging/logger.ts';
import { ManualClock } from '../../../services/platform/time/clock.ts';
import { NO_NAMES } from '../../../services/settings/names.ts';

const SECRET = 'a secret of the right length';
const ANA = 'ana@example.com';
const TEAM = 'retention@example.com';
let app: FastifyInstance;
let clock: ManualClock;
let actions: SlackAction[];
let counted: WebhookOutcome[];
let says: ActionAnswer | Error;

beforeEach(async () => {
  clock = new ManualClock(T0);
  actions = [];
  counted = [];
  says = { ok: true };
  app = fastify();
  await registerMailLinks(app, {
    secret: SECRET,
    publicUrl: 'https://tocsin.example.com',
    names: {
      ...NO_NAMES,
      personId: (who) => (who === ANA ? 'ana' : who),
      person: (who) => (who === ANA || who === 'ana' ? 'Ana Ruiz' : who),
    },
    clock,
    log: silentLogger,
    metrics: { mailLink: (outcome) => counted.push(outcome) },
    handle: async (action) => {
      if (says instanceof Error) throw says;
      actions.push(action);
      return says;
    },
  });
});
afterEach(() => app.close());

const alert = {
  alertKey: 'k',
  alertId: 'k#1',
  label: 'T-1',
  outcomes: ['saved'],
  answerOn: 'phone',
} as const;
const linkFor = (type: ActionType, recipient = ANA): string =>
  writeMailLink(SECRET, { type, alert, recipient, expiresAt: T0 + LINK_LIVES_MS });
const open = (t: string) => app.inject({ url: MAIL_LINK_PATH, query: { t } });
const submit = (fields: Record<string, string>) =>
  app.inject({
    method: 'POST',
    url: MAIL_LINK_PATH,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams(fields).toString(),
  });

test.each([
  ['acknowledge', /<button>Acknowledge<\/button>/],
  ['contact', /name="reached"[\s\S]*<button>Log contact<\/button>/],
  ['snooze', /name="reason"[\s\S]*<button>Snooze<\/button>/],
  ['close', /<option value="saved">[\s\S]*name="rootCause"[\s\S]*<button>Close<\/button>/],
] as const)('a link to %s shows its form and does nothing', async (type, form) => {
  const page = await open(linkFor(type));
  expect(page.statusCode).toBe(200);
  expect(page.body).toMatch(form);
  expect(page.body).toContain('You act as <b>Ana Ruiz</b>');
  expect(page.body).toContain('https://tocsin.example.com/alerts/k%231');
  expect([actions, counted]).toEqual([[], []]);
});

test.each(['contact', 'close'] as const)('nothing is said to %s that nobody has chosen', async (type) => {
  const { body } = await open(linkFor(type));
  const chosen = [...body.matchAll(/<select name="(\w+)" required><option value="">choose</g)].map(
    ([, name]) => name,
  );
  expect(chosen).toEqual(type === 'contact' ? ['reached'] : ['outcome']);
});

test('its address is told to nobody, and the page runs nothing', async () => {
  const { headers } = await open(linkFor('acknowledge'));
  expect(headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
  expect(headers['content-security-policy']).toContain("default-src 'none'");
});

test('the form acts in the name of whom the mail went to', async () => {
  const t = linkFor('contact');
  const answer = await submit({ t, channel: 'phone', reached: 'no', note: '' });
  expect([answer.statusCode, answer.body]).toEqual([200, expect.stringContaining('Contact logged for T-1')]);
  expect(actions).toMatchObject([
    {
      type: 'contact',
      alertId: 'k#1',
      by: { kind: 'person', id: 'ana' },
      via: 'email',
      fields: { channel: 'phone', reached: false },
    },
  ]);
  expect(counted).toEqual(['accepted']);
});

test('however often it is used, an order from one link has one name; another link has another', async () => {
  for (const t of [
    linkFor('acknowledge'),
    linkFor('acknowledge'),
    linkFor('acknowledge', 'ben@example.com'),
  ]) {
    await submit({ t, person: 'ben' });
  }
  const [first, second, other] = actions.map(({ actionId }) => actionId);
  expect(first).toBe(second);
  expect(other).not.toBe(first);
});

test('in the mailbox of a team everybody says who they are', async () => {
  const t = linkFor('acknowledge', TEAM);
  expect((await open(t)).body).toContain('<input name="person"');
  expect((await submit({ t, person: ' ' })).statusCode).toBe(422);
  expect(actions).toEqual([]);
  await submit({ t, person: 'Ben' });
  expect(actions).toMatchObject([{ by: { kind: 'person', id: 'Ben' } }]);
});

test('nobody acts in another name from their own mailbox', async () => {
  await submit({ t: linkFor('acknowledge'), person: 'ben' });
  expect(actions).toMatchObject([{ by: { id: 'ana' } }]);
});

test.each([
  ['what was done before', { ok: true, repeated: true } as const, {}, 409, 'nothing was changed now'],
  [
    'a refusal',
    { ok: false, message: 'Closing needs a contact.' } as const,
    {},
    409,
    'Closing needs a contact.',
  ],
  ['a store that is away', new Error('away'), {}, 503, 'try again'],
  ['a missing field', { ok: true } as const, { rootCause: '' }, 422, 'the root cause is missing'],
])('%s is told in words, and what was entered stays', async (_, answer, entered, status, words) => {
  says = answer;
  const page = await submit({
    t: linkFor('close'),
    outcome: 'saved',
    rootCause: 'price',
    note: 'a <b> note',
    ...entered,
  });
  expect(page.statusCode).toBe(status);
  expect(page.body).toContain(words);
  if (!words.includes('changed now')) expect(page.body).toContain('a &lt;b&gt; note');
});

test('a link that expired is told in words, on opening and on acting', async () => {
  const t = linkFor('acknowledge');
  clock.advance(LINK_LIVES_MS);
  for (const page of [await open(t), await submit({ t })]) {
    expect([page.statusCode, page.body]).toEqual([410, expect.stringContaining('has expired')]);
  }
  expect([actions, counted]).toEqual([[], ['expired', 'expired']]);
});

test.each([[{}], [{ t: '' }], [{ t: 'x.y' }]])('what is no link of ours is refused: %j', async (query) => {
  const page = await app.inject({ url: MAIL_LINK_PATH, query });
  expect([page.statusCode, page.body]).toEqual([403, expect.stringContaining('not whole')]);
  expect(counted).toEqual(['forged']);
});
