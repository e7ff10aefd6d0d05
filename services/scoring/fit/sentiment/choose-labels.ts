/** Chances of the three moods for each text, `chances[text * 3 + mood]`. */
export type Chances = Float64Array;

/** Log odds added to a mood before the likeliest is taken. Negative stays where it is. */
export type LabelShift = readonly [negative: number, neutral: number, positive: number];

/** Steps are coarse on purpose: there is little to gain between them and much to overfit. */
const STEPS = [-0.4, -0.2, 0, 0.2, 0.4, 0.6, 0.8, 1];

/**
 * The shift with the best mean F1 over the moods. The likeliest mood favours the frequent one; whoever counts
 * moods wants each of them found.
 */
export function chooseShift(chances: Chances, truth: Uint8Array, rows: readonly number[]): LabelShift {
  let best: LabelShift = [0, 0, 0];
  let bestF1 = meanF1(chances, truth, rows, best);
  for (const neutral of STEPS) {
    for (const positive of STEPS) {
      const shift: LabelShift = [0, neutral, positive];
      const f1 = meanF1(chances, truth, rows, shift);
      if (f1 > bestF1) [best, bestF1] = [shift, f1];
    }
  }
  return best;
}

/** The mood that a shift chooses for a text, as a number. */
export function moodOf(chances: Chances, row: number, shift: LabelShift): number {
  let best = 0;
  let bestOdds = Number.NEGATIVE_INFINITY;
  for (let mood = 0; mood < 3; mood++) {
    const odds = Math.log(chances[row * 3 + mood] ?? 0) + (shift[mood] ?? 0);
    if (odds > bestOdds) [best, bestOdds] = [mood, odds];
  }
  return best;
}

function meanF1(chances: Chances, truth: Uint8Array, rows: readonly number[], shift: LabelShift): number {
  const found = [0, 0, 0];
  const there = [0, 0, 0];
  const both = [0, 0, 0];
  for (const row of rows) {
    const mood = moodOf(chances, row, shift);
    const right = truth[row] ?? 0;
    found[mood] = (found[mood] ?? 0) + 1;
    there[right] = (there[right] ?? 0) + 1;
    if (mood === right) both[mood] = (both[mood] ?? 0) + 1;
  }
  const f1 = (mood: number) => (2 * (both[mood] ?? 0)) / Math.max(1, (found[mood] ?? 0) + (there[mood] ?? 0));
  return (f1(0) + f1(1) + f1(2)) / 3;
}
