import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { operatorsOnly } from '../../platform/http/operators-only.ts';
import { sendProblem } from '../../platform/http/problem.ts';
import type { RulesReload } from '../rules-reload.ts';

/**
 * Which rules are in force, or were, with their files; the orders to read them again and to judge by one again that was in
 * quarantine. Where operators have keys, an order needs one. Reading is answered once the new rules are in force or refused.
 */
export function registerRules(app: FastifyInstance, reload: RulesReload, opsKeys: readonly string[]): void {
  app.get('/v1/rules', async () => reload.status());
  app.get('/v1/rules/kept', async (request, reply) => {
    const query = KeptQuery.safeParse(request.query);
    if (query.success) return { sets: await reload.between(query.data.from, query.data.until) };
    return sendProblem(reply, NO_SPAN);
  });
  const preHandler = operatorsOnly(opsKeys);
  app.post<{ Params: { id: string } }>('/v1/rules/:id/release', { preHandler }, async (request, reply) => {
    const { id } = request.params;
    if (reload.release(id)) return { rule: id, released: true };
    return sendProblem(reply, { status: 404, detail: `no rule "${id}" is in quarantine` });
  });
  app.post('/v1/rules/reload', { preHandler }, async (_, reply) => {
    const result = await reload.reload();
    return reply.code(result.outcome === 'refused' ? 409 : 200).send(result);
  });
}

/** Epoch ms, as the sets say since when they were in force. */
export const KeptQuery = z.strictObject({
  from: z.coerce.number().describe('Epoch ms: the first set is the one that was in force then.'),
  until: z.coerce.number().default(Number.MAX_SAFE_INTEGER).describe('Epoch ms. Default: now.'),
});

const NO_SPAN = {
  status: 400,
  detail: 'Sets of rules are asked for with from, and perhaps until, in epoch milliseconds.',
};
