import type { AlertStatus } from '../contracts/alert.ts';
import type { HeldReason, Severity, Stage } from '../contracts/alert-request.ts';
import type { DeadLetters } from '../platform/database/dead-letters.ts';
import type { AlertRow } from './domain/alert-row.ts';
import type { DeliveryRow, HeldRow } from './domain/alert-view.ts';
import type { AuditRow } from './domain/audit.ts';
import type { SystemStanding } from './domain/operations.ts';
import type { Standing } from './domain/standing.ts';

/** A page of a list. `next` is handed back to get the page behind it; absent on the last one. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next?: string;
}

/** Which alerts to list. Every named property must hold. */
export interface AlertFilter {
  /** `unfinished` is all but closed. Default: all. */
  readonly status?: AlertStatus | 'unfinished';
  readonly team?: string;
  readonly owner?: string;
  readonly severity?: Severity;
  readonly rule?: string;
  readonly customer?: string;
  /** Only alerts whose next deadline has passed at this instant. */
  readonly overdueAt?: number;
  /** Shadow alerts tell nobody and are left out unless asked for. */
  readonly stage?: Stage;
}

/**
 * The read side of alerts. What a commit of the pipeline wrote is seen by the next question.
 *
 * Unfinished alerts are listed by their next deadline, the most pressing first; all others by opening, the
 * newest first. A cursor stays good while rows come and go; a malformed one throws `BadCursor`.
 */
export interface AlertQueries {
  alerts(filter: AlertFilter, limit: number, cursor?: string): Promise<Page<AlertRow>>;
  /** By alert id, by label, or by alert key (its latest cycle). Two alerts may share a label by chance. */
  alertsNamed(name: string): Promise<readonly AlertRow[]>;
  /** All cycles of an alert key, the latest first. */
  cycles(alertKey: string): Promise<readonly AlertRow[]>;
  /** Events of all cycles of the alert key, oldest first, at most 500: the latest ones. */
  eventsOfAlert(alertKey: string): Promise<readonly AuditRow[]>;
  /** Events of all alerts of a customer, oldest first, at most 500: the latest ones. */
  eventsOfCustomer(customerId: string): Promise<readonly AuditRow[]>;
  deliveriesOf(alertKeys: readonly string[]): Promise<readonly DeliveryRow[]>;
  /** What became of a command: its first event. */
  eventOfCommand(commandId: string): Promise<AuditRow | undefined>;
  /** Newest first. */
  audit(filter: AuditFilter, limit: number, cursor?: string): Promise<Page<AuditRow>>;
  /** Newest first. */
  held(limit: number, cursor?: string): Promise<Page<HeldRow>>;
  heldByReason(from: number, to: number): Promise<{ readonly [R in HeldReason]?: number }>;
  /** Live and canary alerts opened in the span, `from` included, `to` not. */
  openedBetween(from: number, to: number): Promise<readonly AlertRow[]>;
  /** Of those customers of whom the CRM has said whether they are one. */
  standingsOf(customerIds: readonly string[]): Promise<readonly Standing[]>;
}

export interface AuditFilter {
  readonly alertKey?: string;
  readonly actor?: string;
}

/** The cursor is not one that a list handed out. */
export class BadCursor extends Error {
  override readonly name = 'BadCursor';
}

/** Where a customer's latest assessments lie in the log: the state of `customer-view`. */
export interface CustomerHistory {
  /** Nothing for a customer that was never heard of. */
  assessmentsOf(
    customerId: string,
  ): Promise<{ readonly partition: number; readonly offsets: readonly number[] } | undefined>;
}

/** Business calendars, as far as pages and KPIs need them. */
export interface BusinessClock {
  /** Business time in ms; nothing for a calendar that is not (or no longer) known. */
  msBetween(calendar: string, from: number, to: number): number | undefined;
}

/** Tells when what a command did can be seen in the views. */
export interface CommandWatch {
  /** Call before publishing. True once the command's event is committed, false after `timeoutMs`. */
  settled(commandId: string, timeoutMs: number): Promise<boolean>;
  /** Another text whenever an alert has changed, and after a restart: says whether a page is worth reading again. */
  version(): string;
}

/**
 * How Tocsin itself is doing, and what operators do about it. Asking changes nothing and may be out of date by the time
 * that the answer takes.
 */
export interface OperationsRoom {
  standing(): Promise<SystemStanding>;
  readonly deadLetters: Pick<DeadLetters, 'retry' | 'retryAll' | 'drop'>;
  /** Absent where another service keeps silences, and is not asked. */
  readonly endSilence?: EndSilence;
}

/** Ends a silence before its time; words say why not. */
export type EndSilence = (
  id: string,
  by: string,
) => Promise<{ readonly ok: true } | { readonly ok: false; readonly words: string }>;

/** Whoever keeps rules and silences, where that is another service. Never throws: that it does not answer is an answer. */
export interface RuleKeeper {
  standing(): Promise<Pick<SystemStanding, 'rules' | 'silences' | 'silent'>>;
  readonly endSilence: EndSilence;
}
