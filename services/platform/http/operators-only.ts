import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { commaList } from '../config/env.ts';
import { holdsKey } from './bearer-key.ts';
import { sendProblem } from './problem.ts';

/** What a service reads that takes orders of operators. */
export const operatorSettings = z.object({ TOCSIN_OPS_KEYS: commaList.default([]) });

/**
 * Routes with `{ preHandler: operatorsOnly(keys) }` refuse whoever brings none of the keys of operators. Where operators have
 * none, everybody may.
 */
export const operatorsOnly =
  (keys: readonly string[]) => async (request: FastifyRequest, reply: FastifyReply) =>
    keys.length === 0 || holdsKey(request.headers.authorization, keys)
      ? undefined
      : sendProblem(reply, { status: 401, detail: NO_KEY });

const NO_KEY =
  'This order needs a key of TOCSIN_OPS_KEYS: Authorization: Bearer <key>, or TOCSIN_API_KEY on the command line.';
