import { RE2JS } from 're2js';
import { LIMITS } from './limits.ts';

/** A regular expression of a rule, or in words why it is none. */
export type PatternRead =
  | { readonly ok: true; readonly test: (text: string) => boolean }
  | { readonly ok: false; readonly message: string };

/**
 * Compiles a regular expression with RE2, whose time is linear in the text: `^(a+)+$` cannot hang us.
 * Therefore it has no look-around and no back references. Letter case does not matter.
 */
export function readPattern(source: string): PatternRead {
  if (source.length > LIMITS.patternCharacters) {
    return {
      ok: false,
      message: `the expression has ${source.length} characters; at most ${LIMITS.patternCharacters} are allowed`,
    };
  }
  try {
    const pattern = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
    const test = (text: string) => pattern.matcher(text.slice(0, LIMITS.matchedCharacters)).find();
    return { ok: true, test };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      ok: false,
      message: `got "${source}", not a regular expression of RE2 (no look-around, no back references): ${why}`,
    };
  }
}
