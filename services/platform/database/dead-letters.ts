import type { DeadLetter, DeadLetterReason } from '../../contracts/dead-letter.ts';

export const DEAD_LETTER_STATUSES = ['parked', 'retrying', 'retried', 'dropped'] as const;
export type DeadLetterStatus = (typeof DEAD_LETTER_STATUSES)[number];

/** What somebody decided about a dead letter, and why. */
export interface LetterDecision {
  readonly by: string;
  readonly why?: string | undefined;
  readonly at: number;
}

export interface ParkedLetter extends DeadLetter {
  readonly status: DeadLetterStatus;
  readonly attempts: number;
  /** The latest one: a letter that was retried and failed again is parked, and still says who retried it. */
  readonly decision?: LetterDecision;
}

/** Which parked letters are meant: all that are named must fit. */
export interface LetterFilter {
  readonly process?: string | undefined;
  readonly reason?: DeadLetterReason | undefined;
}

/** What operators do with the records that could not be processed. */
export interface DeadLetters {
  /** Oldest first. */
  list(status: DeadLetterStatus | undefined, limit: number): Promise<readonly ParkedLetter[]>;
  /** Those that were retried or given up, the latest decision first. */
  settled(limit: number): Promise<readonly ParkedLetter[]>;
  find(id: string): Promise<ParkedLetter | undefined>;
  /**
   * Hands it to its process again, with `payload` in place of what was parked when given, and keeps who decided it. False:
   * not parked.
   * Rejects with `SyntaxError` when `payload` is not JSON: it could never be handed over.
   */
  retry(id: string, decision: LetterDecision, payload?: string): Promise<boolean>;
  /** Hands all parked ones that fit to their processes again. Answers how many. */
  retryAll(filter: LetterFilter, decision: LetterDecision): Promise<number>;
  /** Gives it up; it stays on record as dropped, with who decided it, until the retention ends. False: not parked. */
  drop(id: string, decision: LetterDecision): Promise<boolean>;
  /** Gives all parked ones up that fit. Answers how many. */
  dropAll(filter: LetterFilter, decision: LetterDecision): Promise<number>;
  counts(): Promise<Readonly<Record<DeadLetterStatus, number>>>;
}

/** A status as it was stored. Throws for one that this version does not know. */
export function toStatus(text: unknown): DeadLetterStatus {
  const status = DEAD_LETTER_STATUSES.find((known) => known === text);
  if (status === undefined) throw new Error(`a dead letter has the unknown status ${String(text)}`);
  return status;
}

/** The decision of a stored row; nothing where nobody has decided. */
export function toDecision(
  row: Readonly<Record<string, unknown>>,
  text: (stored: string) => string = String,
): { readonly decision?: LetterDecision } {
  if (row.decided_at === null || row.decided_at === undefined) return {};
  const why = row.decided_why === null ? {} : { why: text(String(row.decided_why)) };
  return { decision: { by: text(String(row.decided_by)), ...why, at: Number(row.decided_at) } };
}
