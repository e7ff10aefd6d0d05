/** Why something could not be processed. */
export const DEAD_LETTER_REASONS = [
  'not_decodable',
  'invalid_record',
  'no_identity',
  'handler_error',
] as const;
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number];

/** A record that a keyed process could not handle, kept whole so that it can be repaired and retried. */
export interface DeadLetter {
  /** `<process>/<topic>/<partition>/<offset>/<n>`: the same failure is recorded once. */
  readonly id: string;
  readonly process: string;
  readonly topic: string;
  readonly key: string;
  readonly partition: number;
  readonly offset: number;
  readonly reason: DeadLetterReason;
  /** What went wrong, in words; never customer text. */
  readonly detail: string;
  readonly at: number;
  /** The value as JSON text. */
  readonly payload: string;
}
