import { MINUTE } from '../../platform/time/clock.ts';
import type { Replay, ReplayedAlert } from './replay.ts';
import type { StoredHistory } from './stored-history.sqlite.ts';

/** Whether a replay of what is stored did what was done when it went live. */
export interface AsItWas {
  /** Cycles of alerts that were opened in the period, then and in the replay. */
  readonly alertsThen: number;
  readonly alertsReplayed: number;
  /** Opened only then, only in the replay, or at another instant, with another severity or with more or less evidence. */
  readonly alertsThatDiffer: number;
  readonly heldThen: number;
  readonly heldReplayed: number;
  /** The first that differ, in words. */
  readonly differences: readonly string[];
}

const MOST_DIFFERENCES = 10;

/**
 * Compares alert by alert with those that the stored log records. Where many machines wrote it, each stage went by its own
 * clock, some milliseconds after the one before: the instants of opening are then not compared.
 */
export async function asItWas(
  stored: StoredHistory,
  { alerts, held, to }: Replay,
  from = Number.NEGATIVE_INFINITY,
): Promise<AsItWas> {
  const words = (alert: Compared): string => wordsOf(alert, stored.oneClock);
  const then = new Map<string, string>();
  let heldThen = 0;
  for await (const { value, appendedAt } of stored.read('alerts')) {
    // The clock of the replay stops with the last record. Many machines need a moment for what it causes.
    if (appendedAt > to + (stored.oneClock ? 0 : MINUTE)) break;
    const { alert, type } = value;
    if (type !== 'held_back' && alert.openedAt >= from) {
      then.set(alert.alertId, words({ ...alert, evidence: alert.evidenceCount }));
    }
    if (type === 'held_back' && value.at >= from) heldThen += 1;
  }
  const now = new Map(alerts.map((alert) => [alert.alertId, words(alert)]));
  const differing = [...new Set([...then.keys(), ...now.keys()])].filter(
    (id) => then.get(id) !== now.get(id),
  );
  return {
    alertsThen: then.size,
    alertsReplayed: now.size,
    alertsThatDiffer: differing.length,
    heldThen,
    heldReplayed: held.length,
    differences: differing
      .slice(0, MOST_DIFFERENCES)
      .map((id) => `${id}: then ${then.get(id) ?? 'not raised'}, replayed ${now.get(id) ?? 'not raised'}`),
  };
}

export const isTheSame = ({ alertsThatDiffer, heldThen, heldReplayed }: AsItWas): boolean =>
  alertsThatDiffer === 0 && heldThen === heldReplayed;

export const asItWasWords = (found: AsItWas): string =>
  [
    '',
    `as it was: ${found.alertsThen} alerts were raised and ${found.alertsReplayed} replayed; ${found.alertsThatDiffer} differ`,
    `held back: ${found.heldThen} then, ${found.heldReplayed} replayed`,
    ...found.differences,
    '',
  ].join('\n');

type Compared = Pick<ReplayedAlert, 'openedAt' | 'severity' | 'evidence'>;

const wordsOf = ({ openedAt, severity, evidence }: Compared, withInstant: boolean): string =>
  `${withInstant ? `${new Date(openedAt).toISOString()} ` : ''}${severity} with ${evidence} ${evidence === 1 ? 'signal' : 'signals'}`;
