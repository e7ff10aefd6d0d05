import type { FastifyInstance } from 'fastify';

/** A note of 2,000 characters of up to four bytes, percent-encoded, beside the other fields. */
const LONGEST_FORM = 64 * 1024;
const FORM = 'application/x-www-form-urlencoded';

/** The scope takes what forms of pages send, as an object of texts. */
export function takeForms(scope: FastifyInstance): void {
  if (scope.hasContentTypeParser(FORM)) return;
  scope.addContentTypeParser(FORM, { parseAs: 'string', bodyLimit: LONGEST_FORM }, (_, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
}
