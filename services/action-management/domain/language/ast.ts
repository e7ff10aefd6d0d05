import type { AlertPlan, Severity, Stage } from '../../../contracts/alert-request.ts';
import type { SignalType } from '../../../contracts/signal.ts';
import type { Field } from './fields.ts';
import type { OperatorName } from './operators.ts';
import type { Template } from './template.ts';

/*
 * A rule after all checks: what the compiler turns into closures and the explanation walks through. Every
 * name in it exists, every literal has the type of its field, and every part knows its place in the file.
 */

/** Where something stands in its file; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export type Literal = number | string | boolean;

/** What a comparison reads. `remembered` is a past signal, in a window's `where`. */
export type Operand =
  | { readonly from: 'event' | 'profile' | 'remembered'; readonly name: string; readonly field: Field }
  | { readonly from: 'window'; readonly name: string; readonly window: Window };

export interface Comparison {
  readonly type: 'compare';
  readonly operand: Operand;
  readonly operator: OperatorName;
  readonly literal: Literal | readonly Literal[];
  readonly at: Place;
}

export type Condition =
  | { readonly type: 'all' | 'any'; readonly of: readonly Condition[]; readonly at: Place }
  | { readonly type: 'not'; readonly of: Condition; readonly at: Place }
  | Comparison;

export type WindowFunction = 'count' | 'sum' | 'avg' | 'min' | 'max' | 'last' | 'distinct' | 'trend';

export interface Window {
  readonly name: string;
  readonly of: readonly SignalType[];
  readonly fn: WindowFunction;
  /** Absent for `count` only. */
  readonly field?: { readonly name: string; readonly field: Field };
  readonly overMs: number;
  readonly where?: Condition;
  /** With fewer values than this the window is unknown. Does not concern `count` and `distinct`. */
  readonly minSamples: number;
  /** `trend`: the time in which the value changes by the result. */
  readonly perMs: number;
  readonly at: Place;
}

export interface Route {
  readonly if?: Condition;
  /** `team/<id>` or `person/<id>`, or the profile field that names the person. */
  readonly to: string | { readonly ownerFrom: string; readonly field: Field };
  readonly fallback?: string;
}

export interface Rule {
  readonly id: string;
  readonly title: string;
  readonly owner: string;
  readonly stage: Stage;
  readonly runbook?: string;
  readonly file: string;
  readonly listen: readonly SignalType[];
  readonly windows: readonly Window[];
  readonly when: Condition;
  readonly severity: readonly { readonly set: Severity; readonly if?: Condition }[];
  readonly route: readonly Route[];
  readonly dedupeKey: Template;
  readonly muteIf?: Condition;
  readonly playbook: readonly Template[];
  /** The part of the plan that is the same for every alert of the rule. */
  readonly plan: Omit<AlertPlan, 'owner' | 'fallbackOwner' | 'playbook'>;
}

/** What holds for all rules of a set. */
export interface Defaults {
  /** A signal this far behind the newest one of its customer counts in windows, but raises nothing. */
  readonly allowedLatenessMs: number;
  /** A signal older than this when it is judged raises nothing. */
  readonly maxEventAgeMs: number;
  readonly severity: Severity;
}
