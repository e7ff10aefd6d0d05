import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { DEAD_LETTER_STATUSES, type DeadLetters } from '../database/dead-letters.ts';
import type { OwnedTimer } from '../keyed-process/state-store.ts';

const List = z.object({
  status: z.enum(DEAD_LETTER_STATUSES).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
const One = z.object({ id: z.string().min(1).max(2000) });
const Retry = One.extend({ payload: z.record(z.string(), z.unknown()).optional() });

export interface Operations {
  readonly deadLetters: DeadLetters;
  /** The earliest ones. */
  readonly timers: (limit: number) => Promise<readonly OwnedTimer[]>;
}

/** What operators do over HTTP: look at dead letters, retry or drop them; see which timers are due. */
export function registerOperations(app: FastifyInstance, { deadLetters, timers }: Operations): void {
  app.get('/v1/dead-letters', async (request, reply) => {
    const query = List.safeParse(request.query);
    if (!query.success) return reply.code(400).send(problem(400, z.prettifyError(query.error)));
    return {
      counts: await deadLetters.counts(),
      letters: await deadLetters.list(query.data.status, query.data.limit),
    };
  });
  app.post('/v1/dead-letters/retry', async (request, reply) => {
    const body = Retry.safeParse(request.body);
    if (!body.success) return reply.code(400).send(problem(400, z.prettifyError(body.error)));
    const payload = body.data.payload === undefined ? undefined : JSON.stringify(body.data.payload);
    if (await deadLetters.retry(body.data.id, payload)) return { id: body.data.id, status: 'retrying' };
    return reply.code(404).send(problem(404, `No parked dead letter has the id ${body.data.id}.`));
  });
  app.post('/v1/dead-letters/drop', async (request, reply) => {
    const body = One.safeParse(request.body);
    if (!body.success) return reply.code(400).send(problem(400, z.prettifyError(body.error)));
    if (await deadLetters.drop(body.data.id)) return { id: body.data.id, status: 'dropped' };
    return reply.code(404).send(problem(404, `No parked dead letter has the id ${body.data.id}.`));
  });
  app.get('/v1/timers', async () => ({ timers: await timers(MAX_TIMERS) }));
}

/** The earliest ones; more is not for reading. */
const MAX_TIMERS = 200;

const problem = (status: number, detail: string) => ({
  type: 'about:blank',
  title: 'Not done',
  status,
  detail,
});
