import type { DeadLetter } from '../../contracts/dead-letter.ts';

export const DEAD_LETTER_STATUSES = ['parked', 'retrying', 'retried', 'dropped'] as const;
export type DeadLetterStatus = (typeof DEAD_LETTER_STATUSES)[number];

export interface ParkedLetter extends DeadLetter {
  readonly status: DeadLetterStatus;
  readonly attempts: number;
}

/** What operators do with the records that could not be processed. */
export interface DeadLetters {
  /** Oldest first. */
  list(status: DeadLetterStatus | undefined, limit: number): Promise<readonly ParkedLetter[]>;
  find(id: string): Promise<ParkedLetter | undefined>;
  /**
   * Hands it to its process again, with `payload` in place of what was parked when given. False: not parked.
   * Rejects with `SyntaxError` when `payload` is not JSON: it could never be handed over.
   */
  retry(id: string, payload?: string): Promise<boolean>;
  /** Gives it up; it stays on record as dropped. False: not parked. */
  drop(id: string): Promise<boolean>;
  counts(): Promise<Readonly<Record<DeadLetterStatus, number>>>;
}

/** A status as it was stored. Throws for one that this version does not know. */
export function toStatus(text: unknown): DeadLetterStatus {
  const status = DEAD_LETTER_STATUSES.find((known) => known === text);
  if (status === undefined) throw new Error(`a dead letter has the unknown status ${String(text)}`);
  return status;
}
