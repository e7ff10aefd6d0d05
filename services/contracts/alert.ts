import type {
  AlertPlan,
  CustomerCard,
  Deadline,
  Evidence,
  HeldReason,
  NotifyTarget,
  Severity,
  Stage,
} from './alert-request.ts';
import type { Channel } from './sources.ts';

/** Who did something: a person, a customer's own record, or Tocsin itself (`system`). */
export interface Actor {
  readonly kind: 'person' | 'system' | 'record';
  /** Person: user name or e-mail. Record: signal id. System: the part that acted. */
  readonly id: string;
}

export const OUTCOMES = ['saved', 'not_at_risk', 'churned', 'unreachable', 'false_alarm'] as const;

interface CommandBase {
  /** Idempotency key: the same id is obeyed once, however often it arrives. */
  readonly id: string;
  readonly alertKey: string;
  /** The cycle that the person saw, as `alertId`; a command for an earlier cycle is refused. */
  readonly alertId?: string;
  readonly by: Actor;
  /** Epoch ms. */
  readonly at: number;
  /** Where the person acted. */
  readonly via: 'slack' | 'email' | 'api' | 'page' | 'cli' | 'demo';
}

/** A person acknowledged, recorded contact, snoozed, reassigned or closed. Written by loop-closure. */
export type AlertCommand =
  | (CommandBase & { readonly type: 'acknowledge' })
  | (CommandBase & {
      readonly type: 'contact';
      readonly channel: Channel;
      /** Whether the customer was spoken to; an attempt does not meet `contact_by`. */
      readonly reached: boolean;
      readonly note?: string;
    })
  | (CommandBase & { readonly type: 'snooze'; readonly until: number; readonly reason: string })
  | (CommandBase & { readonly type: 'reassign'; readonly to: string; readonly reason?: string })
  | (CommandBase & {
      readonly type: 'close';
      readonly outcome: string;
      readonly rootCause: string;
      readonly note?: string;
    });

/** A deadline, computed once when it was set. A new deadline is a new `version`. */
export interface AlertDeadline {
  readonly dueAt: number;
  readonly version: number;
  /** As the rule wrote it, for people. */
  readonly text: string;
  readonly clock: 'business' | 'wall';
  readonly calendar: string;
  readonly metAt?: number;
  /** When the breach was recorded; `dueAt` is when it happened. */
  readonly breachedAt?: number;
}

export interface AlertOwner {
  readonly team: string;
  /** Absent while the alert belongs to the whole team. */
  readonly person?: string;
}

export interface Contact {
  readonly at: number;
  readonly by: Actor;
  readonly channel: Channel;
  readonly reached: boolean;
  /** True when an outbound call note shows it; false when somebody said so. */
  readonly proven: boolean;
  readonly note?: string;
  readonly signalId?: string;
}

export type AlertStatus = 'open' | 'acknowledged' | 'snoozed' | 'closed';

/**
 * One alert as it stands. Contact and escalation rung are facts beside the status; "overdue" is computed
 * from the deadlines, never stored.
 */
export interface Alert {
  readonly alertKey: string;
  /** `<alertKey>#<cycle>`: reopening begins a new cycle with its own clocks. */
  readonly alertId: string;
  /** A short name for people, for example `T-7Q4MX`. */
  readonly label: string;
  readonly cycle: number;
  readonly status: AlertStatus;
  readonly stage: Stage;
  readonly severity: Severity;
  readonly ruleId: string;
  readonly ruleTitle: string;
  readonly ruleSetHash: string;
  readonly runbook?: string;
  readonly scope: 'customer' | 'segment';
  readonly subject: string;
  readonly customer?: CustomerCard;
  readonly owner: AlertOwner;
  readonly openedAt: number;
  readonly because: readonly string[];
  /** Newest last, at most twenty; `evidenceCount` counts them all. */
  readonly evidence: readonly Evidence[];
  readonly evidenceCount: number;
  readonly answerOn: Channel;
  /** The customer was contacted often enough lately: before this instant, epoch ms, nobody is to do it again. */
  readonly contactNotBefore?: number;
  readonly deadlines: { readonly [D in Deadline]?: AlertDeadline };
  /** Escalation steps that have fired in this cycle, those of the opening left out. */
  readonly rung: number;
  readonly acknowledgedAt?: number;
  readonly acknowledgedBy?: Actor;
  readonly contact?: Contact;
  readonly contactAttempts: number;
  readonly snooze?: { readonly until: number; readonly reason: string; readonly by: Actor };
  readonly closedAt?: number;
  readonly closedBy?: Actor;
  readonly outcome?: string;
  readonly rootCause?: string;
  readonly closeNote?: string;
  readonly plan: AlertPlan;
}

/** Why a command was not obeyed. */
export const REFUSALS = [
  'alert_unknown',
  'alert_closed',
  'earlier_cycle',
  'already_acknowledged',
  'contact_missing',
  'outcome_missing',
  'outcome_unknown',
  'root_cause_missing',
  'snooze_in_past',
  'snooze_too_long',
  'assignee_unknown',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** Somebody is to be told about an event. Notification turns each target into a delivery. */
export interface NotifyOrder {
  /**
   * Names this firing, unique within the alert id: the step's id, with `@<version>` for a later version of its
   * deadline and `+<n>` for a repeat; or `reassigned/<seq>`, `severity/<seq>`, `woken/<seq>`.
   */
  readonly step: string;
  readonly template: string;
  readonly targets: readonly ResolvedTarget[];
}

/** A target as written in the rule and what it resolved to. */
export interface ResolvedTarget {
  readonly target: NotifyTarget;
  readonly channel: 'slack' | 'email';
  /** Slack channel or user, or e-mail address. */
  readonly address: string;
}

export const ALERT_EVENT_TYPES = [
  'raised',
  'evidence_added',
  'held_back',
  'acknowledged',
  'snoozed',
  'woken',
  'reassigned',
  'contact_attempted',
  'contacted',
  'escalated',
  'breached',
  'closed',
  'reopened',
  'refused',
] as const;
export type AlertEventType = (typeof ALERT_EVENT_TYPES)[number];

/** Something happened to an alert. Written by alerting, keyed by alert key, in order per alert. */
export interface AlertEvent {
  /** `<alertId>/<seq>`. */
  readonly id: string;
  readonly alertKey: string;
  readonly alertId: string;
  /** Counts the events of the alert key from 1, over all its cycles. */
  readonly seq: number;
  readonly type: AlertEventType;
  /** When it took effect, epoch ms: for a breach the deadline, not the moment it was noticed. */
  readonly at: number;
  readonly recordedAt: number;
  readonly by: Actor;
  readonly via?: string;
  readonly milestone?: Deadline;
  /** `escalated`: the step that fired. */
  readonly step?: string;
  /** `held_back`: why. */
  readonly held?: HeldReason;
  readonly heldBy?: string;
  /** `refused`: why. */
  readonly refusal?: Refusal;
  readonly commandId?: string;
  readonly note?: string;
  readonly notify?: NotifyOrder;
  /** The alert right after the event. For `held_back` with no open alert: what it would have been. */
  readonly alert: Alert;
}

/** While `held`, survey and marketing tools leave the customer alone. Written by alerting, compacted. */
export interface ContactHold {
  readonly customerId: string;
  readonly held: boolean;
  readonly since: number;
  /** The open loops that hold it. */
  readonly alertKeys: readonly string[];
}
