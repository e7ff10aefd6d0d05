import { z } from 'zod';
import { SOURCES, type Source } from '../../contracts/sources.ts';
import type { ApiPart, Operation } from '../../platform/http/openapi.ts';
import { FIELD_FAULTS } from '../domain/field.ts';
import { IGNORE_REASONS } from '../domain/ignore.ts';
import { recordSchema } from '../domain/record-schema.ts';
import { ANSWER_STATUSES } from '../ports.ts';
import { LINE_TYPES, MAX_IDEMPOTENCY_KEY, separateOrder } from './gateway.fastify.ts';
import { MAX_BATCH } from './read-body.ts';

const problem = z.strictObject({
  field: z.string().describe('Empty: the record as a whole.'),
  reason: z.enum(FIELD_FAULTS),
  found: z.string(),
  expected: z.string(),
});
const taken = {
  id: z.string().optional(),
  reason: z.enum(IGNORE_REASONS).optional().describe('Why the record was ignored.'),
  warnings: z.array(problem).optional().describe('Identities that are not usable and were left aside.'),
};
const counts = { accepted: z.int(), repeated: z.int(), ignored: z.int(), rejected: z.int() };
const results = z
  .array(
    z.strictObject({
      index: z.int(),
      status: z.enum(ANSWER_STATUSES),
      ...taken,
      errors: z.array(problem).optional(),
    }),
  )
  .describe('One for each record, in order.');

export const RecordAnswer = z
  .union([
    z.strictObject({ status: z.enum(['accepted', 'repeated', 'ignored']), ...taken }),
    z.strictObject({ ...counts, results }),
  ])
  .describe('What became of the record, or of each of several.')
  .meta({ id: 'RecordAnswer' });

export const RecordProblem = z
  .strictObject({
    type: z.string().describe('`urn:tocsin:problem:<code>`: stays the same, for programs.'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What was found, and what is allowed.'),
    errors: z.array(problem.partial({ reason: true, found: true })).optional(),
    accepted: z.int().optional(),
    repeated: z.int().optional(),
    ignored: z.int().optional(),
    rejected: z.int().optional(),
    results: results.optional().describe('Where none of several records is valid.'),
  })
  .describe('RFC 9457.')
  .meta({ id: 'RecordProblem' });

const REFUSALS = {
  400: RecordProblem,
  401: RecordProblem,
  413: RecordProblem,
  415: RecordProblem,
  422: RecordProblem,
  503: RecordProblem,
};

const SUMMARIES: { readonly [S in Source]: string } = {
  'crm-records': 'What the CRM knows of customers, and what happened to them',
  complaints: 'Complaints, and that they were resolved',
  'call-notes': 'Notes on calls and other talks, in both directions',
  'social-posts': 'Posts in public',
};

/** `crm-records` → `CrmRecords`. */
const pascalCase = (name: string): string =>
  name.replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase());
const recordName = (source: Source): string => `${pascalCase(source)}Item`;

const posting = (source: Source): Operation => {
  const one = { $ref: `#/components/schemas/${recordName(source)}` };
  const lines = {
    type: 'string',
    description: `A ${recordName(source)} on each line, ${MAX_BATCH} at most.`,
  };
  return {
    id: `post${pascalCase(source)}`,
    method: 'post',
    path: `/v1/${source}`,
    summary: `${SUMMARIES[source]}: one record, an array, or NDJSON. 202: something was stored; 200: nothing was new`,
    bodies: {
      'application/json': { anyOf: [one, { type: 'array', items: one, minItems: 1, maxItems: MAX_BATCH }] },
      ...Object.fromEntries(LINE_TYPES.map((type) => [type, lines])),
    },
    headers: [
      {
        name: 'Idempotency-Key',
        description: 'Stands in for the id of a record that has none of its own.',
        maxLength: MAX_IDEMPOTENCY_KEY,
      },
      {
        name: 'X-Tocsin-Signature',
        description:
          't=<unix seconds>,v1=<HMAC-SHA256 of "<t>.<body>" in hex>, with a secret of TOCSIN_INGEST_SECRETS.',
        maxLength: 82,
      },
    ],
    key: 'ingest',
    answers: { 200: RecordAnswer, 202: RecordAnswer, ...REFUSALS },
  };
};

/** What the gateway can be asked. */
export const INGESTION_API: ApiPart = {
  operations: [
    ...SOURCES.map(posting),
    {
      id: 'separateIdentity',
      method: 'post',
      path: '/v1/identities/separate',
      summary: 'Undo that an identity was joined to a customer',
      body: separateOrder,
      key: 'ops',
      answers: { 202: RecordAnswer, ...REFUSALS },
    },
  ],
  schemas: [RecordAnswer, RecordProblem],
  records: Object.fromEntries(SOURCES.map((source) => [recordName(source), recordSchema(source)])),
};
