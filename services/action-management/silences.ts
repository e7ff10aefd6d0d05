import type { Silence } from '../contracts/silence.ts';
import type { EventLog } from '../platform/event-log/event-log.ts';
import { DAY } from '../platform/time/clock.ts';
import { MAX_SILENCE_DAYS } from './domain/silences.ts';

/** What somebody wants silenced. */
export interface SilenceOrder extends Pick<Silence, 'by' | 'reason'> {
  readonly rule?: string | undefined;
  readonly subject?: string | undefined;
  readonly product?: string | undefined;
  readonly region?: string | undefined;
  /** Who answers for the rule. */
  readonly team?: string | undefined;
  /** Epoch ms; now when absent. */
  readonly startsAt?: number | undefined;
  readonly endsAt: number;
}

export type SilenceResult =
  | { readonly ok: true; readonly silence: Silence }
  | { readonly ok: false; readonly reason: 'unknown' | 'over' | 'invalid'; readonly words: string };

/**
 * All silences, kept in the topic `silences` and in memory.
 *
 * Promises: what `add` and `end` reported is stored; the next signal is judged by it here; silences survive a restart.
 * Other instances hear of it as soon as they `learn` it from the topic: all of them read all of it, because a silence covers
 * matches in every partition.
 */
export class SilenceBook {
  readonly #log: Pick<EventLog, 'publish'>;
  readonly #byId = new Map<string, Silence>();
  #all: readonly Silence[] = [];

  constructor(log: Pick<EventLog, 'publish'>) {
    this.#log = log;
  }

  /** Reads what was silenced before. To be called once, before the first signal is judged. */
  async load(log: Pick<EventLog, 'read'>, partition: number): Promise<void> {
    for (let offset = 0; ; ) {
      const records = await log.read('silences', partition, offset, PAGE);
      const last = records.at(-1);
      if (last === undefined) break;
      for (const { value } of records) this.learn(value);
      offset = last.offset + 1;
    }
  }

  /** Takes in a record of the topic. Ending is the last that happens to a silence: an older record changes nothing then. */
  learn(silence: Silence): void {
    if (silence.endedBy === undefined && this.#byId.get(silence.id)?.endedBy !== undefined) return;
    this.#byId.set(silence.id, silence);
    this.#all = [...this.#byId.values()];
  }

  /** Newest last; those that are over are there for as long as the log keeps them. */
  all(): readonly Silence[] {
    return this.#all;
  }

  /** Those that hold at an instant, or will later. */
  notOver(now: number): readonly Silence[] {
    return this.#all.filter(({ endsAt }) => endsAt > now);
  }

  /** Those that hold at an instant. */
  active(now: number): readonly Silence[] {
    return this.#all.filter(({ startsAt, endsAt }) => startsAt <= now && now < endsAt);
  }

  async add(order: SilenceOrder, id: string, now: number): Promise<SilenceResult> {
    const { startsAt = now, ...rest } = order;
    const words = problemWith({ ...order, startsAt }, now);
    if (words !== undefined) return { ok: false, reason: 'invalid', words };
    const given = Object.entries({ ...rest, startsAt }).filter(([, value]) => value !== undefined);
    // The order's fields are a silence's, save those that were not given.
    return this.#keep({ id, ...Object.fromEntries(given) } as unknown as Silence, now);
  }

  /** Ends a silence now; one that has not begun never will. */
  async end(id: string, by: string, now: number): Promise<SilenceResult> {
    const silence = this.#byId.get(id);
    if (silence === undefined) return { ok: false, reason: 'unknown', words: `no silence is called ${id}` };
    if (silence.endsAt <= now) return { ok: false, reason: 'over', words: `${id} is over already` };
    return this.#keep({ ...silence, endsAt: now, endedBy: by }, now);
  }

  async #keep(silence: Silence, now: number): Promise<SilenceResult> {
    const { id } = silence;
    await this.#log.publish('silences', [{ id: `${id}/${now}`, key: id, value: silence }]);
    this.learn(silence);
    return { ok: true, silence };
  }
}

/** Silences read at a time at start. */
const PAGE = 500;

function problemWith(order: SilenceOrder & { readonly startsAt: number }, now: number): string | undefined {
  const { startsAt, endsAt, rule, subject, product, region } = order;
  if ([rule, subject, product, region].every((one) => one === undefined)) {
    return 'what is to be silenced? Name a rule, a customer or segment, a product or a region';
  }
  if (endsAt <= Math.max(now, startsAt)) return 'it would be over before it begins';
  if (endsAt - startsAt > MAX_SILENCE_DAYS * DAY) {
    return `a silence lasts ${MAX_SILENCE_DAYS} days at most; longer ones are forgotten by those who made them`;
  }
  return undefined;
}
