import { MOODS, type Mood } from './classification.ts';

export type LabelMap = (label: string) => Mood | undefined;

export type LabelMapResult =
  | { readonly ok: true; readonly value: LabelMap }
  | { readonly ok: false; readonly problem: string };

/**
 * Reads `--map 1=negative,2=negative,3=neutral,>3=positive`.
 *
 * Left of the sign stands a value of the label column in any case, `<number` or `>number`, or `*` for the
 * rest. The first entry that fits wins; a label that none fits has no mood. Without a map the
 * column must hold the moods themselves.
 */
export function parseLabelMap(text: string | undefined): LabelMapResult {
  const entries: { fits: (label: string) => boolean; mood: Mood }[] = [];
  for (const part of text === undefined ? MOODS.map((mood) => `${mood}=${mood}`) : text.split(',')) {
    const cut = part.lastIndexOf('=');
    const mood = MOODS.find((each) => each === part.slice(cut + 1).trim());
    if (cut < 1 || mood === undefined) {
      return { ok: false, problem: `got "${part}", expected value=${MOODS.join('|')}` };
    }
    entries.push({ fits: matcher(part.slice(0, cut).trim()), mood });
  }
  return { ok: true, value: (label) => entries.find((entry) => entry.fits(label.trim()))?.mood };
}

function matcher(pattern: string): (label: string) => boolean {
  if (pattern === '*') return () => true;
  const bound = /^([<>])\s*(-?\d+(?:\.\d+)?)$/.exec(pattern);
  if (bound === null) return (label) => label.toLowerCase() === pattern.toLowerCase();
  const limit = Number(bound[2]);
  const below = bound[1] === '<';
  return (label) => label !== '' && (below ? Number(label) < limit : Number(label) > limit);
}
