import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { DEAD_LETTER_REASONS } from '../../contracts/dead-letter.ts';
import {
  DEAD_LETTER_STATUSES,
  type DeadLetters,
  type LetterDecision,
  type LetterFilter,
  type ParkedLetter,
} from '../database/dead-letters.ts';
import type { OwnedTimer } from '../keyed-process/state-store.ts';
import type { Clock } from '../time/clock.ts';
import { type ApiPart, type Operation, PlainProblem } from './openapi.ts';
import { operatorsOnly } from './operators-only.ts';
import { sendProblem, sendUnreadable } from './problem.ts';

const List = z.object({
  status: z.enum(DEAD_LETTER_STATUSES).optional(),
  id: z.string().max(2000).optional().describe('Only this one.'),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
const One = z.object({
  id: z.string().min(1).max(2000),
  by: z.string().trim().min(1).max(200).default('unnamed').describe('Who decides it.'),
  reason: z.string().trim().min(1).max(2000).optional().describe('Why; it stays on record with the letter.'),
});
const Many = One.omit({ id: true }).extend({
  process: z.string().max(200).optional().describe('Only letters of this process.'),
  cause: z.enum(DEAD_LETTER_REASONS).optional().describe('Only letters that were set aside for this reason.'),
});
const DropMany = Many.required({ reason: true });
const Retry = One.extend({ payload: z.record(z.string(), z.unknown()).optional() });

export interface Operations {
  readonly deadLetters: DeadLetters;
  /** The earliest ones. */
  readonly timers: (limit: number) => Promise<readonly OwnedTimer[]>;
  readonly clock: Pick<Clock, 'now'>;
  /** Where there are any, an order needs one. */
  readonly opsKeys: readonly string[];
}

const ListedLetters = z
  .object({
    counts: z.record(z.enum(DEAD_LETTER_STATUSES), z.int()),
    letters: z.array(
      z.object({
        id: z.string(),
        process: z.string(),
        topic: z.string(),
        key: z.string(),
        partition: z.int(),
        offset: z.int(),
        reason: z.enum(DEAD_LETTER_REASONS),
        detail: z.string(),
        at: z.int().describe('Epoch ms.'),
        payload: z.string().describe('The record, as JSON text.'),
        status: z.enum(DEAD_LETTER_STATUSES),
        attempts: z.int(),
        decision: z
          .object({ by: z.string(), why: z.string().optional(), at: z.int().describe('Epoch ms.') })
          .optional()
          .describe('Who retried or dropped it last.'),
      }),
    ),
  })
  .meta({ id: 'DeadLetterList' });
const Moved = z
  .object({ id: z.string(), status: z.enum(DEAD_LETTER_STATUSES) })
  .meta({ id: 'DeadLetterMoved' });
const ManyMoved = z.object({ letters: z.int().describe('How many.') }).meta({ id: 'DeadLettersMoved' });
const Timers = z
  .object({
    timers: z.array(
      z.looseObject({ process: z.string(), name: z.string(), dueAt: z.number().describe('Epoch ms.') }),
    ),
  })
  .meta({ id: 'TimerList' });

const moving = (verb: 'retry' | 'drop', summary: string, body: z.ZodType): Operation => ({
  id: `${verb}DeadLetter`,
  method: 'post',
  path: `/v1/dead-letters/${verb}`,
  summary,
  body,
  key: 'ops',
  answers: { 200: Moved, 400: PlainProblem, 401: PlainProblem, 404: PlainProblem },
});

export const OPERATIONS_API: ApiPart = {
  operations: [
    {
      id: 'listDeadLetters',
      method: 'get',
      path: '/v1/dead-letters',
      summary: 'Records that could not be processed, oldest first',
      query: List,
      answers: { 200: ListedLetters, 400: PlainProblem },
    },
    moving('retry', 'Hand a dead letter to its process again, repaired if a payload is given', Retry),
    {
      ...moving('retry', 'Hand all parked letters that fit to their processes again', Many),
      id: 'retryDeadLetters',
      path: '/v1/dead-letters/retry-all',
      answers: { 200: ManyMoved, 400: PlainProblem, 401: PlainProblem },
    },
    moving('drop', 'Give a dead letter up; it stays on record', One),
    {
      ...moving('drop', 'Give all parked letters up that fit', DropMany),
      id: 'dropDeadLetters',
      path: '/v1/dead-letters/drop-all',
      answers: { 200: ManyMoved, 400: PlainProblem, 401: PlainProblem },
    },
    {
      id: 'listTimers',
      method: 'get',
      path: '/v1/timers',
      summary: 'The timers that are due first',
      answers: { 200: Timers },
    },
  ],
  schemas: [ListedLetters, Moved, ManyMoved, Timers, PlainProblem],
};

/** What operators do over HTTP: look at dead letters, retry or drop them; see which timers are due. */
export function registerOperations(
  app: FastifyInstance,
  { deadLetters, timers, clock, opsKeys }: Operations,
): void {
  const preHandler = operatorsOnly(opsKeys);
  const lettersOf = async ({
    id,
    status,
    limit,
  }: z.output<typeof List>): Promise<readonly ParkedLetter[]> => {
    if (id === undefined) return deadLetters.list(status, limit);
    const found = await deadLetters.find(id);
    return found === undefined ? [] : [found];
  };
  app.get('/v1/dead-letters', async (request, reply) => {
    const query = List.safeParse(request.query);
    if (!query.success) return sendUnreadable(reply, query.error);
    return {
      counts: await deadLetters.counts(),
      letters: await lettersOf(query.data),
    };
  });
  app.post('/v1/dead-letters/retry', { preHandler }, async (request, reply) => {
    const body = Retry.safeParse(request.body);
    if (!body.success) return sendUnreadable(reply, body.error);
    const payload = body.data.payload === undefined ? undefined : JSON.stringify(body.data.payload);
    if (await deadLetters.retry(body.data.id, decisionOf(body.data, clock), payload))
      return { id: body.data.id, status: 'retrying' };
    return sendProblem(reply, noParked(body.data.id));
  });
  app.post('/v1/dead-letters/drop', { preHandler }, async (request, reply) => {
    const body = One.safeParse(request.body);
    if (!body.success) return sendUnreadable(reply, body.error);
    if (await deadLetters.drop(body.data.id, decisionOf(body.data, clock)))
      return { id: body.data.id, status: 'dropped' };
    return sendProblem(reply, noParked(body.data.id));
  });
  app.post('/v1/dead-letters/retry-all', { preHandler }, async (request, reply) => {
    const body = Many.safeParse(request.body ?? {});
    if (!body.success) return sendUnreadable(reply, body.error);
    return { letters: await deadLetters.retryAll(filterOf(body.data), decisionOf(body.data, clock)) };
  });
  app.post('/v1/dead-letters/drop-all', { preHandler }, async (request, reply) => {
    const body = DropMany.safeParse(request.body);
    if (!body.success) return sendUnreadable(reply, body.error);
    return { letters: await deadLetters.dropAll(filterOf(body.data), decisionOf(body.data, clock)) };
  });
  app.get('/v1/timers', async () => ({ timers: await timers(MAX_TIMERS) }));
}

const filterOf = ({ process, cause }: z.output<typeof Many>): LetterFilter => ({ process, reason: cause });

const decisionOf = (
  { by, reason }: Pick<z.output<typeof One>, 'by' | 'reason'>,
  clock: Pick<Clock, 'now'>,
): LetterDecision => ({
  by,
  why: reason,
  at: clock.now(),
});

/** The earliest ones; more is not for reading. */
const MAX_TIMERS = 200;

const noParked = (id: string) => ({ status: 404, detail: `No parked dead letter has the id ${id}.` });
