import type { IntentFound, Sentiment } from '../../contracts/assessment.ts';
import type { PhraseMatch } from './phrases.ts';
import { wordsOf } from './sentiment.ts';
import type { Tokens } from './tokenise.ts';

/** Words before a phrase that may turn it: "I really do not want to cancel". */
const NEGATION_WINDOW = 4;
/** Evidence is shown to an agent: a phrase, not a letter. */
const MAX_EVIDENCE = 120;

/**
 * What the customer wants or threatens, each intent once, with the words that show it.
 *
 * A phrase that is negated ("I do not want to cancel") does not count. Inability does: who writes "I cannot
 * cancel" wants to. Praise in a text that reads negative is irony, or a courtesy before a "but".
 */
export function findIntents(
  tokens: Tokens,
  matches: readonly PhraseMatch[],
  sentiment: Sentiment,
): readonly IntentFound[] {
  let found: IntentFound[] | undefined;
  for (const match of matches) {
    for (const intent of match.phrase.intents) {
      if (intent === 'praise' && sentiment.label === 'negative') continue;
      if ((found !== undefined && isShown(found, intent)) || isNegated(tokens, match)) continue;
      found ??= [];
      found.push({ intent, evidence: evidenceOf(tokens, match) });
    }
  }
  return found ?? NONE;
}

const NONE: readonly IntentFound[] = [];

/** By hand: a closure for each phrase of each text is felt. */
function isShown(found: readonly IntentFound[], intent: IntentFound['intent']): boolean {
  for (const earlier of found) if (earlier.intent === intent) return true;
  return false;
}

function isNegated(tokens: Tokens, match: PhraseMatch): boolean {
  const clause = tokens.clauses[match.start];
  let negators = 0;
  for (let index = match.start - 1; index >= Math.max(0, match.start - NEGATION_WINDOW); index--) {
    if (tokens.clauses[index] !== clause) break;
    const word = tokens.words[index];
    if (word === undefined) continue;
    if (word.turn) break;
    if (word.negator && !INABILITY.has(word.text)) negators++;
  }
  return negators % 2 === 1;
}

/** Negators that speak of being kept from something. */
const INABILITY: ReadonlySet<string> = new Set([
  'cant',
  'cannot',
  'couldnt',
  'without',
  'unable',
  'wont',
  'no',
  'nobody',
  'none',
  'nothing',
]);

function evidenceOf(tokens: Tokens, match: PhraseMatch): string {
  const words = wordsOf(tokens, match.start, match.end).slice(0, MAX_EVIDENCE);
  return words.includes('\n') ? words.replaceAll('\n', ' ') : words;
}
