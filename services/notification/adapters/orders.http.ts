import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { HandleAction } from '../domain/slack-action.ts';

/**
 * Hands a click over to loop-closure, where orders are taken, over its API.
 *
 * Throws when it does not answer: then nothing may have been stored, and the same click counts once if it is
 * made again.
 */
export const ordersOverHttp =
  (loopClosure: string): HandleAction =>
  async ({ alertId, type, fields, by, via, actionId }) => {
    const answer = await fetch(`${loopClosure}/v1/alerts/${encodeURIComponent(alertId)}/${type}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'idempotency-key': keyOf(actionId),
        'tocsin-via': via,
      },
      body: JSON.stringify({ ...fields, by: by.id }),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    if (answer.ok)
      return answer.headers.get('idempotency-replayed') === 'true'
        ? { ok: true, repeated: true }
        : { ok: true };
    const { type: name, detail } = problem.parse(await answer.json());
    if (answer.status >= 500) throw new Error(`loop-closure cannot take orders now: ${detail}`);
    return { ok: false, message: NOT_ONE.test(name) ? 'This alert is not known any more.' : detail };
  };

/** Slack waits three seconds for us; loop-closure answers after two at the latest. */
const ANSWER_WITHIN_MS = 2_500;
const NOT_ONE = /:alert_(unknown|ambiguous)$/;

const problem = z.object({ type: z.string(), detail: z.string() });

/** Headers hold ASCII only, and keys 200 characters at most. */
const keyOf = (actionId: string): string =>
  /^[\x21-\x7e]{1,200}$/.test(actionId) ? actionId : createHash('sha256').update(actionId).digest('hex');
