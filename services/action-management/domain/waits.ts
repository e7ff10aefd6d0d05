import type { TimerChange } from '../../platform/keyed-process/keyed-process.ts';
import type { Judging } from './action-management.ts';
import type { CompiledRule } from './compile.ts';
import type { RememberedSignal, Waiting, WindowState } from './window-state.ts';

/*
 * What the rules wait for about one customer: for something not to come (`absence/<rule>/<first signal>`), or for what
 * comes late (`settle/<rule>/<signal>`; of a segment `settle/<rule>/on-time` and `late`). The state knows each timer of its own that is set.
 */

/** Waits of one customer at the same time. A bot has more; the first ones are enough to alert about it. */
export const MAX_WAITING = 128;

export type WaitsFor = 'absence' | 'settle';

export const waitName = (waitsFor: WaitsFor, { rule }: CompiledRule, signalId: string): string =>
  `${waitsFor}/${rule.id}/${signalId}`;

export function readWaitName(name: string): { readonly ruleId: string; readonly signalId: string } {
  const [, ruleId = '', signalId = ''] = /^(?:absence|settle)\/([^/]+)\/(.*)$/s.exec(name) ?? [];
  return { ruleId, signalId };
}

/** The signals that some rule has not judged yet, because it waits for what comes late. */
export const waitedWith = (waiting: Waiting | undefined): ReadonlySet<string> =>
  new Set(
    Object.keys(waiting?.timers ?? NO_TIMERS)
      .filter((name) => name.startsWith('settle/'))
      .map((name) => readWaitName(name).signalId),
  );

/**
 * When a rule has waited long enough before it judges what was at `at`. What comes later than that comes perhaps with
 * others, after an outage: they are waited for as long again, from when the first of them was seen.
 */
export const settledAt = (at: number, { rule }: CompiledRule, now: number, already?: number): number =>
  rule.settleMs === 0 || at + rule.settleMs >= now ? at + rule.settleMs : (already ?? now + rule.settleMs);

/** What raises nothing whenever it is judged is not waited with. */
export const isTooLate = (
  at: number,
  { newestAt }: Pick<WindowState, 'newestAt'>,
  { ruleSet, now }: Judging,
): boolean => newestAt - at > ruleSet.defaults.allowedLatenessMs || now - at > ruleSet.defaults.maxEventAgeMs;

/** Asked for each wait that begins. When all places are taken, those of sequences that are forgotten are given up. */
export function roomLeft(
  timers: Timers,
  signals: readonly RememberedSignal[],
  changes: TimerChange[],
): () => boolean {
  let free: number | undefined;
  return () => {
    if (free === undefined) {
      const names = Object.keys(timers);
      const remembered = names.length < MAX_WAITING ? undefined : new Set(signals.map(({ id }) => id));
      const forgotten = names.filter((name) => remembered?.has(readWaitName(name).signalId) === false);
      changes.push(...forgotten.map((name) => ({ name, dueAt: null })));
      free = MAX_WAITING - names.length + forgotten.length;
    }
    free -= 1;
    return free >= 0;
  };
}

/** The state with what it waits for brought up to date. Waiting for nothing, it has no word about it. */
export function withWaiting(
  state: WindowState,
  changes: readonly TimerChange[],
  latest: Waiting['latest'] | undefined,
): WindowState {
  const before = state.waiting?.timers ?? NO_TIMERS;
  const timers = changes.length === 0 ? before : changed(before, changes);
  if (latest !== undefined && hasAny(timers)) return { ...state, waiting: { timers, latest } };
  if (state.waiting === undefined) return state;
  const { waiting: _, ...rest } = state;
  return rest;
}

export type Timers = Waiting['timers'];
export const NO_TIMERS: Timers = {};

function changed(before: Timers, changes: readonly TimerChange[]): Timers {
  const timers: Record<string, number> = { ...before };
  for (const { name, dueAt } of changes) {
    if (dueAt === null) delete timers[name];
    else timers[name] = dueAt;
  }
  return timers;
}

function hasAny(timers: Timers): boolean {
  for (const _ in timers) return true;
  return false;
}
