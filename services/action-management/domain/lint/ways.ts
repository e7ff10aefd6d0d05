import type { SignalType } from '../../../contracts/signal.ts';
import type { Comparison, Condition, Operand, Window } from '../language/ast.ts';
import { EVENT_FIELDS } from '../language/fields.ts';
import {
  anything,
  atMost,
  both,
  includes,
  isImpossible,
  narrowed,
  type Possible,
} from './possible-values.ts';

/** One way for a condition to be true: what each operand may then be, and the comparisons that say so. */
export type Way = ReadonlyMap<string, Constraint>;

export interface Constraint {
  readonly operand: Operand;
  readonly possible: Possible;
  readonly because: readonly Comparison[];
}

/** All ways for a condition to be true. */
export interface Ways {
  readonly ways: readonly Way[];
  /** Where two comparisons exclude each other, and so a way is none. */
  readonly conflicts: readonly Constraint[];
  /** There were too many ways: nothing may be concluded. */
  readonly tooMany: boolean;
}

/** A condition of 64 comparisons can have very many ways; people write fewer than thirty. */
const MAX_WAYS = 512;

/** The one way that asks for nothing. */
export const ALWAYS: Ways = { ways: [new Map()], conflicts: [], tooMany: false };

/** The ways for a condition to be true, or with `holds: false` to be known not to be. */
export function waysOf(condition: Condition, holds = true): Ways {
  switch (condition.type) {
    case 'not':
      return waysOf(condition.of, !holds);
    case 'all':
    case 'any': {
      const parts = condition.of.map((part) => waysOf(part, holds));
      return (condition.type === 'all') === holds ? allOf(parts) : anyOf(parts);
    }
    case 'compare':
      return fromComparison(condition, holds);
  }
}

/** The ways for several to hold together. */
export function allOf(parts: readonly Ways[]): Ways {
  let ways: readonly Way[] = [new Map()];
  const conflicts: Constraint[] = parts.flatMap((part) => part.conflicts);
  let tooMany = parts.some((part) => part.tooMany);
  for (const part of parts) {
    if (ways.length * part.ways.length > MAX_WAYS) {
      tooMany = true;
      break;
    }
    ways = ways.flatMap((left) =>
      part.ways.flatMap((right) => {
        const merged = merge(left, right);
        if (merged instanceof Map) return [merged];
        conflicts.push(merged as Constraint); // `merge` answers a way or the constraint that is none
        return [];
      }),
    );
  }
  return { ways, conflicts, tooMany };
}

const anyOf = (parts: readonly Ways[]): Ways => ({
  ways: parts.flatMap((part) => part.ways).slice(0, MAX_WAYS),
  conflicts: parts.flatMap((part) => part.conflicts),
  tooMany:
    parts.some((part) => part.tooMany) || parts.reduce((sum, { ways }) => sum + ways.length, 0) > MAX_WAYS,
});

function fromComparison(comparison: Comparison, holds: boolean): Ways {
  const { operand } = comparison;
  const possible = narrowed(anything(operand), comparison, holds);
  const constraint = { operand, possible, because: [comparison] };
  if (isImpossible(possible)) return { ways: [], conflicts: [constraint], tooMany: false };
  return { ways: [new Map([[operandKey(operand), constraint]])], conflicts: [], tooMany: false };
}

function merge(left: Way, right: Way): Way | Constraint {
  const merged = new Map(left);
  for (const [key, constraint] of right) {
    const known = merged.get(key);
    if (known === undefined) {
      merged.set(key, constraint);
      continue;
    }
    const together = {
      operand: known.operand,
      possible: both(known.possible, constraint.possible),
      because: [...new Set([...known.because, ...constraint.because])],
    };
    if (isImpossible(together.possible)) return together;
    merged.set(key, together);
  }
  return merged;
}

/** The signal is of one of these types. */
export function listeningTo(types: readonly SignalType[]): Ways {
  const field = EVENT_FIELDS.get('type');
  if (field === undefined) throw new Error('signals have a type');
  const operand: Operand = { from: 'event', name: 'type', field };
  const possible = { ...anything(operand), known: 'yes' as const, only: new Set(types) };
  return { ...ALWAYS, ways: [new Map([['event.type', { operand, possible, because: [] }]])] };
}

/** Windows count no more signals than are remembered of a customer. */
export function remembering(windows: readonly Window[], most: number): Ways {
  const counts = windows.filter(({ fn, baseline }) => COUNTING.includes(fn) && baseline === undefined);
  const constraints = counts.map((window): [string, Constraint] => {
    const operand: Operand = { from: 'window', name: window.name, window };
    return [operandKey(operand), { operand, possible: atMost(anything(operand), most), because: [] }];
  });
  return { ...ALWAYS, ways: [new Map(constraints)] };
}

const COUNTING: readonly string[] = ['count', 'distinct'];

/** Whether it is certain that nothing makes it true. */
export const isNever = ({ ways, tooMany }: Ways): boolean => ways.length === 0 && !tooMany;

/** Whether it is certain that whenever `narrow` is true, `wide` is true as well. */
export const implies = (narrow: Ways, wide: Ways): boolean =>
  !narrow.tooMany && narrow.ways.every((way) => wide.ways.some((other) => wayImplies(way, other)));

const wayImplies = (narrow: Way, wide: Way): boolean =>
  [...wide].every(([key, { possible, operand }]) => {
    const same = narrow.get(key);
    if (same !== undefined && includes(possible, same.possible)) return true;
    if (includes(possible, anything(operand))) return true;
    return [...narrow.values()].some((other) => countsNoMoreThan(other, operand, possible));
  });

/** At least two in 14 days is at least two in 30 days. */
function countsNoMoreThan(other: Constraint, operand: Operand, wanted: Possible): boolean {
  if (operand.from !== 'window' || other.operand.from !== 'window') return false;
  const [longer, shorter] = [operand.window, other.operand.window];
  if (longer.baseline !== undefined || shorter.baseline !== undefined) return false;
  if (longer.fn !== 'count' || reasonKey(operand) !== reasonKey(other.operand)) return false;
  if (longer.overMs < shorter.overMs) return false;
  return includes(wanted, { ...anything(operand), low: other.possible.low, lowOpen: other.possible.lowOpen });
}

/** The same for two operands that always have the same value, whatever their windows are called. */
export function operandKey(operand: Operand): string {
  if (operand.from === 'ratio') return `${operandKey(operand.of)} / ${operandKey(operand.to)}`;
  if (operand.from !== 'window') return `${operand.from}.${operand.name}`;
  const { overMs, minSamples, baseline } = operand.window;
  return JSON.stringify([reasonKey(operand), overMs, minSamples, baseline]);
}

/** The same for two operands that speak of the same facts, over a shorter or longer time. */
export function reasonKey(operand: Operand): string {
  if (operand.from === 'ratio') return `${reasonKey(operand.of)} / ${reasonKey(operand.to)}`;
  if (operand.from !== 'window') return `${operand.from}.${operand.name}`;
  const { of, fn, field, where, perMs }: Window = operand.window;
  const unit = fn === 'trend' ? perMs : '';
  return JSON.stringify([
    fn,
    [...of].sort(),
    field?.name,
    unit,
    where === undefined ? '' : withoutPlaces(where),
  ]);
}

const withoutPlaces = (condition: Condition): unknown =>
  JSON.parse(
    JSON.stringify(condition, (key, value) => (key === 'at' || key === 'field' ? undefined : value)),
  );
