import type { IntentFound, Sentiment } from '../../contracts/assessment.ts';
import { findIntents } from './intents.ts';
import { findLanguage } from './language.ts';
import { createGuess } from './misspelling.ts';
import { normaliseText } from './normalise-text.ts';
import { createPhraseFinder, type PhraseMatch } from './phrases.ts';
import { scoreSentiment, UNKNOWN } from './sentiment.ts';
import type { SentimentModel } from './sentiment-model.ts';
import { createTokeniser, type Tokens } from './tokenise.ts';
import type { Vocabulary } from './vocabulary.ts';

/** What one text says. */
export interface TextReading {
  readonly sentiment: Sentiment;
  /** Chance that a person would call the text negative, 0–1, where a fitted model gives one. */
  readonly negative?: number;
  readonly intents: readonly IntentFound[];
}

export type ReadText = (text: string, language?: string) => TextReading;

/** What the shipped layer makes of a text in its language, and the tokens it made that of. */
export interface LayerReading extends TextReading {
  /** Valid until the next text is read. */
  readonly tokens: Tokens;
}

/**
 * A reader for one lexicon, with a fitted model on top when there is one. Pure from outside: the same text always reads the same. Not for use from
 * several threads, as it reuses its buffers. Costs some microseconds for a tweet, linear in length.
 */
export function createTextReader(vocabulary: Vocabulary, model?: SentimentModel): ReadText {
  const readLayer = createLayerReader(vocabulary);
  return (text, language) => {
    const layer = readLayer(text, language);
    if (layer === undefined) return UNREAD;
    const { tokens, sentiment, intents } = layer;
    if (model === undefined) return { sentiment, intents };
    return { ...model.judge(tokens, sentiment, intents), intents };
  };
}

/** The shipped layer alone, with its tokens: what a model is fitted on. Nothing for a text in another language. */
export function createLayerReader(
  vocabulary: Vocabulary,
): (text: string, language?: string) => LayerReading | undefined {
  const tokenise = createTokeniser(vocabulary);
  const findPhrases = createPhraseFinder();
  const guess = createGuess(vocabulary);
  return (text, language) => {
    const tokens = tokenise(normaliseText(text));
    if (findLanguage(tokens, language) === 'other') return undefined;
    const moods = findPhrases(tokens, 'moodStarts');
    const shown = findPhrases(tokens, 'intentStarts');
    const sentiment = scoreSentiment(tokens, moods, cover(shown, moods), guess);
    return { tokens, sentiment, intents: findIntents(tokens, shown, sentiment) };
  };
}

const UNREAD: TextReading = { sentiment: UNKNOWN, intents: [] };

const NO_MATCHES: readonly PhraseMatch[] = [];

type Cover = readonly (PhraseMatch | undefined)[];

/**
 * By token, the phrase that speaks for it. What shows an intent goes before what only colours the mood, but for
 * praise, which is mood itself.
 */
function cover(shown: readonly PhraseMatch[], moods: readonly PhraseMatch[]): Cover {
  if (shown.length === 0 && moods.length === 0) return NO_MATCHES;
  const covered: (PhraseMatch | undefined)[] = [];
  for (const match of shown) if (!isPraise(match)) coverIfFree(covered, match);
  for (const match of moods) coverIfFree(covered, match);
  for (const match of shown) if (isPraise(match)) coverIfFree(covered, match);
  return covered;
}

const isPraise = ({ phrase }: PhraseMatch): boolean => phrase.intents[0] === 'praise';

/** A phrase takes its tokens when its ends are free. What has no effect of its own leaves them to others, but for guards of moods. */
function coverIfFree(covered: (PhraseMatch | undefined)[], match: PhraseMatch): void {
  const { effect, guard, intents, hides, sarcasm } = match.phrase;
  if (effect === 0 && !guard && (intents.length > 0 || hides.length > 0 || sarcasm)) return;
  if (covered[match.start] !== undefined || covered[match.end - 1] !== undefined) return;
  for (let token = match.start; token < match.end; token++) covered[token] = match;
}
