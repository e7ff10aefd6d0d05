/**
 * Three-valued logic. Missing data is unknown, and unknown stays unknown through `not`, `ne` and `not_in`,
 * so that nobody is alerted because a field happened to be empty. Numbers, because this runs for every
 * condition of every rule that listens to a signal.
 */
export type Truth = 0 | 1 | 2;
export const FALSE = 0;
export const TRUE = 1;
export const UNKNOWN = 2;

export const TRUTH_WORDS = ['false', 'true', 'unknown'] as const satisfies readonly string[];

export const not = (truth: Truth): Truth => (truth === UNKNOWN ? UNKNOWN : truth === TRUE ? FALSE : TRUE);
export const truthOf = (holds: boolean): Truth => (holds ? TRUE : FALSE);
