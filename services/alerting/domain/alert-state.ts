import type { Alert } from '../../contracts/alert.ts';

/**
 * What alerting keeps for one alert key: the alert of the present or last cycle, and its bookkeeping.
 *
 * Modes of the alert, how entered, how left:
 *
 * | mode | entered by | left by |
 * |---|---|---|
 * | none | – | the first request that is not held back |
 * | open | raised, reopened | a person acknowledges, records a contact, snoozes or closes; a record proves a contact |
 * | acknowledged | any deliberate act of a person but reassigning | snoozed, closed |
 * | snoozed | a person snoozes it, with a reason and an end | its end, an acknowledgement by who snoozed, a rise in severity, closed |
 * | closed | a person closes with what the plan requires; a live alert supersedes a shadow one | a later request: reopened within the window, raised after the cooldown |
 *
 * Closed cycles are frozen: nothing in them changes any more. Contact, breaches and the rung are facts beside
 * the mode. "Overdue" is computed.
 */
export interface AlertState {
  /** Events so far, over all cycles. */
  readonly seq: number;
  /** Cycles so far. */
  readonly cycles: number;
  /** The rule's owner, last resort when nobody else can be found. */
  readonly ruleOwner?: string;
  readonly alert?: Alert;
  /** Escalation steps that fired in this cycle, by `<step id>@<deadline version>`. */
  readonly fired: Readonly<Record<string, Firing>>;
  /** Since when the deadlines stand still, if they do. */
  readonly pausedAt?: number;
  /** Ids of the last requests, oldest first: a repeat is skipped. */
  readonly requests: readonly string[];
  /** Ids of the last commands, and of the signals of the last proofs, oldest first: a repeat is skipped. */
  readonly commands: readonly string[];
}

/** How often a step has repeated itself, missed repeats included, and when it will again. */
export interface Firing {
  readonly repeats: number;
  readonly nextAt?: number;
}

export const NOTHING_YET: AlertState = { seq: 0, cycles: 0, fired: {}, requests: [], commands: [] };

/** The alert, unless it is closed or never was. */
export const openAlert = (state: AlertState): Alert | undefined =>
  state.alert === undefined || state.alert.status === 'closed' ? undefined : state.alert;

/** Whether anybody hears of the alert. A shadow alert lives the same life in silence. */
export const tells = (stage: Alert['stage']): boolean => stage === 'live' || stage === 'canary';

/**
 * How many ids are remembered per kind. The log hands every record over once, so this is the second net: it
 * must outlast a person's double click and a producer's retry, not a replay of last month.
 */
const REMEMBERED_IDS = 32;

export const remember = (ids: readonly string[], id: string): readonly string[] =>
  [...ids, id].slice(-REMEMBERED_IDS);
