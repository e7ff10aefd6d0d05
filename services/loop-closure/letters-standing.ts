import type { DeadLetters } from '../platform/database/dead-letters.ts';
import type { LettersStanding } from './domain/operations.ts';

/** Letters of each kind that a page shows; more is for a shell. */
const SHOWN_LETTERS = 50;
const SHOWN_SETTLED = 20;

/** How the dead letters stand, on one machine or many. */
export const lettersStanding = async (
  letters: Pick<DeadLetters, 'counts' | 'list' | 'settled'>,
): Promise<LettersStanding> => ({
  counts: await letters.counts(),
  waiting: [
    ...(await letters.list('parked', SHOWN_LETTERS)),
    ...(await letters.list('retrying', SHOWN_LETTERS)),
  ],
  settled: await letters.settled(SHOWN_SETTLED),
});
