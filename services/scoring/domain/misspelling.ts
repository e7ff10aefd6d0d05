import type { Vocabulary, Word } from './vocabulary.ts';

/** Effect from which on a word is worth guessing at. */
const STRONG = 2;
/** Shorter words have too many neighbours that mean something else: good and food. */
const MIN_LENGTH = 5;
/** Shorter texts than this often consist of the one word that is misspelt. */
export const SHORT_TEXT = 8;

/** Finds the strong word that an unknown one was meant to be: "excelent", "horible", "pathatic". */
export type Guess = (spelling: string) => Word | undefined;

/**
 * A guesser for one lexicon: one letter too few, too many, wrong, or two swapped, behind the same first letter.
 *
 * Knows each strong word by itself and with any one letter left out, so that a guess costs a few look-ups and no
 * comparison. Says nothing where the neighbours disagree about good and bad.
 */
export function createGuess(vocabulary: Vocabulary): Guess {
  const known = new Map<string, Word>();
  const disputed = new Set<string>();
  for (const [spelling, word] of vocabulary.words) {
    if (Math.abs(word.effect) < STRONG || spelling.length < MIN_LENGTH || !/^[a-z]+$/.test(spelling))
      continue;
    for (const form of [spelling, ...shortened(spelling)]) {
      const other = known.get(form);
      if (other !== undefined && other.effect * word.effect < 0) disputed.add(form);
      known.set(form, word);
    }
  }
  for (const form of disputed) known.delete(form);
  return (spelling) => {
    if (spelling.length < MIN_LENGTH) return undefined;
    const whole = known.get(spelling);
    if (whole !== undefined) return whole;
    for (const form of shortened(spelling)) {
      const word = known.get(form);
      if (word !== undefined) return word;
    }
    return undefined;
  };
}

/** The word without one of its letters, the first one kept. */
const shortened = (word: string): string[] =>
  Array.from({ length: word.length - 1 }, (_, index) => word.slice(0, index + 1) + word.slice(index + 2));
