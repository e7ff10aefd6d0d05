import type { FastifyReply } from 'fastify';
import { type ZodError, z } from 'zod';

/** What went wrong, as HTTP clients are told it (RFC 9457): `detail` is for people, `code` for programs and stays the same. */
export interface ProblemParts {
  readonly status: number;
  /** Default: the status says all that a program needs. */
  readonly code?: string;
  /** Default: the name of the status. */
  readonly title?: string;
  readonly detail: string;
  /** Further members, such as the fields that are wrong. */
  readonly [member: string]: unknown;
}

/** Answers with problem details. */
export const sendProblem = (
  reply: FastifyReply,
  { status, code, title = titleOf(status), detail, ...more }: ProblemParts,
): FastifyReply =>
  reply
    .code(status)
    .type('application/problem+json; charset=utf-8')
    .send({
      type: code === undefined ? 'about:blank' : `urn:tocsin:problem:${code}`,
      title,
      status,
      detail,
      ...more,
    });

/** Answers a body or a query that is not of the shape that was asked for. */
export const sendUnreadable = (reply: FastifyReply, error: ZodError): FastifyReply =>
  sendProblem(reply, { status: 400, detail: z.prettifyError(error) });

const TITLES: { readonly [status: number]: string } = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported media type',
  421: 'Misdirected request',
  422: 'Not valid',
  500: 'Internal error',
  503: 'Storage unavailable',
};
const titleOf = (status: number): string => TITLES[status] ?? 'Error';
