import type { FastifyInstance } from 'fastify';
import { holdsKey } from '../../ingestion/adapters/access.ts';
import type { RulesReload } from './rules-reload.ts';

/**
 * Which rules are in force, and the order to read them again. Where operators have keys, the order needs one; it is
 * answered once the new rules are in force or refused.
 */
export function registerRules(app: FastifyInstance, reload: RulesReload, opsKeys: readonly string[]): void {
  app.get('/v1/rules', async () => reload.status());
  app.post('/v1/rules/reload', async (request, reply) => {
    if (opsKeys.length > 0 && !holdsKey(request.headers.authorization, opsKeys)) {
      return reply.code(401).type('application/problem+json').send(NO_KEY);
    }
    const result = await reload.reload();
    return reply.code(result.outcome === 'refused' ? 409 : 200).send(result);
  });
}

const NO_KEY = {
  type: 'about:blank',
  title: 'Not authenticated',
  status: 401,
  detail: 'Reloading the rules needs a key of TOCSIN_OPS_KEYS: Authorization: Bearer <key>.',
};
