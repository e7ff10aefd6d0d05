import type { CsvCell } from '../../platform/text/csv.ts';
import { type AlertRow, DEADLINES, isOverdue } from './alert-row.ts';
import type { AuditRow } from './audit.ts';
import type { Kept, KeptGroup, KeptRates } from './kept.ts';
import type { GroupKpis, Kpis } from './kpi.ts';
import { rfc3339 } from './words.ts';

// What leads take along, as rows of cells: the first is the head. Instants are RFC 3339 in UTC, lengths are minutes.

export const ALERTS_HEAD: readonly string[] = [
  'label',
  'alert_id',
  'status',
  'severity',
  'rule',
  'rule_title',
  'customer',
  'customer_name',
  'value_tier',
  'risk_score',
  'team',
  'person',
  'why',
  'opened_at',
  'next_deadline',
  'next_due_at',
  'overdue',
  ...DEADLINES.flatMap((deadline) => [`${deadline}_due_at`, `${deadline}_met_at`]),
  'escalations',
  'acknowledged_at',
  'acknowledged_by',
  'contacted_at',
  'contact_proven',
  'contact_attempts',
  'closed_at',
  'closed_by',
  'outcome',
  'root_cause',
];

export const alertCells = (row: AlertRow, now: number): readonly CsvCell[] => [
  row.label,
  row.alertId,
  row.status,
  row.severity,
  row.ruleId,
  row.ruleTitle,
  row.subject,
  row.customerName,
  row.valueTier,
  row.riskScore,
  row.team,
  row.person,
  row.why,
  rfc3339(row.openedAt),
  row.next?.deadline,
  instant(row.next?.dueAt),
  isOverdue(row, now),
  ...DEADLINES.flatMap((deadline) => [
    instant(row.deadlines[deadline]?.dueAt),
    instant(row.deadlines[deadline]?.metAt),
  ]),
  row.rung,
  instant(row.acknowledgedAt),
  row.acknowledgedBy,
  instant(row.contactedAt),
  row.contactProven,
  row.contactAttempts,
  instant(row.closedAt),
  row.closedBy,
  row.outcome,
  row.rootCause,
];

export const AUDIT_HEAD: readonly string[] = [
  'at',
  'recorded_at',
  'actor_kind',
  'actor',
  'via',
  'alert_key',
  'alert_id',
  'label',
  'action',
  'rule',
  'customer',
  'before',
  'after',
  'detail',
  'note',
  'refusal',
];

export const auditCells = (row: AuditRow): readonly CsvCell[] => [
  rfc3339(row.at),
  rfc3339(row.recordedAt),
  row.actorKind,
  row.actorId,
  row.via,
  row.alertKey,
  row.alertId,
  row.label,
  row.action,
  row.ruleId,
  row.subject,
  row.before,
  row.after,
  row.detail,
  row.note,
  row.refusal,
];

export const KPIS_HEAD: readonly string[] = [
  'group',
  'id',
  'title',
  'opened',
  'open',
  'closed',
  'late_now',
  'contact_in_time',
  'contact_missed',
  'median_to_contact_minutes',
  'said_saved',
  'false_alarms',
];

/** A row for each rule, team and person. */
export const kpiCells = (kpis: Kpis): readonly (readonly CsvCell[])[] => [
  ...kpis.byRule.map((group) => groupCells('rule', group)),
  ...kpis.byTeam.map((group) => groupCells('team', group)),
  ...kpis.byPerson.map((group) => groupCells('person', group)),
];

const groupCells = (kind: string, group: GroupKpis): readonly CsvCell[] => [
  kind,
  group.id,
  group.title,
  group.opened,
  group.open,
  group.closed,
  group.overdueNow,
  group.contactHitRate.met,
  group.contactHitRate.missed,
  group.medianToContactMs === undefined ? undefined : Math.round(group.medianToContactMs / 60_000),
  group.saidSaved.n,
  group.falseAlarms.n,
];

export const KEPT_HEAD: readonly string[] = [
  'days_after_closing',
  'group',
  'id',
  'title',
  'loops',
  'said_saved',
  'said_saved_and_still_customers',
  'recovered',
];

/** What customers did after closing, in all and for each rule, team and cause. */
export const keptCells = ({
  days,
  all,
  byRule,
  byTeam,
  byRootCause,
}: Kept): readonly (readonly CsvCell[])[] => {
  const groups = (kind: string, list: readonly KeptGroup[]) =>
    list.map((group) => [days, kind, group.id, group.title, ...rateCells(group)]);
  return [
    [days, 'all', '', 'All', ...rateCells(all)],
    ...groups('rule', byRule),
    ...groups('team', byTeam),
    ...groups('cause', byRootCause),
  ];
};

const rateCells = ({ saved, recovered }: KeptRates): readonly CsvCell[] => [
  recovered.of,
  saved.of,
  saved.n,
  recovered.n,
];

const instant = (at: number | undefined): string | undefined => (at === undefined ? undefined : rfc3339(at));
