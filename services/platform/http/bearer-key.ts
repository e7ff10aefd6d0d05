import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether the header carries one of the keys. Takes the same time for every wrong key. */
export function holdsKey(authorization: string | undefined, keys: readonly string[]): boolean {
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (given === undefined) return false;
  let holds = false;
  for (const key of keys) holds = sameSecret(given, key) || holds;
  return holds;
}

/** Compares in the same time whatever differs. */
export const sameSecret = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
