import type { AlertRequest } from './alert-request.ts';
import type { Assessment } from './assessment.ts';

/** `product=a/region=de`: the fields that make a segment, with their values, in the order of the rule. */
export type Segment = string;

/**
 * Action-management's internal topic, keyed by segment: what happened to a customer of the segment, and requests
 * on their way past the segments whose alerts may hold them back.
 */
export type SegmentEntry =
  | { readonly type: 'signal'; readonly assessment: Assessment }
  | {
      readonly type: 'request';
      readonly request: AlertRequest;
      /** The segments that are still to be asked. */
      readonly next: readonly Segment[];
    };

/** Alerting's internal topic, keyed by segment: which alerts about the segment are open. Silent ones are left out. */
export interface SegmentLoop {
  readonly segment: Segment;
  readonly ruleId: string;
  readonly alertKey: string;
  readonly alertId: string;
  /** The alert's short name for people. */
  readonly label: string;
  readonly open: boolean;
  /** Epoch ms. */
  readonly at: number;
}
