import { hash } from 'node:crypto';

/** Crockford's base 32: no I, L, O or U, so that a label can be read out on the phone. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * A short name for people, `T-7Q4MX`, always the same for the same alert id.
 *
 * One of 33 million: unique among the alerts that people talk about, not over all time. Never a key.
 */
export function labelOf(alertId: string): string {
  let bits = Number.parseInt(hash('sha256', alertId, 'hex').slice(0, 8), 16);
  let label = '';
  for (let place = 0; place < 5; place++) {
    label += ALPHABET[bits % 32];
    bits = Math.floor(bits / 32);
  }
  return `T-${label}`;
}

/** A number from 0 below `choices`, always the same for the same text, spread evenly over texts. */
export const spread = (text: string, choices: number): number =>
  Number.parseInt(hash('sha256', text, 'hex').slice(0, 8), 16) % choices;
