import { createHmac } from 'node:crypto';
import { type FastifyInstance, fastify } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { registerSlackActions } from '../../../services/notification/adapters/slack-actions.fastify.ts';
import type { ActionAnswer, SlackAction } from '../../../services/notification/domain/slack-action.ts';
import type { ModalView } from '../../../services/notification/domain/slack-modal.ts';
import type { WebhookOutcome } from '../../../services/notification/metrics.ts';
import { T0 } from '../../../services/notification/test-support/an-alert.ts';
import { silentLogger } from '../../../services/platform/logging/logger.ts';
import { ManualClock, MINUTE } from '../../../services/platform/time/clock.ts';
import { NO_NAMES } from '../../../services/settings/names.ts';

const SECRET = 'the signing secret';
const clock = new ManualClock(T0);
let app: FastifyInstance;
let actions: SlackAction[];
let opened: ModalView[];
let counted: WebhookOutcome[];
let says: ActionAnswer | Error;

beforeEach(async () => {
  actions = [];
  opened = [];
  counted = [];
  says = { ok: true };
  app = fastify();
  await registerSlackActions(app, {
    signingSecret: SECRET,
    names: { ...NO_NAMES, personId: (who) => (who === 'U07BEN' ? 'ben' : who) },
    clock,
    log: silentLogger,
    metrics: { webhook: (outcome) => counted.push(outcome) },
    modals: {
      open: async (_, view) => {
        opened.push(view);
      },
    },
    handle: async (action) => {
      if (says instanceof Error) throw says;
      actions.push(action);
      return says;
    },
  });
});
afterEach(() => app.close());

interface How {
  readonly secret?: string;
  readonly sentAt?: number;
}

function send(payload: unknown, { secret = SECRET, sentAt = T0 }: How = {}) {
  const body = new URLSearchParams({
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
  }).toString();
  const stamp = String(Math.floor(sentAt / 1000));
  const signature = `v0=${createHmac('sha256', secret).update(`v0:${stamp}:${body}`).digest('hex')}`;
  return app.inject({
    method: 'POST',
    url: '/slack/actions',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': stamp,
      'x-slack-signature': signature,
    },
    payload: body,
  });
}

const value = JSON.stringify({ k: 'k', i: 'k#1', l: 'T-1', o: ['saved'], c: 'email' });
const user = { id: 'U1', username: 'ana' };
const click = (action_id: string, action_ts = '1.5') => ({
  type: 'block_actions',
  user,
  trigger_id: 't',
  actions: [{ action_id, action_ts, value }],
});
const submission = (type: string, values: Readonly<Record<string, unknown>>) => ({
  type: 'view_submission',
  user,
  view: { id: 'V1', callback_id: `tocsin.form.${type}`, private_metadata: value, state: { values } },
});

test('a signed click on Acknowledge is handed on', async () => {
  expect((await send(click('tocsin.acknowledge'))).statusCode).toBe(200);
  expect(actions).toEqual([
    {
      type: 'acknowledge',
      fields: {},
      alertKey: 'k',
      alertId: 'k#1',
      by: { kind: 'person', id: 'ana' },
      via: 'slack',
      actionId: 'slack:k#1:acknowledge:1.5',
    },
  ]);
  expect(counted).toEqual(['accepted']);
});

test('whoever is in teams.yaml with their member id acts under their own id, whatever Slack calls them', async () => {
  await send({ ...click('tocsin.acknowledge'), user: { id: 'U07BEN', username: 'b.okafor' } });
  expect(actions).toMatchObject([{ by: { kind: 'person', id: 'ben' } }]);
});

test('a click that Slack delivers ten times has one name', async () => {
  for (let n = 0; n < 10; n += 1) await send(click('tocsin.acknowledge'));
  expect(new Set(actions.map(({ actionId }) => actionId)).size).toBe(1);
});

test.each(['contact', 'snooze', 'close'])(
  'a click on %s opens its form and changes nothing yet',
  async (type) => {
    expect((await send(click(`tocsin.${type}`))).statusCode).toBe(200);
    expect(opened).toMatchObject([{ callback_id: `tocsin.form.${type}`, private_metadata: value }]);
    expect(actions).toEqual([]);
  },
);

test('a submitted form is handed on with its fields, named after the form', async () => {
  const answer = await send(
    submission('contact', {
      channel: { value: { selected_option: { value: 'phone' } } },
      reached: { value: { selected_option: { value: 'no' } } },
      note: { value: { value: 'voicemail' } },
    }),
  );
  expect(answer.statusCode).toBe(200);
  expect(answer.body).toBe('');
  expect(actions).toMatchObject([
    {
      type: 'contact',
      fields: { channel: 'phone', reached: false, note: 'voicemail' },
      via: 'slack',
      actionId: 'slack:V1',
    },
  ]);
});

test('a form with a missing field comes back with the field marked', async () => {
  const answer = await send(
    submission('close', {
      outcome: { value: { selected_option: { value: 'saved' } } },
      rootCause: { value: { value: null } },
    }),
  );
  expect(answer.json()).toEqual({
    response_action: 'errors',
    errors: { rootCause: 'the root cause is missing' },
  });
  expect(actions).toEqual([]);
});

test('a form that is refused comes back with the reason', async () => {
  says = { ok: false, message: 'Log the contact first.' };
  const answer = await send(
    submission('close', {
      outcome: { value: { selected_option: { value: 'saved' } } },
      rootCause: { value: { value: 'billing' } },
    }),
  );
  expect(answer.json()).toEqual({ response_action: 'errors', errors: { outcome: 'Log the contact first.' } });
});

test('what could not be stored is answered with an error, so that the person sees it', async () => {
  says = new Error('disk full');
  expect((await send(click('tocsin.acknowledge'))).statusCode).toBe(500);
  expect(counted).toEqual(['failed']);
});

test.each([
  ['forged', { secret: 'another secret' }, 'forged'],
  ['replayed after six minutes', { sentAt: T0 - 6 * MINUTE }, 'expired'],
  ['from six minutes ahead', { sentAt: T0 + 6 * MINUTE }, 'expired'],
] as const)('a call that is %s is refused and counted', async (_, how, outcome) => {
  expect((await send(click('tocsin.acknowledge'), how)).statusCode).toBe(401);
  expect(actions).toEqual([]);
  expect(counted).toEqual([outcome]);
});

test('a call without any signature is refused', async () => {
  const answer = await app.inject({
    method: 'POST',
    url: '/slack/actions',
    payload: 'payload={}',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  expect(answer.statusCode).toBe(401);
});

test.each([
  ['not JSON', '{'],
  ['of an unknown kind', { type: 'shortcut' }],
  [
    'a click with somebody else’s value',
    {
      ...click('tocsin.acknowledge'),
      actions: [{ action_id: 'tocsin.acknowledge', action_ts: '1', value: '{}' }],
    },
  ],
])('a signed call that is %s is answered as malformed', async (_, payload) => {
  expect((await send(payload)).statusCode).toBe(400);
  expect(counted).toEqual(['malformed']);
});

test('a button that is not ours, such as a link, is answered and ignored', async () => {
  expect((await send(click('somebody.else'))).statusCode).toBe(200);
  expect([actions, counted]).toEqual([[], []]);
});
