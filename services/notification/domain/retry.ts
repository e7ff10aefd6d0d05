import { MINUTE, SECOND } from '../../platform/time/clock.ts';

/**
 * Waits between attempts. Quick at first, since most trouble is a dropped connection; ten minutes in the end,
 * so that an outage of hours costs a channel a handful of calls for each message.
 */
const BACKOFF_MS: readonly number[] = [SECOND, 5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE];
/** Spread, as a share of the wait, so that messages that failed together do not come back together. */
const JITTER = 0.2;

/**
 * When to try again after attempt number `attempt` failed. The jitter comes from `id`: the same step taken
 * again after a crash waits exactly as long. Never earlier than the other side asked for.
 */
export function nextAttemptAt(id: string, attempt: number, now: number, retryAfterMs = 0): number {
  const backoff = BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length) - 1] ?? SECOND;
  return now + Math.max(retryAfterMs, Math.round(backoff * (1 + JITTER * spread(`${id}/${attempt}`))));
}

/** −1…1, from an FNV-1a hash: evenly spread, not secret. */
function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 0x7fffffff - 1;
}
