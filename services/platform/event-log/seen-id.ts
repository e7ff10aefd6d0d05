import { hash } from 'node:crypto';

/** Longer ids are kept as their hash. Usual ones (UUIDs, numbers, message ids) are shorter. */
const LONGEST_PLAIN = 64;

/**
 * The form in which the log remembers an id.
 *
 * Plain where possible, not hashed: most sources count their ids up, and neighbours then share a page of the
 * table, where hashes would dirty a page each. Text that is not well formed would lose what tells it from
 * others when it is stored, so it is hashed, too.
 */
export function seenId(id: string): string {
  if (id.length <= LONGEST_PLAIN && id.isWellFormed()) return id;
  return `sha256:${hash('sha256', JSON.stringify(id))}`;
}
