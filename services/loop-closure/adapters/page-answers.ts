import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Html } from '../../platform/text/html.ts';
import type { Names } from '../../settings/names.ts';
import type { PageContext } from './pages/layout.ts';
import { personOf } from './person.fastify.ts';

/** What every page is told about the request that it answers. */
export const contextOf = (
  { names, sandbox }: { readonly names: Names; readonly sandbox?: string },
  request: FastifyRequest,
  now: number,
): PageContext => {
  const person = personOf(request);
  return {
    now,
    path: pathOf(request),
    names,
    zone: names.zone(person),
    ...(person === undefined ? {} : { person }),
    ...(sandbox === undefined ? {} : { sandbox }),
  };
};

/** Where the page that answers a request is found again: an order's is that of its alert. */
const pathOf = (request: FastifyRequest): string => {
  const path = request.url.split('?')[0] ?? '/';
  if (request.method === 'GET') return path;
  if (path.startsWith('/operations/')) return '/operations';
  return path.startsWith('/alerts/') ? path.slice(0, path.lastIndexOf('/')) : '/';
};

export const send = (reply: FastifyReply, page: Html): FastifyReply =>
  reply.type('text/html; charset=utf-8').send(page.text);

/** Query parameters as text; of a repeated one the last. Empty ones are absent. */
export const textQuery = (request: FastifyRequest): Record<string, string> =>
  Object.fromEntries(
    Object.entries(Query.parse(request.query))
      .map(([name, value]) => [name, Array.isArray(value) ? (value.at(-1) ?? '') : value] as const)
      .filter(([, value]) => value !== ''),
  );

const Query = z.record(z.string(), z.union([z.string(), z.array(z.string())]));
