import { z } from 'zod';
import type { Actor } from '../../contracts/alert.ts';
import { CHANNELS, type Channel } from '../../contracts/sources.ts';

/**
 * What somebody did with a button or form of a message, in Slack, in the sandbox or from a mail. `fields` are checked for
 * shape only; whether the alert may be closed so is for others to say.
 */
export type SlackAction = ActionBase &
  (
    | { readonly type: 'acknowledge'; readonly fields: Readonly<Record<never, never>> }
    | { readonly type: 'contact'; readonly fields: ContactFields }
    | { readonly type: 'snooze'; readonly fields: SnoozeFields }
    | { readonly type: 'close'; readonly fields: CloseFields }
  );

interface ActionBase {
  readonly alertKey: string;
  readonly alertId: string;
  readonly by: Actor;
  readonly via: 'slack' | 'email';
  /** Idempotency key: the same click, however often it is delivered. */
  readonly actionId: string;
}

export interface ContactFields {
  readonly channel: Channel;
  readonly reached: boolean;
  readonly note?: string;
}
export interface SnoozeFields {
  /** From now on: `30m`, `4h`, `2d`. */
  readonly for: string;
  readonly reason: string;
}
export interface CloseFields {
  readonly outcome: string;
  readonly rootCause: string;
  readonly note?: string;
}

export const ACTION_TYPES = ['acknowledge', 'contact', 'snooze', 'close'] as const;
export type ActionType = (typeof ACTION_TYPES)[number];

/** What buttons and links are called. */
export const ACTION_WORDS: { readonly [A in ActionType]: string } = {
  acknowledge: 'Acknowledge',
  contact: 'Log contact',
  snooze: 'Snooze',
  close: 'Close',
};

/** What is said when it is done, before the alert's label. */
export const ACTION_DONE: { readonly [A in ActionType]: string } = {
  acknowledge: 'Acknowledged',
  contact: 'Contact logged for',
  snooze: 'Snoozed',
  close: 'Closed',
};

/** `action_id` of the buttons. Others are of no interest to us: links, or somebody else's app. */
export const actionName = (type: ActionType): string => `tocsin.${type}`;
export const actionTypeOf = (actionId: string): ActionType | undefined =>
  ACTION_TYPES.find((type) => actionName(type) === actionId);

/** What a button carries: which alert it belongs to and what its form offers. Fits Slack's 2,000 characters. */
export interface ButtonValue {
  readonly alertKey: string;
  readonly alertId: string;
  readonly label: string;
  readonly outcomes: readonly string[];
  readonly answerOn: Channel;
}

const buttonValue = z.object({
  k: z.string().min(1),
  i: z.string().min(1),
  l: z.string(),
  o: z.array(z.string()),
  c: z.enum(CHANNELS),
});

export const writeButtonValue = (value: ButtonValue): string =>
  JSON.stringify({
    k: value.alertKey,
    i: value.alertId,
    l: value.label,
    o: value.outcomes,
    c: value.answerOn,
  });

export function readButtonValue(text: string): ButtonValue | undefined {
  const parsed = buttonValue.safeParse(jsonOf(text));
  if (!parsed.success) return undefined;
  const { k, i, l, o, c } = parsed.data;
  return { alertKey: k, alertId: i, label: l, outcomes: o, answerOn: c };
}

/** The fields of a submitted form, by name; or for each field that is wrong, what is wrong with it. */
export type FormResult =
  | { readonly ok: true; readonly action: SlackAction }
  | { readonly ok: false; readonly problems: Readonly<Record<string, string>> };

/** Reads what somebody entered, from Slack's modal, the sandbox's form or that of a mail: all name their fields alike. */
export function actionFrom(
  type: ActionType,
  alert: Pick<ButtonValue, 'alertKey' | 'alertId'>,
  click: Pick<ActionBase, 'by' | 'via' | 'actionId'>,
  entered: Readonly<Record<string, string | undefined>>,
): FormResult {
  const base = { alertKey: alert.alertKey, alertId: alert.alertId, ...click };
  const read = FORMS[type].safeParse(withoutBlanks(entered));
  if (!read.success) return { ok: false, problems: problemsOf(read.error) };
  // The schema of this type produced the fields, so the pair is one of the union's members.
  return { ok: true, action: { ...base, type, fields: read.data } as SlackAction };
}

/** A page of text; an agent's note is a few sentences. */
const LONGEST_NOTE = 2000;
const LONGEST_WORD = 200;
const note = z.string().trim().max(LONGEST_NOTE).optional();
const required = (what: string, longest = LONGEST_NOTE) =>
  z
    .string({ error: `${what} is missing` })
    .trim()
    .min(1, `${what} is missing`)
    .max(longest, `at most ${longest} characters`);

const FORMS = {
  acknowledge: z.object({}),
  contact: z.object({
    channel: z.enum(CHANNELS, { error: 'choose the channel' }),
    reached: z
      .enum(['yes', 'no'], { error: 'say whether you reached the customer' })
      .transform((answer) => answer === 'yes'),
    note,
  }),
  snooze: z.object({
    for: z.string({ error: 'choose how long' }).regex(/^\d{1,4}[mhd]$/, 'for example 30m, 4h or 2d'),
    reason: required('a reason'),
  }),
  close: z.object({
    outcome: required('the outcome', LONGEST_WORD),
    rootCause: required('the root cause', LONGEST_WORD),
    note,
  }),
} as const;

const withoutBlanks = (entered: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(entered).flatMap(([name, value]) =>
      value === undefined || value.trim() === '' ? [] : [[name, value]],
    ),
  );

const problemsOf = (error: z.ZodError): Record<string, string> =>
  Object.fromEntries(error.issues.map((issue) => [String(issue.path[0] ?? 'form'), issue.message]));

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not ours, then: the caller treats `undefined` as an unknown button.
    return undefined;
  }
}

/** Obeys an action, or says in words why not. Rejects when it could not be stored, so that it is sent again. */
export type HandleAction = (action: SlackAction) => Promise<ActionAnswer>;
/** `repeated`: it had been obeyed before, and nothing happened now. */
export type ActionAnswer =
  | { readonly ok: true; readonly repeated?: true }
  | { readonly ok: false; readonly message: string };
