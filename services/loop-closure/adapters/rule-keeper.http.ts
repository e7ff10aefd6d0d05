import { z } from 'zod';
import type { RulesStanding } from '../domain/operations.ts';
import type { RuleKeeper } from '../ports.ts';

/** How action-management is reached by others. */
export interface RuleKeeperAccess {
  /** Without a slash at its end. */
  readonly url: string;
  /** A key of its operators, where they have any. */
  readonly key?: string;
}

/**
 * Asks action-management, over its API. Of several instances one answers: they keep the same silences, and judge by the same
 * rules unless `TocsinRulesDiverged` says otherwise.
 */
export const ruleKeeperOverHttp = ({ url, key }: RuleKeeperAccess): RuleKeeper => {
  const ask = async (path: string, body?: object): Promise<Response> =>
    fetch(`${url}${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
    });
  const read = async <T>(path: string, shape: z.ZodType<T>): Promise<T> => {
    const answer = await ask(path);
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    return shape.parse(await answer.json());
  };
  return {
    standing: async () => {
      try {
        const [{ silences }, rules] = await Promise.all([
          read('/v1/silences', Silences),
          read<RulesStanding>('/v1/rules', Rules),
        ]);
        return { silences, rules };
      } catch (error) {
        return { silent: `${url}: ${causeOf(error)}` };
      }
    },
    endSilence: async (id, by) => {
      try {
        const answer = await ask(`/v1/silences/${encodeURIComponent(id)}/expire`, { by });
        if (answer.ok) return { ok: true };
        return { ok: false, words: Problem.parse(await answer.json()).detail };
      } catch (error) {
        return { ok: false, words: `Action-management does not answer (${causeOf(error)}).` };
      }
    },
  };
};

/** Somebody waits for the page. */
const ANSWERS_WITHIN_MS = 2_000;

/** Why nothing came of a question, in a word or two. */
function causeOf(error: unknown): string {
  if (error instanceof z.ZodError) return 'its answer is not understood';
  const { message, cause } = error as Error & { readonly cause?: { readonly code?: string } };
  return cause?.code ?? message;
}

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const Silences = z.object({
  silences: z.array(
    z.object({
      id: z.string(),
      rule: z.string().exactOptional(),
      subject: z.string().exactOptional(),
      product: z.string().exactOptional(),
      region: z.string().exactOptional(),
      by: z.string(),
      reason: z.string(),
      startsAt: instant,
      endsAt: instant,
    }),
  ),
});
const Rules = z.object({
  hash: z.string(),
  folder: z.string(),
  rules: z.array(z.object({ id: z.string(), stage: z.string(), title: z.string() })),
  quarantined: z.array(z.object({ rule: z.string(), errors: z.number(), error: z.string() })),
  lastReload: z
    .object({
      at: z.number(),
      outcome: z.enum(['in_force', 'unchanged', 'refused']),
      problems: z.array(z.string()),
    })
    .exactOptional(),
});
const Problem = z.object({ detail: z.string() });
