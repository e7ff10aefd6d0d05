import { DAY } from '../../platform/time/clock.ts';
import type { Names } from '../../settings/names.ts';
import type { AlertRow } from './alert-row.ts';
import { type Share, shareOf } from './share.ts';
import { type Standing, wasCustomer } from './standing.ts';

/** So many days after a loop was closed it shows whether the customer was kept. */
export const KEPT_AFTER_DAYS = [30, 90] as const;

/**
 * What became of customers, so many days after their loops were closed: what they did, not what people said when closing.
 * Of alerts that were opened so many days before the period, false alarms and alerts about segments left out.
 */
export interface Kept {
  readonly days: number;
  /** Closed too lately, or not at all: their days are not over. */
  readonly running: number;
  /** The CRM never said whether these are customers. They count nowhere else. */
  readonly unknown: number;
  readonly all: KeptRates;
  readonly byRule: readonly KeptGroup[];
  readonly byTeam: readonly KeptGroup[];
  readonly byRootCause: readonly KeptGroup[];
}

export interface KeptRates {
  /** Closed as `saved`, and a customer on that day. */
  readonly saved: Share;
  /** Closed however, a customer on that day, and no alert opened about them in between. */
  readonly recovered: Share;
}

export interface KeptGroup extends KeptRates {
  readonly id: string;
  readonly title: string;
}

export interface KeptInput {
  /** Alerts opened from the longest of `KEPT_AFTER_DAYS` before the period until now. */
  readonly rows: readonly AlertRow[];
  readonly standings: readonly Standing[];
  readonly from: number;
  readonly to: number;
  readonly now: number;
  readonly names: Pick<Names, 'team'>;
}

/** Where to begin to look for `KeptInput.rows`. */
export const keptSince = (from: number): number => from - Math.max(...KEPT_AFTER_DAYS) * DAY;

export function keptOf(input: KeptInput): readonly Kept[] {
  const standings = new Map(input.standings.map((standing) => [standing.customerId, standing]));
  const bySubject = Map.groupBy(input.rows, ({ subject }) => subject);
  return KEPT_AFTER_DAYS.map((days) => {
    const span = days * DAY;
    const rows = input.rows.filter(
      (row) =>
        isOfCustomer(row) &&
        row.outcome !== 'false_alarm' &&
        row.openedAt >= input.from - span &&
        row.openedAt < input.to - span,
    );
    const over = rows.filter(({ closedAt }) => closedAt !== undefined && closedAt + span <= input.now);
    const judged = over.flatMap((row) => {
      const standing = standings.get(row.subject);
      return standing === undefined ? [] : [judge(row, standing, span, bySubject.get(row.subject) ?? [])];
    });
    const group = groupsOf(judged);
    return {
      days,
      running: rows.length - over.length,
      unknown: over.length - judged.length,
      all: ratesOf(judged),
      byRule: group((row) => ({ id: row.ruleId, title: row.ruleTitle })),
      byTeam: group((row) => ({ id: row.team, title: input.names.team(row.team) })),
      byRootCause: group(({ rootCause = 'none' }) => ({ id: rootCause, title: rootCause })),
    };
  });
}

interface Judged {
  readonly row: AlertRow;
  readonly stayed: boolean;
  readonly recovered: boolean;
}

function judge(row: AlertRow, standing: Standing, span: number, ofCustomer: readonly AlertRow[]): Judged {
  const closedAt = row.closedAt ?? row.openedAt;
  const stayed = wasCustomer(standing, closedAt + span);
  const again = ofCustomer.some(({ openedAt }) => openedAt > closedAt && openedAt <= closedAt + span);
  return { row, stayed, recovered: stayed && !again };
}

/** An alert about a segment has no customer, and so nobody's risk. */
const isOfCustomer = ({ riskScore }: AlertRow): boolean => riskScore !== undefined;

function ratesOf(judged: readonly Judged[]): KeptRates {
  const saved = judged.filter(({ row }) => row.outcome === 'saved');
  return {
    saved: shareOf(saved.filter(({ stayed }) => stayed).length, saved.length),
    recovered: shareOf(judged.filter(({ recovered }) => recovered).length, judged.length),
  };
}

const groupsOf =
  (judged: readonly Judged[]) =>
  (groupOf: (row: AlertRow) => { readonly id: string; readonly title: string }): readonly KeptGroup[] =>
    [...Map.groupBy(judged, ({ row }) => groupOf(row).id).values()]
      .flatMap((members) =>
        members[0] === undefined ? [] : [{ ...groupOf(members[0].row), ...ratesOf(members) }],
      )
      .sort((a, b) => b.recovered.of - a.recovered.of || (a.id < b.id ? -1 : 1));
