import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Logger } from '../../platform/logging/logger.ts';
import { describeError } from '../../platform/process/run-process.ts';
import { type Clock, MINUTE, SECOND } from '../../platform/time/clock.ts';
import type { Names } from '../../settings/names.ts';
import {
  type ActionType,
  actionFrom,
  actionTypeOf,
  type ButtonValue,
  type HandleAction,
  readButtonValue,
  type SlackAction,
} from '../domain/slack-action.ts';
import { formActionOf, INPUT_ACTION, modalOf } from '../domain/slack-modal.ts';
import type { WebhookOutcome } from '../metrics.ts';
import type { ModalOpener } from '../ports.ts';

export interface SlackActionParts {
  readonly signingSecret: string;
  /** Stores the action before it answers; repeats of an `actionId` count once. */
  readonly handle: HandleAction;
  readonly modals: ModalOpener;
  readonly names: Names;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: { webhook(outcome: WebhookOutcome): void };
}

/**
 * Takes clicks and forms from Slack at `POST /slack/actions`.
 *
 * A call counts only with a valid signature of the last five minutes. The answer comes when the action is
 * stored, not when it is done: Slack waits three seconds. A call that could not be stored is answered with an
 * error, so that the person sees that nothing happened.
 */
export async function registerSlackActions(app: FastifyInstance, parts: SlackActionParts): Promise<void> {
  await app.register(async (scope) => {
    // The signature covers the bytes as they came, so nothing may parse them first.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: LONGEST_BODY }, (_, body, done) =>
      done(null, body),
    );
    scope.post('/slack/actions', async (request, reply) => {
      const body = typeof request.body === 'string' ? request.body : '';
      const signed = checkSignature(parts.signingSecret, request.headers, body, parts.clock.now());
      if (signed !== 'valid') {
        parts.metrics.webhook(signed);
        return reply.code(401).send({ error: signed });
      }
      return answer(parts, body, reply);
    });
  });
}

/** Slack's payloads stay below 100 KB even with a whole message inside. */
const LONGEST_BODY = 512 * 1024;
/** https://docs.slack.dev/authentication/verifying-requests-from-slack */
const SIGNATURE_AGE_MS = 5 * MINUTE;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

function checkSignature(
  secret: string,
  headers: Headers,
  body: string,
  now: number,
): 'valid' | 'forged' | 'expired' {
  const stamp = headers['x-slack-request-timestamp'];
  const given = headers['x-slack-signature'];
  if (typeof stamp !== 'string' || typeof given !== 'string' || !/^\d{1,12}$/.test(stamp)) return 'forged';
  const expected = `v0=${createHmac('sha256', secret).update(`v0:${stamp}:${body}`).digest('hex')}`;
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  if (a.length !== b.length || !timingSafeEqual(a, b)) return 'forged';
  return Math.abs(now - Number(stamp) * SECOND) > SIGNATURE_AGE_MS ? 'expired' : 'valid';
}

const userSchema = z.object({ id: z.string(), username: z.string().optional(), name: z.string().optional() });
const payloadSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('block_actions'),
    user: userSchema,
    trigger_id: z.string(),
    actions: z
      .array(z.object({ action_id: z.string(), action_ts: z.string(), value: z.string().optional() }))
      .min(1),
  }),
  z.object({
    type: z.literal('view_submission'),
    user: userSchema,
    view: z.object({
      id: z.string(),
      callback_id: z.string(),
      private_metadata: z.string(),
      state: z.object({
        values: z.record(
          z.string(),
          z.record(
            z.string(),
            z.object({
              value: z.string().nullish(),
              selected_option: z.object({ value: z.string() }).nullish(),
            }),
          ),
        ),
      }),
    }),
  }),
]);
type Payload = z.infer<typeof payloadSchema>;
type Click = Extract<Payload, { readonly type: 'block_actions' }>;
type Submission = Extract<Payload, { readonly type: 'view_submission' }>;

async function answer(parts: SlackActionParts, body: string, reply: FastifyReply): Promise<FastifyReply> {
  const payload = payloadSchema.safeParse(payloadOf(body));
  if (!payload.success) {
    parts.metrics.webhook('malformed');
    return reply.code(400).send({ error: 'malformed' });
  }
  return payload.data.type === 'block_actions'
    ? answerClick(parts, payload.data, reply)
    : answerSubmission(parts, payload.data, reply);
}

async function answerClick(
  parts: SlackActionParts,
  click: Click,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const [action] = click.actions;
  const type = action === undefined ? undefined : actionTypeOf(action.action_id);
  // A link button also calls; it wants no more than an answer.
  if (action === undefined || type === undefined) return reply.code(200).send();
  const value = readButtonValue(action.value ?? '');
  if (value === undefined) {
    parts.metrics.webhook('malformed');
    return reply.code(400).send({ error: 'malformed' });
  }
  if (type !== 'acknowledge') return openForm(parts, click.trigger_id, type, value, reply);
  const id = `slack:${value.alertId}:${type}:${action.action_ts}`;
  const read = actionFrom(
    type,
    value,
    { by: personOf(parts.names, click.user), via: 'slack', actionId: id },
    {},
  );
  if (read.ok) await store(parts, read.action);
  return reply.code(200).send();
}

/** The form opens beside the answer: neither waits for the other. */
function openForm(
  parts: SlackActionParts,
  triggerId: string,
  type: Exclude<ActionType, 'acknowledge'>,
  value: ButtonValue,
  reply: FastifyReply,
): FastifyReply {
  parts.modals.open(triggerId, modalOf(type, value)).then(
    () => parts.metrics.webhook('accepted'),
    (error: unknown) => {
      parts.metrics.webhook('failed');
      parts.log.warn(
        { alertId: value.alertId, type, error: describeError(error) },
        'could not open a form in Slack',
      );
    },
  );
  return reply.code(200).send();
}

async function answerSubmission(
  parts: SlackActionParts,
  { user, view }: Submission,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const type = formActionOf(view.callback_id);
  const value = readButtonValue(view.private_metadata);
  if (type === undefined || value === undefined) {
    parts.metrics.webhook('malformed');
    return reply.code(400).send({ error: 'malformed' });
  }
  // Slack sends a form again with the same view id, and opens each form with a new one.
  const read = actionFrom(
    type,
    value,
    { by: personOf(parts.names, user), via: 'slack', actionId: `slack:${view.id}` },
    enteredIn(view),
  );
  if (!read.ok) {
    parts.metrics.webhook('accepted');
    return reply.code(200).send({ response_action: 'errors', errors: read.problems });
  }
  const said = await store(parts, read.action);
  if (said.ok) return reply.code(200).send();
  const firstField = Object.keys(view.state.values)[0] ?? 'note';
  return reply.code(200).send({ response_action: 'errors', errors: { [firstField]: said.message } });
}

async function store(
  parts: SlackActionParts,
  action: SlackAction,
): Promise<Awaited<ReturnType<HandleAction>>> {
  try {
    const said = await parts.handle(action);
    parts.metrics.webhook('accepted');
    return said;
  } catch (error) {
    parts.metrics.webhook('failed');
    throw error;
  }
}

function enteredIn(view: Submission['view']): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(view.state.values).map(([name, inputs]) => {
      const input = inputs[INPUT_ACTION];
      return [name, input?.selected_option?.value ?? input?.value ?? undefined];
    }),
  );
}

/** Whoever is in `teams.yaml` with this member id; anybody else as Slack calls them. */
const personOf = (names: Names, { id, username, name }: Click['user']): SlackAction['by'] => {
  const known = names.personId(id);
  return { kind: 'person', id: known === id ? (username ?? name ?? id) : known };
};

function payloadOf(body: string): unknown {
  const text = new URLSearchParams(body).get('payload');
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    // Signed, but not JSON: the caller answers and counts it as malformed.
    return undefined;
  }
}
