import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { SOURCES, type Source } from '../../contracts/sources.ts';
import { StorageUnavailable } from '../../platform/event-log/event-log.ts';
import { holdsKey } from '../../platform/http/bearer-key.ts';
import { sendProblem } from '../../platform/http/problem.ts';
import type { Clock } from '../../platform/time/clock.ts';

import type { RecordProblem } from '../domain/parse-record.ts';
import type { Gateway } from '../gateway.ts';
import type { Access, Answer, AnswerStatus, IntakeMetrics } from '../ports.ts';
import { isOpen, signatureFault } from './access.ts';
import { type Entry, readBody } from './read-body.ts';

export interface GatewayRoutes {
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly metrics: IntakeMetrics;
  readonly access: Access;
}

/** Fits a thousand long complaints; what is larger belongs into several requests. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** A full disk or a busy lock is rarely gone sooner. */
const RETRY_AFTER_SECONDS = 5;
const JSON_TYPES = ['application/json'];
export const LINE_TYPES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];

/**
 * The HTTP side of ingestion: `POST /v1/<source>` and `POST /v1/identities/separate`.
 *
 * Statuses, bodies and headers are documented in `services/ingestion/README.md`. Everything that is refused
 * is answered as problem details (RFC 9457); no answer carries a stack trace. Parsers, hooks and the error
 * handler are scoped to these routes.
 */
export async function registerGateway(app: FastifyInstance, routes: GatewayRoutes): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      [...JSON_TYPES, ...LINE_TYPES],
      { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES },
      (_, body, done) => done(null, body),
    );
    scope.setErrorHandler((error: FastifyError, request, reply) =>
      answerError(error, request, reply, routes),
    );
    for (const source of SOURCES) {
      scope.post(
        `/v1/${source}`,
        { bodyLimit: MAX_BODY_BYTES, onRequest: guard(routes, 'ingest') },
        (request, reply) => takeRecords(source, request, reply, routes),
      );
    }
    scope.post('/v1/identities/separate', { onRequest: guard(routes, 'ops') }, (request, reply) =>
      separateIdentity(request, reply, routes),
    );
  });
}

/** Refuses a request without a good key before its body is read; a signature is checked with the body. */
function guard({ access, metrics }: GatewayRoutes, role: 'ingest' | 'ops') {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (isOpen(access)) return;
    const keys = role === 'ops' ? access.opsKeys : [...access.ingestKeys, ...access.opsKeys];
    if (holdsKey(request.headers.authorization, keys)) return;
    const signed = request.headers['x-tocsin-signature'] !== undefined && access.signingSecrets.length > 0;
    if (role === 'ingest' && signed && request.headers.authorization === undefined) return;
    countRejected(metrics, request, 'unauthorized');
    await unauthorized(
      reply,
      'an API key (Authorization: Bearer …) or a signature (X-Tocsin-Signature) is needed',
    );
  };
}

async function takeRecords(
  source: Source,
  request: FastifyRequest,
  reply: FastifyReply,
  { gateway, clock, metrics, access }: GatewayRoutes,
): Promise<FastifyReply> {
  const body = bodyOf(request);
  const signature = request.headers['x-tocsin-signature'];
  if (typeof signature === 'string' && access.signingSecrets.length > 0 && !request.headers.authorization) {
    const fault = signatureFault(signature, body, access.signingSecrets, clock.now());
    if (fault !== undefined) {
      metrics.rejected(source, 'unauthorized');
      return unauthorized(reply, fault);
    }
  }
  const encoding = encodingFault(request);
  if (encoding !== undefined)
    return problem(reply, 415, 'unsupported-encoding', 'Unsupported encoding', encoding);
  const key = request.headers['idempotency-key'];
  if (typeof key === 'string' && !IDEMPOTENCY_KEY.test(key)) {
    const detail = 'Idempotency-Key: expected 1 to 150 visible ASCII characters';
    return problem(reply, 400, 'bad-idempotency-key', 'Bad idempotency key', detail);
  }
  const read = readBody(body, isLines(request));
  if (!read.ok) {
    metrics.rejected(source, read.reason);
    const [status, type] = read.reason === 'too_large' ? [413, 'too-large'] : [400, 'unreadable-body'];
    return problem(reply, status ?? 400, type ?? '', 'The body cannot be read', read.detail);
  }
  const values = read.entries.flatMap((entry) => (entry.ok ? [entry.value] : []));
  const accepted = await gateway.accept(source, values, typeof key === 'string' ? key : undefined);
  const answers = weave(read.entries, accepted);
  for (const entry of read.entries) if (!entry.ok) metrics.rejected(source, 'not_json');
  const [first] = answers;
  return read.single && first !== undefined ? answerOne(reply, first) : answerMany(reply, answers);
}

/** Short enough to leave room for a position after it in a record id. */
export const MAX_IDEMPOTENCY_KEY = 150;
/** Visible ASCII. */
const IDEMPOTENCY_KEY = new RegExp(`^[\\x21-\\x7e]{1,${MAX_IDEMPOTENCY_KEY}}$`);

const bodyOf = (request: FastifyRequest): Buffer =>
  Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);

const isLines = (request: FastifyRequest): boolean => {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
  return LINE_TYPES.includes(type);
};

function encodingFault(request: FastifyRequest): string | undefined {
  const packed = request.headers['content-encoding'];
  if (packed !== undefined && packed !== 'identity') {
    return `Content-Encoding: got "${packed}", expected none; send the body uncompressed`;
  }
  const charset = /charset\s*=\s*"?([^\s";]+)/i.exec(request.headers['content-type'] ?? '')?.[1];
  if (charset === undefined || /^(utf-?8|us-ascii)$/i.test(charset)) return undefined;
  return `Content-Type: got charset "${charset}", expected utf-8`;
}

/** Puts the answers back to the entries' places. */
function weave(entries: readonly Entry[], accepted: readonly Answer[]): readonly Answer[] {
  const waiting = accepted[Symbol.iterator]();
  return entries.map((entry): Answer => {
    if (!entry.ok) return { status: 'rejected', problems: [lineProblem(entry.line, entry.detail)] };
    const next = waiting.next();
    if (next.done === true) throw new Error('the gateway answered fewer records than it was given');
    return next.value;
  });
}

const lineProblem = (line: number, detail: string): RecordProblem => ({
  field: '',
  reason: 'malformed',
  found: `line ${line}, ${detail}`,
  expected: 'one JSON object on each line',
});

function answerOne(reply: FastifyReply, answer: Answer): FastifyReply {
  switch (answer.status) {
    case 'accepted':
      return reply.code(202).send(answer);
    case 'repeated':
    case 'ignored':
      return reply.code(200).send(answer);
    case 'rejected':
      return answerRejected(reply, answer.problems);
  }
}

function answerRejected(reply: FastifyReply, problems: readonly RecordProblem[]): FastifyReply {
  const tooLong = problems.every((each) => each.reason === 'too_long');
  const detail = problems.map(inWords).join('; ');
  return tooLong
    ? problem(reply, 413, 'too-large', 'The record is too large', detail, { errors: problems })
    : problem(reply, 422, 'invalid-record', 'The record is not valid', detail, { errors: problems });
}

const inWords = ({ field, found, expected }: RecordProblem): string =>
  `${field === '' ? 'record' : field}: found ${found}, expected ${expected}`;

/**
 * Several records: 202 when something was stored, 200 when there was nothing new, 422 when all were refused.
 * The good ones are taken in every case, and each record has its own result.
 */
function answerMany(reply: FastifyReply, answers: readonly Answer[]): FastifyReply {
  const counts: Record<AnswerStatus, number> = { accepted: 0, repeated: 0, ignored: 0, rejected: 0 };
  for (const answer of answers) counts[answer.status]++;
  const results = answers.map((answer, index) =>
    answer.status === 'rejected'
      ? { index, status: answer.status, errors: answer.problems }
      : { index, ...answer },
  );
  if (counts.rejected === answers.length) {
    const detail = `none of the ${answers.length} records is valid; the first: ${inWordsOf(answers[0])}`;
    return problem(reply, 422, 'invalid-record', 'No record is valid', detail, { ...counts, results });
  }
  return reply.code(counts.accepted > 0 ? 202 : 200).send({ ...counts, results });
}

const inWordsOf = (answer: Answer | undefined): string =>
  answer?.status === 'rejected' ? answer.problems.map(inWords).join('; ') : '';

export const separateOrder = z.strictObject({
  identity: z.string().min(1).max(500),
  customerId: z.string().min(1).max(200),
  reason: z.string().trim().min(1).max(200),
  by: z.string().trim().min(1).max(200),
});

async function separateIdentity(
  request: FastifyRequest,
  reply: FastifyReply,
  { gateway }: GatewayRoutes,
): Promise<FastifyReply> {
  const read = readBody(bodyOf(request), false);
  if (!read.ok) return problem(reply, 400, 'unreadable-body', 'The body cannot be read', read.detail);
  const [entry] = read.entries;
  const order = separateOrder.safeParse(
    withCamelKey(entry?.ok === true && read.single ? entry.value : undefined),
  );
  if (!order.success) {
    const errors = order.error.issues.map((issue) => ({
      field: issue.path.join('.'),
      expected: issue.message,
    }));
    const detail = 'expected an object with identity, customerId, reason and by, all text';
    return problem(reply, 422, 'invalid-order', 'The order is not valid', detail, { errors });
  }
  const answer = await gateway.separate(order.data);
  return answer.status === 'rejected' ? answerRejected(reply, answer.problems) : reply.code(202).send(answer);
}

function withCamelKey(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('customer_id' in value)) return value;
  const { customer_id: customerId, ...rest } = value;
  return { customerId, ...rest };
}

/** What fastify or the store threw, in the words of an answer. Anything unforeseen is a plain 500. */
function answerError(
  error: FastifyError | StorageUnavailable,
  request: FastifyRequest,
  reply: FastifyReply,
  { metrics }: GatewayRoutes,
): FastifyReply {
  if (error instanceof StorageUnavailable) {
    request.log.error({ reason: error.reason }, 'storage unavailable');
    reply.header('retry-after', RETRY_AFTER_SECONDS);
    const detail = `nothing was stored (${error.reason}); send the same again in ${RETRY_AFTER_SECONDS} seconds`;
    return problem(reply, 503, 'storage-unavailable', 'The store takes nothing now', detail);
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    countRejected(metrics, request, 'too_large');
    const detail = `the body has more than ${MAX_BODY_BYTES} bytes; send several smaller requests`;
    return problem(reply, 413, 'too-large', 'The body is too large', detail);
  }
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const found = request.headers['content-type'] ?? 'none';
    const detail = `Content-Type: got ${JSON.stringify(found)}, expected application/json or application/x-ndjson`;
    return problem(reply, 415, 'unsupported-type', 'Unsupported content type', detail);
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return problem(reply, error.statusCode, 'bad-request', 'The request cannot be read', error.message);
  }
  request.log.error({ err: error }, 'gateway failed');
  return problem(
    reply,
    500,
    'internal',
    'Internal error',
    'nothing is known to be stored; sending again is safe',
  );
}

function countRejected(
  metrics: IntakeMetrics,
  request: FastifyRequest,
  reason: 'too_large' | 'unauthorized',
) {
  const source = SOURCES.find((each) => request.url.startsWith(`/v1/${each}`));
  if (source !== undefined) metrics.rejected(source, reason);
}

const unauthorized = (reply: FastifyReply, detail: string): FastifyReply =>
  problem(reply.header('www-authenticate', 'Bearer'), 401, 'unauthorized', 'Not allowed', detail);

function problem(
  reply: FastifyReply,
  status: number,
  code: string,
  title: string,
  detail: string,
  more: Readonly<Record<string, unknown>> = {},
): FastifyReply {
  return sendProblem(reply, { status, code, title, detail, ...more });
}
