import { ZodError } from 'zod';
import { StorageUnavailable } from '../../platform/event-log/event-log.ts';
import type { ProblemParts } from '../../platform/http/problem.ts';
import { BadCursor } from '../ports.ts';

/** Seconds after which a client should try again when the disk took no write: about one checkpoint. */
const RETRY_AFTER_SECONDS = 5;

interface ThrownProblem extends ProblemParts {
  readonly code: string;
  readonly title: string;
  readonly retryAfterSeconds?: number;
}

/** What a thrown error means to a client. Details of surprises go to the log, never to the client. */
export const problemOfError = (error: unknown): ThrownProblem => {
  if (error instanceof BadCursor) {
    return { status: 400, code: 'bad_cursor', title: 'Bad cursor', detail: error.message };
  }
  if (error instanceof StorageUnavailable) {
    const detail = 'The order was not stored: the disk takes no writes. Nothing was done; send it again.';
    const title = 'Storage unavailable';
    return { status: 503, code: error.reason, title, detail, retryAfterSeconds: RETRY_AFTER_SECONDS };
  }
  if (error instanceof ZodError) {
    const detail = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    return { status: 400, code: 'bad_request', title: 'Bad request', detail };
  }
  const refused = clientError(error);
  if (refused !== undefined) {
    return { status: refused.statusCode, code: 'bad_request', title: 'Bad request', detail: refused.message };
  }
  const detail = 'Something went wrong on our side; the log of the service says what.';
  return { status: 500, code: 'internal', title: 'Internal error', detail };
};

/** Fastify's own refusals: broken JSON, too large, wrong content type. */
const clientError = (error: unknown): { statusCode: number; message: string } | undefined => {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  const { statusCode, message } = error;
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode >= 500) return undefined;
  return { statusCode, message };
};
