import { z } from 'zod';
import { SEVERITIES, STAGES } from '../../contracts/alert-request.ts';
import { BODIES, VERBS } from '../domain/command.ts';
import * as answers from './answer-schemas.ts';

/** One operation of the REST API. The routes and the OpenAPI document are both made from this. */
export interface Operation {
  readonly id: string;
  readonly method: 'get' | 'post';
  /** With `{name}` for what varies. */
  readonly path: string;
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly answers: Readonly<Record<number, z.ZodType>>;
}

const instant = z.iso.datetime({ offset: true }).describe('RFC 3339 with an offset.');
const limit = z.coerce.number().int().min(1).max(200).default(50);
const cursor = z.string().max(1000).optional().describe('`next` of the page before.');

export const AlertsQuery = z.strictObject({
  status: z.enum(['open', 'acknowledged', 'snoozed', 'closed', 'unfinished']).optional(),
  team: z.string().optional(),
  owner: z.string().optional().describe('Id of the person who owns it.'),
  severity: z.enum(SEVERITIES).optional(),
  rule: z.string().optional(),
  customer: z.string().optional(),
  overdue: z.enum(['true', 'false']).optional().describe('`true`: only alerts with a missed deadline.'),
  stage: z.enum(STAGES).optional().describe('Default: live and canary.'),
  limit,
  cursor,
});
export const KpisQuery = z.strictObject({
  from: instant.optional().describe('Opened at or after. Default: 30 days before `to`.'),
  to: instant.optional().describe('Opened before. Default: now.'),
});
export const AuditQuery = z.strictObject({
  alert: z.string().optional().describe('An alert key.'),
  actor: z.string().optional().describe('Who acted. Ignored where `alert` is given.'),
  limit,
  cursor,
});
export const HoldsQuery = z.strictObject({
  customer: z.string().optional().describe('Only the loops of this customer.'),
  limit,
  cursor,
});
export const HeldQuery = z.strictObject({ limit, cursor });

const verbSummaries: Readonly<Record<(typeof VERBS)[number], string>> = {
  acknowledge: 'Somebody has it: stops the reminders to acknowledge',
  contact: 'Record that the customer was contacted, or that it was tried',
  snooze: 'Let the alert rest until a moment, with a reason',
  reassign: 'Hand the alert to another person or team',
  close: 'Close the loop with an outcome and a root cause',
};

const verbOperations: readonly Operation[] = VERBS.map((verb) => ({
  id: `${verb}Alert`,
  method: 'post',
  path: `/v1/alerts/{id}/${verb}`,
  summary: verbSummaries[verb],
  body: BODIES[verb],
  answers: {
    200: answers.AlertSummary,
    202: answers.Accepted,
    404: answers.Problem,
    409: answers.Problem,
    422: answers.Problem,
  },
}));

export const OPERATIONS: readonly Operation[] = [
  {
    id: 'listAlerts',
    method: 'get',
    path: '/v1/alerts',
    summary:
      'Alerts; unfinished ones by deadline, the most pressing first, all others by opening, newest first',
    query: AlertsQuery,
    answers: { 200: answers.AlertList, 400: answers.Problem },
  },
  {
    id: 'showAlert',
    method: 'get',
    path: '/v1/alerts/{id}',
    summary: 'One alert with its evidence, its history and the whole story of its customer',
    answers: { 200: answers.AlertDetail, 404: answers.Problem, 409: answers.Problem },
  },
  ...verbOperations,
  {
    id: 'showCustomer',
    method: 'get',
    path: '/v1/customers/{id}',
    summary: 'A customer: profile, risk, alerts and the whole story',
    answers: { 200: answers.Customer, 404: answers.Problem },
  },
  {
    id: 'showKpis',
    method: 'get',
    path: '/v1/kpis',
    summary: 'How well loops were closed, of the alerts opened in a span',
    query: KpisQuery,
    answers: { 200: answers.KpiReport, 400: answers.Problem },
  },
  {
    id: 'listAudit',
    method: 'get',
    path: '/v1/audit',
    summary: 'Everything that happened to alerts, newest first; never changed afterwards',
    query: AuditQuery,
    answers: { 200: answers.AuditList, 400: answers.Problem },
  },
  {
    id: 'listHeld',
    method: 'get',
    path: '/v1/held',
    summary: 'Matches that told nobody, and why, newest first',
    query: HeldQuery,
    answers: { 200: answers.HeldList, 400: answers.Problem },
  },
  {
    id: 'listContactHolds',
    method: 'get',
    path: '/v1/contact-holds',
    summary:
      'Whom surveys and marketing must leave alone: one line for each open loop. A customer without a line is free',
    query: HoldsQuery,
    answers: { 200: answers.HoldList, 400: answers.Problem },
  },
  {
    id: 'showLedger',
    method: 'get',
    path: '/v1/ledger',
    summary: 'Every input accounted for, per stage',
    answers: { 200: answers.Ledger },
  },
];

/** The OpenAPI 3.1 document of these operations. */
export const openApiDocument = (version: string): object => ({
  openapi: '3.1.0',
  info: {
    title: 'Tocsin: alerts and closed loops',
    version,
    description:
      'Orders (POST) are obeyed once per `Idempotency-Key`. Without one, the same person ordering the same on ' +
      'the same state of an alert orders it once. Instants are RFC 3339 in UTC, lengths of time are ms. Errors are RFC 9457.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  paths: pathsOf(OPERATIONS),
  components: { schemas: componentSchemas() },
});

const ANSWER_WORDS: Readonly<Record<number, string>> = {
  200: 'Done',
  202: 'Stored; its effect is not seen yet',
  400: 'The request cannot be read',
  404: 'There is no such thing',
  409: 'Refused in the present state of the alert, or the name means several alerts',
  422: 'A field is missing or wrong',
};

const pathsOf = (operations: readonly Operation[]): Record<string, Record<string, object>> => {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) };
  }
  return paths;
};

const describe = (operation: Operation): object => ({
  operationId: operation.id,
  summary: operation.summary,
  parameters: [...pathParameters(operation), ...queryParameters(operation), ...headers(operation)],
  ...(operation.body === undefined
    ? {}
    : {
        requestBody: {
          required: false,
          content: { 'application/json': { schema: inputSchema(operation.body) } },
        },
      }),
  responses: Object.fromEntries(
    Object.entries(operation.answers).map(([status, schema]) => [
      status,
      {
        description: ANSWER_WORDS[Number(status)] ?? status,
        content: {
          [schema === answers.Problem ? 'application/problem+json' : 'application/json']: {
            schema: refTo(schema),
          },
        },
      },
    ]),
  ),
});

const ID_WORDS = 'Alert id, label (T-7Q4MX) or alert key; or a customer id. Percent-encoded.';

const pathParameters = ({ path }: Operation): readonly object[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    description: ID_WORDS,
    schema: { type: 'string' },
  }));

const queryParameters = ({ query }: Operation): readonly object[] =>
  Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    schema: inputSchema(schema as z.ZodType),
  }));

const headers = ({ method }: Operation): readonly object[] =>
  method === 'get'
    ? []
    : [
        {
          name: 'Idempotency-Key',
          in: 'header',
          required: false,
          description: 'Your own name for this order, at most 200 characters. Sent again, it is obeyed once.',
          schema: { type: 'string', maxLength: 200 },
        },
      ];

/** As the client writes it: before defaults and conversions. */
const inputSchema = (schema: z.ZodType): object => withoutDialect(z.toJSONSchema(schema, { io: 'input' }));

const refTo = (schema: z.ZodType): object => ({ $ref: `#/components/schemas/${schema.meta()?.id ?? ''}` });

const componentSchemas = (): Record<string, object> => {
  const registry = z.registry<{ id: string }>();
  for (const schema of Object.values(answers)) {
    const id = schema.meta()?.id;
    if (id !== undefined) registry.add(schema, { id });
  }
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withoutDialect(schema)]));
};

/** OpenAPI 3.1 has JSON Schema 2020-12 as its dialect, so saying it in each schema is noise. */
const withoutDialect = ({ $schema, $id, id, ...schema }: z.core.JSONSchema.BaseSchema): object => schema;
