import type { FastifyInstance, FastifyRequest } from 'fastify';
import { holdsKey } from '../../platform/http/bearer-key.ts';
import type { RulesReload } from '../rules-reload.ts';

/**
 * Which rules are in force, and the orders to read them again and to judge by one again that was in quarantine. Where
 * operators have keys, an order needs one. Reading is answered once the new rules are in force or refused.
 */
export function registerRules(app: FastifyInstance, reload: RulesReload, opsKeys: readonly string[]): void {
  app.get('/v1/rules', async () => reload.status());
  const lacksKey = ({ headers }: FastifyRequest): boolean =>
    opsKeys.length > 0 && !holdsKey(headers.authorization, opsKeys);
  app.post<{ Params: { id: string } }>('/v1/rules/:id/release', async (request, reply) => {
    const { id } = request.params;
    if (lacksKey(request)) return reply.code(401).type('application/problem+json').send(NO_KEY);
    if (reload.release(id)) return { rule: id, released: true };
    return reply
      .code(404)
      .type('application/problem+json')
      .send({
        type: 'about:blank',
        title: 'Not in quarantine',
        status: 404,
        detail: `no rule "${id}" is in quarantine`,
      });
  });
  app.post('/v1/rules/reload', async (request, reply) => {
    if (lacksKey(request)) return reply.code(401).type('application/problem+json').send(NO_KEY);
    const result = await reload.reload();
    return reply.code(result.outcome === 'refused' ? 409 : 200).send(result);
  });
}

const NO_KEY = {
  type: 'about:blank',
  title: 'Not authenticated',
  status: 401,
  detail: 'An order about the rules needs a key of TOCSIN_OPS_KEYS: Authorization: Bearer <key>.',
};
