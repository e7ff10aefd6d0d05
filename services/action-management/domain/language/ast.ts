import type { AlertPlan, Severity, Stage, TimeBoxDuration } from '../../../contracts/alert-request.ts';
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

/**
 * What a comparison reads. `remembered` is a past signal, in a `where`; `captured` a signal that a step of the
 * sequence took, by the step's name: `c.complaint_id`; `ratio` two windows, one divided by the other.
 */
export type Operand =
  | { readonly from: 'event' | 'profile' | 'remembered'; readonly name: string; readonly field: Field }
  | { readonly from: 'window'; readonly name: string; readonly window: Window }
  | Captured
  | Ratio;

export interface Captured {
  readonly from: 'captured';
  /** As written: `c.complaint_id`. */
  readonly name: string;
  readonly step: string;
  readonly remembered: string;
  readonly field: Field;
}

export interface Ratio {
  readonly from: 'ratio';
  /** `now_1h / usual_1h` */
  readonly name: string;
  readonly of: Operand & { readonly from: 'window' };
  readonly to: Operand & { readonly from: 'window' };
  /** A number like any other; it is computed, not read. */
  readonly field: Field;
}

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
  /** The window is the usual value of the same window in the past, instead of the present one. */
  readonly baseline?: Baseline;
  readonly at: Place;
}

/** How the usual value of a window is found: from windows of the same length that end every `stepMs` before now. */
export interface Baseline {
  readonly lookbackMs: number;
  readonly stepMs: number;
  readonly take: BaselineTake;
  /** The usual value is never less than this: three complaints are no spike because there was none before. */
  readonly floor: number;
  /** Unknown until the customer or segment has been known for so long. */
  readonly warmupMs: number;
}
export type BaselineTake = 'mean' | 'median' | 'max' | 'p90';

/** Signals that must follow one another, and at the end perhaps one that must not come. */
export interface Sequence {
  readonly steps: readonly [SequenceStep, ...SequenceStep[]];
  readonly absence?: Absence;
}

interface Taking {
  readonly of: readonly SignalType[];
  readonly where?: Condition;
  /** Fields that must be what an earlier step had: the same complaint, the same product. */
  readonly same: readonly { readonly name: string; readonly field: Field; readonly as: Captured }[];
  readonly at: Place;
}

export interface SequenceStep extends Taking {
  readonly name: string;
  /** At most this long after the step before; absent for the first. */
  readonly withinMs?: number;
}

export interface Absence extends Taking {
  readonly for: TimeBoxDuration;
  readonly calendar: string;
}

/** At most `max` new alerts of the rule within `overMs`; what comes on top is gathered in one alert. */
export interface Storm {
  readonly max: number;
  readonly overMs: number;
}

/** With `max` contacts within `overMs` the customer is left alone until one of them is that long ago. */
export interface Fatigue {
  readonly max: number;
  readonly overMs: number;
  readonly count: SignalType;
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
  readonly scope: 'customer' | 'segment';
  /** Of a segment rule: the fields whose values make the segment, in the order of the rule. */
  readonly key: readonly { readonly name: string; readonly field: Field }[];
  /** Of a rule in `canary`: for how many customers, or segments, of a hundred it is live. */
  readonly canaryPercent: number;
  readonly listen: readonly SignalType[];
  readonly windows: readonly Window[];
  /** The rule fires when it is complete and `when` holds, not at each signal it listens to. */
  readonly sequence?: Sequence;
  readonly when: Condition;
  /** How long after a signal happened the rule judges it, so that what comes late is counted; 0: when it arrives. */
  readonly settleMs: number;
  readonly severity: readonly { readonly set: Severity; readonly if?: Condition }[];
  readonly route: readonly Route[];
  readonly dedupeKey: Template;
  readonly muteIf?: Condition;
  /** Segment rules whose open alert about the customer's segment holds this rule back. */
  readonly inhibitedBy: readonly string[];
  readonly fatigue?: Fatigue;
  readonly storm?: Storm;
  /** The deadlines are counted in the calendar's hours on the customer's clock. */
  readonly onCustomerClock: boolean;
  readonly playbook: readonly Template[];
  /** Where things stand that are only found wrong beside other rules. */
  readonly at: { readonly inhibitedBy: Place };
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
  /** For rules that say nothing themselves. */
  readonly storm?: Storm;
}
