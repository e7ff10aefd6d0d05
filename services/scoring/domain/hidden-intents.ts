import type { Intent } from '../../contracts/assessment.ts';
import type { PhraseMatch } from './phrases.ts';

/**
 * The phrases that begin at one word, the longest first, each with what no longer one has spoken of: neither that the
 * words show an intent, nor that they do not.
 */
export function longestFirst(matches: PhraseMatch[]): PhraseMatch[] {
  if (matches.length < 2) return matches;
  const spoken: Intent[] = [];
  const telling: PhraseMatch[] = [];
  for (const match of matches.sort((one, other) => other.end - one.end)) {
    const { intents, hides } = match.phrase;
    const left = without(match, spoken);
    if (left !== undefined) telling.push(left);
    spoken.push(...intents, ...hides);
  }
  return telling;
}

/**
 * A guard hides what begins within it; and where it reaches beyond a phrase that began before it, it speaks for the
 * words that they share: "want to cancel" says nothing in "want to cancel my ticket".
 */
export function withoutHidden(matches: readonly PhraseMatch[]): readonly PhraseMatch[] {
  if (!hasGuard(matches)) return matches;
  const guards = matches.filter(({ phrase }) => phrase.hides.length > 0);
  const left: PhraseMatch[] = [];
  let first = 0;
  for (const match of matches) {
    while ((guards[first]?.end ?? Number.POSITIVE_INFINITY) <= match.start) first++;
    const shown = hideFrom(match, guards, first);
    if (shown !== undefined) left.push(shown);
  }
  return left;
}

function hasGuard(matches: readonly PhraseMatch[]): boolean {
  for (const { phrase } of matches) if (phrase.hides.length > 0) return true;
  return false;
}

function hideFrom(
  match: PhraseMatch,
  guards: readonly PhraseMatch[],
  first: number,
): PhraseMatch | undefined {
  let left: PhraseMatch | undefined = match;
  for (let index = first; index < guards.length && left !== undefined; index++) {
    const guard = guards[index];
    if (guard === undefined || guard.start >= match.end) break;
    if (speaksFor(guard, match)) left = withoutIntents(left, guard.phrase.hides);
  }
  return left;
}

function speaksFor(guard: PhraseMatch, match: PhraseMatch): boolean {
  if (match.start === guard.start) return match.end <= guard.end;
  if (match.start > guard.start) return match.start < guard.end;
  return match.end > guard.start && match.end <= guard.end;
}

function without(match: PhraseMatch, spoken: readonly Intent[]): PhraseMatch | undefined {
  const { phrase } = match;
  const hides = phrase.hides.filter((intent) => !spoken.includes(intent));
  const left = withoutIntents(match, spoken);
  if (hides.length === phrase.hides.length) return left;
  if (hides.length === 0 && phrase.intents.every((intent) => spoken.includes(intent))) return undefined;
  return { ...match, phrase: { ...phrase, ...left?.phrase, hides } };
}

/** Nothing, where nothing is left to say. */
function withoutIntents(match: PhraseMatch, hidden: readonly Intent[]): PhraseMatch | undefined {
  const { phrase } = match;
  if (!phrase.intents.some((intent) => hidden.includes(intent))) return match;
  const intents = phrase.intents.filter((intent) => !hidden.includes(intent));
  return intents.length === 0 && phrase.hides.length === 0
    ? undefined
    : { ...match, phrase: { ...phrase, intents } };
}
