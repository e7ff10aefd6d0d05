import { z } from 'zod';
import { SEVERITIES, STAGES } from '../../contracts/alert-request.ts';
import type { ApiPart, Operation } from '../../platform/http/openapi.ts';
import { BODIES, VERBS } from '../domain/command.ts';
import * as answers from './answer-schemas.ts';

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

/** Longest Idempotency-Key. UUIDs have 36 characters; some clients use a path and a UUID. */
export const KEY_LENGTH = 200;
const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  description: `Your own name for this order, at most ${KEY_LENGTH} characters. Sent again, it is obeyed once.`,
  maxLength: KEY_LENGTH,
};

const verbOperations: readonly Operation[] = VERBS.map((verb) => ({
  id: `${verb}Alert`,
  method: 'post',
  path: `/v1/alerts/{id}/${verb}`,
  summary: verbSummaries[verb],
  body: BODIES[verb],
  headers: [IDEMPOTENCY_KEY],
  answers: {
    200: answers.AlertSummary,
    202: answers.Accepted,
    400: answers.Problem,
    403: answers.Problem,
    404: answers.Problem,
    409: answers.Problem,
    422: answers.Problem,
    503: answers.Problem,
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
    id: 'showCustomerRecorded',
    method: 'get',
    path: '/v1/customers/{id}/recorded',
    summary: 'What was recorded of a customer, to be judged again; of the assessments the latest fifty',
    answers: { 200: answers.CustomerRecorded },
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

/** Everything that the REST API of this service can be asked. */
export const LOOP_CLOSURE_API: ApiPart = { operations: OPERATIONS, schemas: Object.values(answers) };

export const API_INFO = {
  title: 'Tocsin',
  description:
    'Orders about alerts are obeyed once per `Idempotency-Key`. Without one, the same person ordering the same on ' +
    'the same state of an alert orders it once. Instants are RFC 3339 in UTC, lengths of time are ms. Errors are RFC 9457.',
} as const;
