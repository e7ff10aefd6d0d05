import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Actor } from '../../contracts/alert.ts';

// Until access control knows who people are, they name themselves, and a cookie keeps the name.

/** A year: people keep their names. */
const COOKIE_SECONDS = 365 * 24 * 60 * 60;
const COOKIE = 'tocsin-person';

/** `POST /me` takes a name and leads back to the page that it came from. */
export const registerMe = (app: FastifyInstance): void => {
  app.post('/me', async (request, reply) => {
    const { person = '', back = '/' } = Form.parse(request.body ?? {});
    reply.header('set-cookie', cookieOf(person));
    return reply.redirect(isOwnPath(back) ? back : '/', 303);
  });
};

const cookieOf = (person: string): string =>
  `${COOKIE}=${encodeURIComponent(shortened(person).toWellFormed())}; Path=/; Max-Age=${COOKIE_SECONDS}; SameSite=Strict; HttpOnly`;

const shortened = (person: string): string => person.trim().slice(0, 200);

const Form = z.record(z.string(), z.string());

/** A path of this site: `//elsewhere` and `/\elsewhere` are other sites to a browser. */
const isOwnPath = (path: string): boolean => /^\/(?![/\\])[\x21-\x7e]*$/.test(path);

/** The name that this browser was given; nothing before that. It proves nothing: see the service's README. */
export const personOf = (request: FastifyRequest): string | undefined => {
  const cookie = (request.headers.cookie ?? '').split(/; */).find((part) => part.startsWith(`${COOKIE}=`));
  if (cookie === undefined) return undefined;
  const name = decoded(cookie.slice(COOKIE.length + 1)).trim();
  return name === '' ? undefined : name.slice(0, 200);
};

/** Who acts by a form: as they called themselves, there or before, or nobody in particular. */
export const actorOf = (request: FastifyRequest): Actor => ({
  kind: 'person',
  id: personOf(request) ?? saidInForm(request) ?? 'unnamed',
});

/** Somebody who has said their name in a form is not asked again. */
export const rememberPerson = (request: FastifyRequest, reply: FastifyReply): void => {
  const said = saidInForm(request);
  if (personOf(request) === undefined && said !== undefined) reply.header('set-cookie', cookieOf(said));
};

const saidInForm = (request: FastifyRequest): string | undefined => {
  const form = Form.safeParse(request.body);
  const name = form.success ? shortened(form.data.person ?? '') : '';
  return name === '' ? undefined : name;
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not ours: a cookie that we set decodes.
    return '';
  }
};
