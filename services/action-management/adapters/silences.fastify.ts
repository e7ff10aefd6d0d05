import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Silence } from '../../contracts/silence.ts';
import { operatorsOnly } from '../../platform/http/operators-only.ts';
import { sendProblem, sendUnreadable } from '../../platform/http/problem.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { RuleSetHolder } from '../service.ts';
import type { SilenceBook, SilenceResult } from '../silences.ts';

const text = z.string().trim().min(1).max(200);
const instant = z.iso.datetime({ offset: true, error: 'expected an instant such as 2026-03-30T12:00:00Z' });
export const AddSilence = z.strictObject({
  rule: text.optional(),
  subject: text.optional(),
  product: text.optional(),
  region: text.optional(),
  by: text,
  reason: text,
  startsAt: instant.optional(),
  endsAt: instant,
});
export const ExpireSilence = z.strictObject({ by: text });
const One = z.object({ id: z.string().min(1).max(100) });
export const SilencesQuery = z.object({ all: z.enum(['true', 'false']).default('false') });

/** A silence as the API shows it: instants as text. */
export interface ShownSilence extends Omit<Silence, 'startsAt' | 'endsAt'> {
  readonly startsAt: string;
  readonly endsAt: string;
  readonly state: 'planned' | 'active' | 'over';
}

export interface Silences {
  readonly silences: SilenceBook;
  readonly clock: Clock;
  readonly rules: Pick<RuleSetHolder, 'current'>;
  /** Where there are any, an order needs one. */
  readonly opsKeys: readonly string[];
}

/** `/v1/silences`: what is silenced, by whom, why and until when. */
export function registerSilences(app: FastifyInstance, { silences, clock, rules, opsKeys }: Silences): void {
  const preHandler = operatorsOnly(opsKeys);
  app.get('/v1/silences', async (request, reply) => {
    const query = SilencesQuery.safeParse(request.query);
    if (!query.success) return sendUnreadable(reply, query.error);
    const now = clock.now();
    const wanted = query.data.all === 'true' ? silences.all() : silences.notOver(now);
    return { silences: wanted.map((silence) => shown(silence, now)) };
  });

  app.post('/v1/silences', { preHandler }, async (request, reply) => {
    const body = AddSilence.safeParse(request.body);
    if (!body.success) return sendUnreadable(reply, body.error);
    const { rule, startsAt, endsAt, ...rest } = body.data;
    const named = rules.current.rules.find(({ id }) => id === rule);
    if (rule !== undefined && named === undefined)
      return sendProblem(reply, { status: 422, detail: `there is no rule "${rule}"` });
    const order = {
      ...rest,
      rule,
      team: named?.owner.replace(/^team\//, ''),
      endsAt: Date.parse(endsAt),
      startsAt: startsAt === undefined ? undefined : Date.parse(startsAt),
    };
    // Eight hex digits tell the silences of a company apart.
    const result = await silences.add(order, `S-${randomUUID().slice(0, 8)}`, clock.now());
    return result.ok ? reply.code(201).send(shown(result.silence, clock.now())) : refuse(result, reply);
  });

  app.post('/v1/silences/:id/expire', { preHandler }, async (request, reply) => {
    const body = ExpireSilence.safeParse(request.body);
    if (!body.success) return sendUnreadable(reply, body.error);
    const result = await silences.end(One.parse(request.params).id, body.data.by, clock.now());
    return result.ok ? reply.send(shown(result.silence, clock.now())) : refuse(result, reply);
  });
}

const STATUS = { unknown: 404, over: 409, invalid: 422 } as const;

const refuse = ({ reason, words }: SilenceResult & { readonly ok: false }, reply: FastifyReply) =>
  sendProblem(reply, { status: STATUS[reason], detail: words });

const shown = (silence: Silence, now: number): ShownSilence => ({
  ...silence,
  startsAt: new Date(silence.startsAt).toISOString(),
  endsAt: new Date(silence.endsAt).toISOString(),
  state: silence.endsAt <= now ? 'over' : silence.startsAt > now ? 'planned' : 'active',
});
