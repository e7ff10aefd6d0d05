import type { AlertStatus } from '../../contracts/alert.ts';
import type { Deadline, HeldReason } from '../../contracts/alert-request.ts';
import type { Names } from '../../settings/names.ts';
import { type AlertRow, isOverdue } from './alert-row.ts';
import { type Share, shareOf } from './share.ts';

/** How well loops were closed in a period. Every number is of alerts that were opened in the period. */
export interface Kpis {
  readonly opened: number;
  /** Cycles that began because a loop broke open again; they count as opened too. */
  readonly reopened: number;
  readonly overdueNow: number;
  readonly byStatus: Readonly<Record<AlertStatus, number>>;
  readonly bySeverity: Readonly<Record<string, number>>;
  readonly byOutcome: Readonly<Record<string, number>>;
  readonly byRootCause: Readonly<Record<string, number>>;
  readonly timeTo: {
    readonly acknowledge: TimeTo;
    readonly contact: TimeTo;
    readonly close: TimeTo;
  };
  readonly deadlines: { readonly [D in Deadline]: HitRate };
  /** Contacts that a record of the customer's own channel shows, of all contacts that reached the customer. */
  readonly proven: Share;
  /** Closed as `false_alarm`, of all closed. Above one in five, people stop believing alerts. */
  readonly falseAlarms: Share;
  /** Closed as `saved`, of all closed: what people said when closing. What the customer did later is in `Kept`. */
  readonly saidSaved: Share;
  readonly heldBack: { readonly total: number; readonly byReason: { readonly [R in HeldReason]?: number } };
  readonly byRule: readonly GroupKpis[];
  readonly byTeam: readonly GroupKpis[];
  /** By who owns the alert now, or owned it when it was closed; those that only a team owns under an empty id. */
  readonly byPerson: readonly GroupKpis[];
}

/** The numbers that are compared between rules, teams and people. */
export interface GroupKpis {
  readonly id: string;
  readonly title: string;
  readonly opened: number;
  readonly open: number;
  readonly closed: number;
  readonly overdueNow: number;
  readonly contactHitRate: HitRate;
  /** Wall time, ms. */
  readonly medianToContactMs?: number;
  readonly falseAlarms: Share;
  readonly saidSaved: Share;
}

/** From the opening on, in both clocks. */
export interface TimeTo {
  readonly wall: Spread;
  readonly business: Spread;
}

/** Percentiles by nearest rank; absent when nothing was measured. */
export interface Spread {
  readonly n: number;
  readonly p50Ms?: number;
  readonly p90Ms?: number;
  readonly p95Ms?: number;
}

/**
 * What became of a deadline. `met` in time, `missed` (met too late, or passed unmet), `running`, or `void`:
 * the alert was closed before it was due and without it.
 */
export interface HitRate {
  readonly met: number;
  readonly missed: number;
  readonly running: number;
  readonly void: number;
  /** met / (met + missed); absent when neither happened. */
  readonly rate?: number;
}

/** Counts business time between two instants in a named calendar, ms. Nothing for a calendar it does not know. */
export type BusinessMsBetween = (calendar: string, from: number, to: number) => number | undefined;

export interface KpiInput {
  readonly rows: readonly AlertRow[];
  readonly heldByReason: { readonly [R in HeldReason]?: number };
  readonly now: number;
  readonly businessMsBetween: BusinessMsBetween;
  readonly names: Names;
}

export const kpisOf = ({ rows, heldByReason, now, businessMsBetween, names }: KpiInput): Kpis => {
  const timeTo = (doneAt: (row: AlertRow) => number | undefined) => timeToOf(rows, doneAt, businessMsBetween);
  return {
    opened: rows.length,
    reopened: rows.filter((row) => row.cycle > 1).length,
    overdueNow: overdueOf(rows, now),
    byStatus: { open: 0, acknowledged: 0, snoozed: 0, closed: 0, ...countBy(rows, (row) => row.status) },
    bySeverity: countBy(rows, (row) => row.severity),
    byOutcome: countBy(closedOf(rows), (row) => row.outcome ?? 'none'),
    byRootCause: countBy(closedOf(rows), (row) => row.rootCause ?? 'none'),
    timeTo: {
      acknowledge: timeTo((row) => row.acknowledgedAt),
      contact: timeTo((row) => row.contactedAt),
      close: timeTo((row) => row.closedAt),
    },
    deadlines: {
      ack_by: hitRateOf(rows, 'ack_by', now),
      contact_by: hitRateOf(rows, 'contact_by', now),
      close_by: hitRateOf(rows, 'close_by', now),
    },
    proven: provenOf(rows),
    falseAlarms: outcomeShare(rows, 'false_alarm'),
    saidSaved: outcomeShare(rows, 'saved'),
    heldBack: {
      total: Object.values(heldByReason).reduce((sum, n) => sum + n, 0),
      byReason: heldByReason,
    },
    byRule: groupsOf(rows, now, (row) => ({ id: row.ruleId, title: row.ruleTitle })),
    byTeam: groupsOf(rows, now, (row) => ({ id: row.team, title: names.team(row.team) })),
    byPerson: groupsOf(rows, now, (row) => ownerOf(row, names)),
  };
};

const ownerOf = ({ person }: AlertRow, names: Names) =>
  person === undefined ? { id: '', title: 'nobody in person' } : { id: person, title: names.person(person) };

/** What became of one deadline of one alert. */
export const fateOf = (
  row: AlertRow,
  deadline: Deadline,
  now: number,
): keyof Omit<HitRate, 'rate'> | 'none' => {
  const box = row.deadlines[deadline];
  if (box === undefined) return 'none';
  if (box.metAt !== undefined && box.metAt <= box.dueAt) return 'met';
  if (box.metAt !== undefined || box.breachedAt !== undefined) return 'missed';
  if (row.closedAt !== undefined && row.closedAt <= box.dueAt) return 'void';
  return box.dueAt <= now && row.paused !== true ? 'missed' : 'running';
};

/** The value below which at least `rank` (0–1) of the sorted values lie, by nearest rank. */
export const percentile = (sorted: readonly number[], rank: number): number | undefined =>
  sorted[Math.max(0, Math.ceil(rank * sorted.length) - 1)];

const closedOf = (rows: readonly AlertRow[]): readonly AlertRow[] =>
  rows.filter((row) => row.status === 'closed');

const overdueOf = (rows: readonly AlertRow[], now: number): number =>
  rows.filter((row) => isOverdue(row, now)).length;

const countBy = (rows: readonly AlertRow[], by: (row: AlertRow) => string): Record<string, number> => {
  // Root causes are people's own words: an object without a prototype takes `constructor` as well.
  const counts: Record<string, number> = Object.create(null);
  for (const row of rows) counts[by(row)] = (counts[by(row)] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)));
};

const timeToOf = (
  rows: readonly AlertRow[],
  doneAt: (row: AlertRow) => number | undefined,
  businessMsBetween: BusinessMsBetween,
): TimeTo => {
  const wall: number[] = [];
  const business: number[] = [];
  for (const row of rows) {
    const at = doneAt(row);
    if (at === undefined) continue;
    wall.push(Math.max(0, at - row.openedAt));
    const worked = businessMsBetween(row.calendar, row.openedAt, Math.max(row.openedAt, at));
    if (worked !== undefined) business.push(worked);
  }
  return { wall: spreadOf(wall), business: spreadOf(business) };
};

const spreadOf = (values: readonly number[]): Spread => {
  const sorted = values.toSorted((a, b) => a - b);
  const [p50Ms, p90Ms, p95Ms] = [0.5, 0.9, 0.95].map((rank) => percentile(sorted, rank));
  if (p50Ms === undefined || p90Ms === undefined || p95Ms === undefined) return { n: 0 };
  return { n: sorted.length, p50Ms, p90Ms, p95Ms };
};

const hitRateOf = (rows: readonly AlertRow[], deadline: Deadline, now: number): HitRate => {
  const n = { met: 0, missed: 0, running: 0, void: 0, none: 0 };
  for (const row of rows) n[fateOf(row, deadline, now)] += 1;
  const decided = n.met + n.missed;
  return {
    met: n.met,
    missed: n.missed,
    running: n.running,
    void: n.void,
    ...(decided === 0 ? {} : { rate: n.met / decided }),
  };
};

const provenOf = (rows: readonly AlertRow[]): Share => {
  const contacted = rows.filter((row) => row.contactedAt !== undefined);
  return shareOf(contacted.filter((row) => row.contactProven === true).length, contacted.length);
};

const outcomeShare = (rows: readonly AlertRow[], outcome: string): Share => {
  const closed = closedOf(rows);
  return shareOf(closed.filter((row) => row.outcome === outcome).length, closed.length);
};

const groupsOf = (
  rows: readonly AlertRow[],
  now: number,
  groupOf: (row: AlertRow) => { readonly id: string; readonly title: string },
): readonly GroupKpis[] => {
  const groups = Map.groupBy(rows, (row) => groupOf(row).id);
  return [...groups.values()]
    .flatMap((members) => (members[0] === undefined ? [] : [groupKpis(groupOf(members[0]), members, now)]))
    .sort((a, b) => b.opened - a.opened || (a.id < b.id ? -1 : 1));
};

const groupKpis = (
  group: { readonly id: string; readonly title: string },
  rows: readonly AlertRow[],
  now: number,
): GroupKpis => {
  const closed = closedOf(rows).length;
  const toContact = rows
    .flatMap((row) => (row.contactedAt === undefined ? [] : [Math.max(0, row.contactedAt - row.openedAt)]))
    .sort((a, b) => a - b);
  const median = percentile(toContact, 0.5);
  return {
    ...group,
    opened: rows.length,
    open: rows.length - closed,
    closed,
    overdueNow: overdueOf(rows, now),
    contactHitRate: hitRateOf(rows, 'contact_by', now),
    ...(median === undefined ? {} : { medianToContactMs: median }),
    falseAlarms: outcomeShare(rows, 'false_alarm'),
    saidSaved: outcomeShare(rows, 'saved'),
  };
};
