import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Actor, AlertCommand } from '../../contracts/alert.ts';
import { CHANNELS } from '../../contracts/sources.ts';
import { DAY, HOUR, MINUTE } from '../../platform/time/clock.ts';

/** What a person wants done with an alert; wherever they say it, it becomes an `AlertCommand`. */
export type Verb = AlertCommand['type'];
export type Via = AlertCommand['via'];
export const VERBS = ['acknowledge', 'contact', 'snooze', 'reassign', 'close'] as const satisfies Verb[];

/** Longest note or reason that is taken. An agent's note is a few sentences; 2,000 characters are a page. */
const NOTE_LENGTH = 2000;
const note = z.string().trim().min(1).max(NOTE_LENGTH);
const word = z.string().trim().min(1).max(200);

const by = word
  .optional()
  .describe('Who acts: a user name or e-mail address. Default: the person that the request was made by.');

const snoozeUntil = z.union([
  z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
  z.number().int().describe('Epoch ms'),
]);

/**
 * The bodies of the five verbs, as the REST API takes them. Snake case is taken too. Unknown keys are errors:
 * a misspelt `root_cuase` must not close an alert without one.
 */
export const BODIES = {
  acknowledge: z.strictObject({ by }),
  contact: z.strictObject({
    by,
    channel: z.enum(CHANNELS).describe('How the customer was contacted.'),
    reached: z.boolean().describe('Whether the customer was spoken to. An attempt does not meet contact_by.'),
    note: note.optional(),
  }),
  snooze: z
    .strictObject({
      by,
      until: snoozeUntil
        .optional()
        .describe('When the alert wakes up: RFC 3339 with an offset, or epoch ms.'),
      for: z
        .string()
        .regex(/^\d{1,4}(m|h|d)$/, { message: 'expected minutes, hours or days such as 30m, 4h or 2d' })
        .optional()
        .describe('Instead of `until`: a time from now, for example 30m, 4h or 2d.'),
      reason: note.describe('Why the alert can wait.'),
    })
    .refine((body) => (body.until === undefined) !== (body.for === undefined), {
      message: 'give either `until` or `for`',
      path: ['until'],
    }),
  reassign: z.strictObject({
    by,
    to: z
      .string()
      .trim()
      .regex(/^(team|person)\/.{1,200}$/, { message: 'expected `team/<id>` or `person/<id>`' })
      .describe('`team/<id>` or `person/<id>`.'),
    reason: note.optional(),
  }),
  close: z.strictObject({
    by,
    outcome: word.describe("One of the rule's outcomes, for example saved."),
    rootCause: word.describe('What made the customer unhappy, in a word or two.'),
    note: note.optional(),
  }),
} as const;

/** An order whose fields are checked, not yet addressed to an alert. */
export type Order = { [V in Verb]: { readonly verb: V; readonly body: z.infer<(typeof BODIES)[V]> } }[Verb];

export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

export type ParsedOrder =
  | { readonly ok: true; readonly order: Order }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** Checks what a person sent for `verb`. An absent body is an empty one. */
export const parseOrder = (verb: Verb, body: unknown): ParsedOrder => {
  const parsed = BODIES[verb].safeParse(withoutAliases(body ?? {}));
  // The schema was chosen by the verb, so its result is the body of that verb; TypeScript cannot follow that.
  if (parsed.success) return { ok: true, order: { verb, body: parsed.data } as Order };
  return { ok: false, problems: parsed.error.issues.map(problemOf) };
};

/** The alert that an order is for, as the person saw it. */
export interface SeenAlert {
  readonly alertKey: string;
  readonly alertId: string;
  readonly seq: number;
}

export interface Ordering {
  readonly by: Actor;
  readonly via: Via;
  /** Epoch ms. */
  readonly at: number;
  /** What the client calls this order: an Idempotency-Key, a form's nonce, a Slack action id. */
  readonly clientId?: string;
}

/**
 * The order as a command. Its id is made from the client's own, if there is one; otherwise from what is ordered,
 * by whom, and the state of the alert that they saw: the same person ordering the same on the same state of an
 * alert orders it once, however often the button is pressed.
 */
export const commandOf = (order: Order, alert: SeenAlert, ordering: Ordering): AlertCommand => {
  const base = {
    id: commandId(order, alert, ordering),
    alertKey: alert.alertKey,
    alertId: alert.alertId,
    by: ordering.by,
    at: ordering.at,
    via: ordering.via,
  };
  switch (order.verb) {
    case 'acknowledge':
      return { ...base, type: 'acknowledge' };
    case 'contact':
      return { ...base, type: 'contact', ...contactParts(order.body) };
    case 'snooze':
      return {
        ...base,
        type: 'snooze',
        until: wakesAt(order.body, ordering.at),
        reason: order.body.reason,
      };
    case 'reassign':
      return { ...base, type: 'reassign', to: order.body.to, ...present('reason', order.body.reason) };
    case 'close': {
      const { outcome, rootCause } = order.body;
      return { ...base, type: 'close', outcome, rootCause, ...present('note', order.body.note) };
    }
  }
};

const contactParts = (body: z.infer<(typeof BODIES)['contact']>) => ({
  channel: body.channel,
  reached: body.reached,
  ...present('note', body.note),
});

/** The field when it has a value. `undefined` is not a JSON value and must not travel. */
const present = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  // The computed key is K and nothing else; TypeScript widens it to string.
  value === undefined ? {} : ({ [key]: value } as { [P in K]: V });

const UNIT_MS = { m: MINUTE, h: HOUR, d: DAY } as const;

const wakesAt = (body: z.infer<(typeof BODIES)['snooze']>, at: number): number => {
  if (body.until !== undefined) return body.until;
  const match = /^(\d+)([mhd])$/.exec(body.for ?? '');
  // The schema has made sure of one of the two; the letter is one of the three.
  const unit = match?.[2] as keyof typeof UNIT_MS | undefined;
  return unit === undefined ? at : at + Number(match?.[1]) * UNIT_MS[unit];
};

const commandId = (order: Order, alert: SeenAlert, { by, via, clientId }: Ordering): string => {
  const what =
    clientId === undefined
      ? JSON.stringify([alert.alertId, alert.seq, order.verb, by.id, order.body])
      : JSON.stringify([alert.alertId, order.verb, clientId]);
  return `${via}/${order.verb}/${createHash('sha256').update(what).digest('base64url').slice(0, 22)}`;
};

const ALIASES: Readonly<Record<string, string>> = { root_cause: 'rootCause' };

const withoutAliases = (body: unknown): unknown => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [ALIASES[key] ?? key, value]));
};

const problemOf = (issue: z.core.$ZodIssue): FieldProblem => ({
  field: issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : issue.path.join('.') || 'body',
  message: issue.message,
});
