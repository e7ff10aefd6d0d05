import type { FastifyRequest } from 'fastify';

/**
 * Whether a request that changes something was made by our own page, or by no page at all (curl, a program).
 *
 * Browsers say where a request comes from and pages cannot lie about it: `Sec-Fetch-Site` in every current
 * browser, `Origin` on every POST in older ones. So another site cannot press our buttons on behalf of
 * whoever has it open.
 */
export const isSameOrigin = (request: Pick<FastifyRequest, 'headers'>): boolean => {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const { origin, host } = request.headers;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
};
