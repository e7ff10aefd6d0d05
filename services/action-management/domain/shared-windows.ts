import type { Assessment } from '../../contracts/assessment.ts';
import { bucketsOf, isUsual } from './beats.ts';
import { compileCondition, type Reader } from './compile-condition.ts';
import type { Operand, Rule, Window } from './language/ast.ts';
import { hashOf } from './segment-state.ts';
import { rememberedValue } from './sequences.ts';
import type { RememberedSignal } from './window-state.ts';
import type { CompiledWindow } from './windows.ts';

/** Windows of several rules that would always have the same value are computed once. */
export class SharedWindows {
  readonly #known = new Map<string, CompiledWindow>();

  compiled(window: Window, scope: Rule['scope'], beatMs?: number): CompiledWindow {
    const buckets = beatMs === undefined ? undefined : bucketsOf(window, beatMs);
    const identity = JSON.stringify([
      scope,
      [...window.of].sort(),
      window.fn,
      window.field?.name,
      window.overMs,
      window.minSamples,
      window.perMs,
      window.where,
      window.baseline,
      ...(buckets === undefined || isUsual(window, buckets) ? [] : [buckets]),
    ]);
    const known = this.#known.get(identity);
    if (known !== undefined) return known;
    const fresh: CompiledWindow = {
      window,
      index: this.#known.size,
      series: hashOf(identity),
      types: new Set(window.of),
      ...(buckets === undefined ? {} : { buckets }),
      ...(window.where === undefined
        ? {}
        : {
            where: compileCondition(window.where, rememberedReader),
            whereNow: compileCondition(window.where, presentReader),
          }),
    };
    this.#known.set(identity, fresh);
    return fresh;
  }
}

/** Operands of a condition on one signal, of one that is remembered. */
export const rememberedReader =
  ({ name, from }: Operand): Reader<RememberedSignal> =>
  (signal) =>
    from !== 'remembered' ? undefined : rememberedValue(signal, name);

/** The same operands, of the signal that is being judged. */
const presentReader = (operand: Operand): Reader<Assessment> =>
  operand.from === 'remembered' ? (assessment) => operand.field.read(assessment) : () => undefined;
