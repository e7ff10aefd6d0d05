import type { IntentFound, Profile, RiskContribution } from './assessment.ts';
import type { SignalType } from './signal.ts';
import type { Channel, Source } from './sources.ts';

export const SEVERITIES = ['P1', 'P2', 'P3', 'P4'] as const;
/** P1 is the most urgent. */
export type Severity = (typeof SEVERITIES)[number];

/** How far a rule has come. Only `live` (and `canary`, for its share of customers) tells anybody. */
export const STAGES = ['draft', 'shadow', 'canary', 'live', 'retired'] as const;
export type Stage = (typeof STAGES)[number];

export const MILESTONES = ['opened', 'ack_by', 'contact_by', 'close_by'] as const;
/** A point in an alert's life on which escalation steps hang. */
export type Milestone = (typeof MILESTONES)[number];
/** A milestone that has a deadline. */
export type Deadline = Exclude<Milestone, 'opened'>;

/** Why a rule that matched does not (yet) bother anybody. One list for values, metrics and pages. */
export const HELD_REASONS = [
  'mute',
  'silence',
  'inhibited',
  'cooldown',
  'storm',
  'too_old',
  'late',
  'already_answered',
] as const;
export type HeldReason = (typeof HELD_REASONS)[number];

/** One thing that the customer said or that happened to them, as shown to an agent. */
export interface Evidence {
  readonly signalId: string;
  readonly type: SignalType;
  readonly occurredAt: number;
  readonly source: Source;
  readonly channel: Channel;
  /** The customer's own words, at most 280 characters. */
  readonly quote?: string;
  /** −1…1. */
  readonly sentiment?: number;
  readonly words: readonly { readonly word: string; readonly effect: number }[];
  readonly intents: readonly IntentFound[];
  readonly url?: string;
}

/** A duration as a rule writes it, parsed. `bd` counts ends of business days; see `clock`. */
export interface TimeBoxDuration {
  readonly amount: number;
  readonly unit: 'ms' | 'business_days';
  /** `business`: counted in the calendar's hours. `wall`: plain elapsed time (`@24x7`). */
  readonly clock: 'business' | 'wall';
  /** As written in the rule, for people. */
  readonly text: string;
}

/** Who is told. `slack:#channel`, `slack:assignee`, `slack:team-lead`, `email:team-lead`, `email:<address>`. */
export type NotifyTarget = string;

export interface EscalationStep {
  /** Stable within the rule: position and milestone, for example `2:ack_by`. */
  readonly id: string;
  readonly at: Milestone;
  /** Added to the milestone's instant; negative for "before". Wall-clock ms. */
  readonly offsetMs: number;
  readonly unless?: 'acked' | 'contacted' | 'closed';
  readonly notify: readonly NotifyTarget[];
  /** Which wording to use: `open`, `nudge`, `late-ack`, `breach` … */
  readonly template: string;
  readonly reassign?: 'next_on_shift';
  readonly repeat?: { readonly every: TimeBoxDuration; readonly max: number };
}

/** What a rule wants done once it fires. An open alert keeps the plan with which it was raised. */
export interface AlertPlan {
  /** A calendar's id; `business@America/Lima` is that calendar on another clock. */
  readonly calendar: string;
  readonly deadlines: { readonly [D in Deadline]?: TimeBoxDuration };
  readonly escalation: readonly EscalationStep[];
  /** `team/<id>` or `person/<id>`: who owns the alert; resolved against teams by alerting. */
  readonly owner: string;
  /** Taken when `owner` cannot be resolved to somebody. */
  readonly fallbackOwner?: string;
  readonly mergeOpen: boolean;
  /** Absent: a match after the close opens a new alert. */
  readonly reopenWithinMs?: number;
  readonly cooldownMs: number;
  readonly playbook: readonly string[];
  readonly closeRequires: readonly ('contact.logged' | 'outcome' | 'root_cause')[];
  readonly outcomes: readonly string[];
  /** Alert states in which the deadlines stand still. */
  readonly pauseOn: readonly string[];
}

/** What an agent needs to know of the customer before calling. */
export interface CustomerCard extends Profile {
  readonly customerId: string;
  readonly riskScore: number;
  readonly riskContributions: readonly RiskContribution[];
}

/** A rule wants an alert. Written by action-management, keyed by alert key. */
export interface AlertRequest {
  /** `<rule id>/<signal id>`: the same match always has the same id. */
  readonly id: string;
  /** The rule's dedupe key, filled in: at most one open alert has it. */
  readonly alertKey: string;
  readonly ruleId: string;
  readonly ruleTitle: string;
  /** Hash of the rule set that decided. */
  readonly ruleSetHash: string;
  readonly ruleOwner: string;
  readonly runbook?: string;
  readonly stage: Stage;
  readonly scope: 'customer' | 'segment';
  /** Customer id, or the segment's key. */
  readonly subject: string;
  readonly customer?: CustomerCard;
  readonly severity: Severity;
  readonly requestedAt: number;
  /** Why, in words, one entry per condition that was true: `complaints in 14 days: 2 (at least 2)`. */
  readonly because: readonly string[];
  readonly evidence: readonly Evidence[];
  /** The channel on which the customer should be answered. */
  readonly answerOn: Channel;
  /** The customer was contacted often enough lately: before this instant, epoch ms, nobody is to do it again. */
  readonly contactNotBefore?: number;
  readonly plan: AlertPlan;
  /** Set when the match is held back before alerting; it is recorded with this reason and tells nobody. */
  readonly held?: HeldReason;
  /** What exactly held it back, in words: the silence, flag or rule. */
  readonly heldBy?: string;
}
