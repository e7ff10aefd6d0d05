import type { IntentFound, Sentiment } from '../../contracts/assessment.ts';
import { INTENTS } from '../../contracts/assessment.ts';
import type { Tokens } from './tokenise.ts';

/*
 * What a fitted sentiment model looks at: the terms of a text, and what the shipped layer found in it.
 * Fitting and reading use the same definitions, which is why they stand here together.
 */

/** Letters of a stem: "delay*" stands for delay, delayed, delays, delaying. */
export const STEM_LENGTH = 5;
/** Between the two words of a pair with a gap, "not ~ happy": any one word. */
export const GAP = ' ~ ';

/** How token `index` is spelt in a model: as the lexicon spells it, or else as the customer did, in small letters. */
export function spellingOf(tokens: Tokens, index: number): string {
  const word = tokens.words[index];
  return word?.text ?? tokens.folded.slice(tokens.starts[index] ?? 0, tokens.ends[index] ?? 0);
}

/** Longer words have a stem; what stands in brackets, as `<number>`, is no word. */
export const hasStem = (spelling: string): boolean =>
  spelling.length > STEM_LENGTH && !spelling.startsWith('<');

/** The distinct terms of a text: words, stems, and pairs of words of one sentence, side by side or one apart. */
export function termsOf(tokens: Tokens): ReadonlySet<string> {
  const terms = new Set<string>();
  let before = '';
  let beforeThat = '';
  for (let index = 0; index < tokens.count; index++) {
    const spelling = spellingOf(tokens, index);
    const sentence = tokens.sentences[index];
    terms.add(spelling);
    if (hasStem(spelling)) terms.add(`${spelling.slice(0, STEM_LENGTH)}*`);
    if (index >= 1 && tokens.sentences[index - 1] === sentence) terms.add(`${before} ${spelling}`);
    if (index >= 2 && tokens.sentences[index - 2] === sentence) terms.add(`${beforeThat}${GAP}${spelling}`);
    beforeThat = before;
    before = spelling;
  }
  return terms;
}

/** What the layer says of a text, as a model sees it: mood, form and intents. */
export const CUES = [
  'layer_negative',
  'layer_positive',
  'layer_silent',
  'worst_word',
  'best_word',
  'questions',
  'short_question',
  'exclamations',
  'shouted',
  'length',
  ...INTENTS.map((intent) => `intent_${intent}` as const),
] as const;

/** Places in `CUES` of what comes from words with an effect; their share is shown at those words. */
export const BAD_WORD_CUES: readonly number[] = [CUES.indexOf('layer_negative'), CUES.indexOf('worst_word')];
export const GOOD_WORD_CUES: readonly number[] = [CUES.indexOf('layer_positive'), CUES.indexOf('best_word')];

const FIRST_INTENT = CUES.length - INTENTS.length;
/** Above this a question or a cry more says nothing more. */
const MAX_QUESTIONS = 2;
const MAX_CRIES = 3;
const SHORT = 12;

/** Writes the cues of a text to `into`, in the order of `CUES`. All lie between 0 and about 2. */
export function readCues(
  tokens: Tokens,
  sentiment: Sentiment,
  intents: readonly IntentFound[],
  into: Float64Array,
): void {
  const score = sentiment.score ?? 0;
  let worst = 0;
  let best = 0;
  for (const { effect } of sentiment.words) {
    if (effect < worst) worst = effect;
    if (effect > best) best = effect;
  }
  const { asked, cried, shouted } = formOf(tokens);
  into.fill(0);
  into[0] = Math.max(0, -score);
  into[1] = Math.max(0, score);
  into[2] = score === 0 ? 1 : 0;
  into[3] = -worst;
  into[4] = best;
  into[5] = Math.min(asked, MAX_QUESTIONS);
  into[6] = asked > 0 && tokens.count < SHORT ? 1 : 0;
  into[7] = Math.min(cried, MAX_CRIES) / MAX_CRIES;
  into[8] = Math.min(shouted, MAX_CRIES) / MAX_CRIES;
  into[9] = Math.log(1 + tokens.count) / 4;
  for (const { intent } of intents) into[FIRST_INTENT + INTENTS.indexOf(intent)] = 1;
}

function formOf(tokens: Tokens) {
  let asked = 0;
  let cried = 0;
  let shouted = 0;
  const sentences = tokens.count === 0 ? 0 : (tokens.sentences[tokens.count - 1] ?? 0) + 1;
  for (let sentence = 0; sentence < sentences; sentence++) {
    asked += tokens.asked[sentence] ?? 0;
    cried += tokens.exclamations[sentence] ?? 0;
  }
  for (let index = 0; index < tokens.count; index++) if (tokens.flags[index] !== 0) shouted++;
  return { asked, cried, shouted };
}
