import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Actor } from '../../contracts/alert.ts';
import type { LetterDecision } from '../../platform/database/dead-letters.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Names } from '../../settings/names.ts';
import type { OperationsRoom } from '../ports.ts';
import { contextOf, send, textQuery } from './page-answers.ts';
import type { Notice } from './pages/layout.ts';
import { operationsPage } from './pages/operations-page.ts';
import { actorOf, rememberPerson } from './person.fastify.ts';

interface Deps {
  readonly operations: OperationsRoom;
  readonly clock: Clock;
  readonly names: Names;
  readonly identify?: (request: FastifyRequest) => Actor | undefined;
}

/** `/operations`: how Tocsin itself is doing; forms retry and give up dead letters, and end silences. */
export const registerOperationsPage = (app: FastifyInstance, deps: Deps): void => {
  app.get('/operations', async (request, reply) => {
    const { done } = textQuery(request);
    const known = DONE.find((one) => one === done);
    return show(deps, request, reply, known && { kind: 'done', words: DONE_WORDS[known] });
  });
  const { deadLetters } = deps.operations;
  order(app, deps, 'dead-letters/retry', Retry, async ({ id, reason }, request) =>
    (await deadLetters.retry(id, decision(deps, request, reason))) ? { done: 'retried' } : NOT_PARKED,
  );
  order(app, deps, 'dead-letters/retry-all', RetryAll, async ({ reason }, request) => {
    await deadLetters.retryAll({}, decision(deps, request, reason));
    return { done: 'all' };
  });
  order(app, deps, 'dead-letters/drop', Drop, async ({ id, reason }, request) =>
    (await deadLetters.drop(id, decision(deps, request, reason))) ? { done: 'dropped' } : NOT_PARKED,
  );
  order(app, deps, 'silences/end', End, async ({ id }, request) => {
    const ended = await deps.operations.endSilence?.(id, decision(deps, request).by);
    if (ended?.ok === true) return { done: 'ended' };
    return { refused: ended?.words ?? 'Another service keeps the silences.' };
  });
};

type Obeyed = { readonly done: (typeof DONE)[number] } | { readonly refused: string };

/** A form under `/operations/`: what it asks for is done, or refused in words on the page. */
const order = <Asked>(
  app: FastifyInstance,
  deps: Deps,
  path: string,
  form: z.ZodType<Asked>,
  obey: (asked: Asked, request: FastifyRequest) => Promise<Obeyed>,
): void => {
  app.post(`/operations/${path}`, async (request, reply) => {
    rememberPerson(request, reply);
    const asked = form.safeParse(request.body ?? {});
    if (!asked.success) return refuse(deps, request, reply.code(422), z.prettifyError(asked.error));
    const obeyed = await obey(asked.data, request);
    return 'done' in obeyed
      ? reply.redirect(`/operations?done=${obeyed.done}`, 303)
      : refuse(deps, request, reply.code(409), obeyed.refused);
  });
};

const DONE = ['retried', 'all', 'dropped', 'ended'] as const;
const DONE_WORDS: Readonly<Record<(typeof DONE)[number], string>> = {
  retried: 'It is handed to its process again. If it fails, it stands here again.',
  all: 'They are handed to their processes again. Those that fail stand here again.',
  dropped: 'It is given up, and stays on record with your reason.',
  ended: 'The silence is over. The next signal is judged without it.',
};

const NOT_PARKED: Obeyed = {
  refused: 'No such dead letter waits any more: somebody else has retried it or given it up.',
};

const id = z.string().min(1).max(2000);
const reason = z.string().trim().max(2000);
const Retry = z.object({ id, reason: reason.optional() });
const RetryAll = Retry.omit({ id: true });
const Drop = z.object({ id, reason: reason.min(1, 'say why it is not needed') });
const End = z.object({ id });

/** Whoever acts is on record under the id that `teams.yaml` knows them by. */
const decision = (
  { identify, names, clock }: Deps,
  request: FastifyRequest,
  why?: string,
): LetterDecision => ({
  by: names.personId((identify?.(request) ?? actorOf(request)).id),
  ...(why === undefined || why === '' ? {} : { why }),
  at: clock.now(),
});

const refuse = (deps: Deps, request: FastifyRequest, reply: FastifyReply, words: string) =>
  show(deps, request, reply, { kind: 'refused', words });

const show = async (
  deps: Deps,
  request: FastifyRequest,
  reply: FastifyReply,
  notice?: Notice,
): Promise<FastifyReply> => {
  const standing = await deps.operations.standing();
  return send(reply, operationsPage(contextOf(deps, request, deps.clock.now()), standing, notice));
};
