/**
 * A hint for a misspelt word: `; did you mean "customer_id"?`, or the allowed words when none is near.
 * Empty when nothing is allowed at all.
 */
export function didYouMean(word: string, allowed: readonly string[]): string {
  const nearest = nearestWord(word, allowed);
  if (nearest !== undefined) return `; did you mean "${nearest}"?`;
  if (allowed.length === 0) return '';
  const shown = allowed.slice(0, MAX_SHOWN).join(', ');
  return `; allowed: ${shown}${allowed.length > MAX_SHOWN ? ' …' : ''}`;
}

/** More would hide the message itself. */
const MAX_SHOWN = 24;

/** The allowed word within a third of the word's length in edits, if there is one. */
export function nearestWord(word: string, allowed: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3));
  let best: { word: string; edits: number } | undefined;
  for (const candidate of allowed) {
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase(), limit);
    if (edits <= limit && (best === undefined || edits < best.edits)) best = { word: candidate, edits };
  }
  return best?.word;
}

/** Optimal string alignment distance: insert, delete, replace, and swap of neighbours count one each. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let edits = Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits = Math.min(edits, (before[j - 2] ?? 0) + 1);
      }
      current.push(edits);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length] ?? limit + 1;
}
