import { TOPICS, type Topic } from '../../contracts/topics.ts';
import type { CustomerState } from '../../scoring/domain/profile.ts';
import { toldState } from '../../scoring/domain/told-state.ts';
import { type CustomerNames, isKeyOf, recordWithout, withoutCustomer } from './speaks-of.ts';

/** One stored thing that is about a customer. */
export interface CustomerItem {
  /** The topic of the log, or the table. */
  readonly where: string;
  readonly key: string;
  /** When it was stored, epoch ms, where that is known. */
  readonly at?: number;
  readonly value: unknown;
}

/** What was taken out, by topic and table. `changed`: it stays, without what was about the customer. */
export type Forgotten = Readonly<Record<string, { readonly removed: number; readonly changed: number }>>;

/** Adds up what was taken out. */
export class Tally {
  readonly #counted = new Map<string, { removed: number; changed: number }>();

  add(where: string, what: 'removed' | 'changed', n = 1): void {
    if (n === 0) return;
    const entry = this.#counted.get(where) ?? { removed: 0, changed: 0 };
    this.#counted.set(where, { ...entry, [what]: entry[what] + n });
  }

  all(): Forgotten {
    return Object.fromEntries(this.#counted);
  }
}

/** A table in which a row is about one customer or about none; `key` is what it is found by, beside its body. */
export interface TablePlace {
  readonly table: string;
  /** Column that names a row. */
  readonly id: string;
  readonly key?: string;
}

/** The tables that both ways to run have. */
export const TABLES = [
  { table: 'loop_alert', id: 'alert_id', key: 'alert_key' },
  { table: 'loop_audit', id: 'position', key: 'alert_key' },
  { table: 'loop_held', id: 'event_id' },
  { table: 'loop_delivery', id: 'outcome_id', key: 'alert_key' },
  { table: 'loop_standing', id: 'customer_id', key: 'customer_id' },
  { table: 'effect', id: 'id' },
  { table: 'dead_letter', id: 'id', key: 'key' },
] as const satisfies readonly TablePlace[];

/** Columns that hold JSON. */
const JSON_COLUMNS = ['body', 'payload', 'content'];

export type RowValues = Readonly<Record<string, unknown>>;

/** A row with what its columns of JSON say. */
export function withJson(row: RowValues): RowValues {
  const values: Record<string, unknown> = { ...row };
  for (const column of JSON_COLUMNS) {
    const text = row[column];
    if (typeof text === 'string') values[column] = parsed(text);
  }
  return values;
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // A dead letter keeps what could not be decoded as it came.
    return text;
  }
};

/** Whether a row, read by `withJson`, is about the customer. */
export const isRowAbout = ({ table, key }: TablePlace, values: RowValues, names: CustomerNames): boolean =>
  (key !== undefined && isKeyOf(String(values[key]), names)) ||
  (typeof values.subject === 'string' && names.subjects.has(values.subject)) ||
  (table === 'dead_letter' && isRecordOf(String(values.topic), values.payload, names)) ||
  withoutCustomer(values.body ?? values.payload ?? {}, names).gone;

const isRecordOf = (topic: string, payload: unknown, names: CustomerNames): boolean =>
  topic in TOPICS && recordWithout({ topic: topic as Topic, key: '', value: payload }, names).gone;

/** The customer who owns an identity, by its stored state. */
export function ownerIn(body: RowValues): unknown {
  // The slot of the process that knows whose an identity is.
  const slot = body.identity as { readonly owner?: { readonly customerId?: string } } | undefined;
  return slot?.owner?.customerId;
}

/** A state as it is shown to the customer: what scoring has packed is told in words. */
export function stateTold(body: RowValues): RowValues {
  if (body.scoring === undefined) return body;
  // The slot of the process of that name, which alone writes it.
  return { ...body, scoring: toldState(body.scoring as CustomerState) };
}

/** The column is only ever written as a JSON object. */
export const stateBody = (text: unknown): RowValues => JSON.parse(String(text)) as RowValues;
