import type { Stage } from '../../contracts/alert-request.ts';
import { localDate } from '../../platform/time/business-time.ts';
import { DAY } from '../../platform/time/clock.ts';
import type { RulesFolder } from '../rules-folder.ts';
import type { Leaving, Replay, ReplayedAlert } from './replay.ts';

/** How much work a set of rules would have been, and for whom. */
export interface ReplayReport {
  readonly hash: string;
  readonly history: string;
  readonly signals: number;
  readonly signalsPerSecond: number;
  /** First and last local day of what is reported, `2026-03-02`. */
  readonly from: string;
  readonly to: string;
  readonly days: readonly string[];
  readonly rules: readonly RuleReport[];
  /** The rule whose alerts are work of the teams beside those of the live rules, where the report is about one rule. */
  readonly withLive?: string;
  readonly teams: readonly TeamReport[];
  /** Customers who left in the period (the CRM says that they are not active any more). */
  readonly left: number;
  /** Of these, the share about whom some rule of the report had opened an alert in the 90 days before; absent when nobody left. */
  readonly recall?: number;
  readonly tooOld: number;
}

export interface RuleReport {
  readonly rule: string;
  readonly stage: Stage;
  readonly alerts: number;
  readonly customers: number;
  /** New alerts of each day, in the order of `days`. */
  readonly perDay: readonly number[];
  /** How many matches were held back, by reason. */
  readonly held: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  /**
   * Of the closed alerts whose outcome tells, the share that was no false alarm. Absent where none was closed with such
   * an outcome.
   */
  readonly precision?: number;
  /** Of those who left, the share about whom this rule had opened an alert in the 90 days before. */
  readonly recall?: number;
}

/** Whoever leaves later than this after an alert leaves for another reason. */
const BEFORE_LEAVING_MS = 90 * DAY;

export interface TeamReport {
  readonly team: string;
  readonly alerts: number;
  /** From teams.yaml. */
  readonly capacityPerDay?: number;
  readonly perDay: readonly number[];
  readonly busiest: { readonly day: string; readonly alerts: number };
  readonly daysOverCapacity: number;
}

export interface ReportOptions {
  readonly from?: number;
  /** Shadow alerts count as work of their teams. */
  readonly shadow?: boolean;
  /** Only the rules of this stage are reported, and their alerts are the work. */
  readonly stage?: Stage | undefined;
  /** Only this rule is reported, and the work is that of the live rules and of this one, as if it were live. */
  readonly rule?: string | undefined;
}

/**
 * Sums a replay up by rule, team and day. Shadow alerts count for their rule, and for their team only with `shadow`:
 * today they are nobody's work, and once the rule is live they are.
 */
export function replayReport(
  replay: Replay,
  rules: RulesFolder,
  history: string,
  { from = replay.from, shadow = false, stage, rule: only }: ReportOptions = {},
): ReplayReport {
  const zone = rules.teams.defaultTeam.lead.calendar.zone;
  const dayOf = (instant: number): string => localDate(zone, instant);
  const days = replay.signals === 0 ? [] : daysBetween(Math.max(from, replay.from), replay.to, dayOf);
  const column = new Map(days.map((day, index) => [day, index]));
  const perDay = (alerts: readonly ReplayedAlert[]): number[] => {
    const counts = days.map(() => 0);
    for (const { openedAt } of alerts) {
      const index = column.get(dayOf(openedAt));
      if (index !== undefined) counts[index] = (counts[index] ?? 0) + 1;
    }
    return counts;
  };
  const inStage = rules.ruleSet.rules.filter((rule) =>
    stage === undefined ? rule.stage !== 'draft' && rule.stage !== 'retired' : rule.stage === stage,
  );
  const judged = inStage.filter(({ id }) => only === undefined || id === only);
  const ids = new Set(inStage.map(({ id }) => id));
  const alerts = replay.alerts.filter(({ rule }) => ids.has(rule));
  const byRule = Map.groupBy(alerts, ({ rule }) => rule);
  const heldByRule = Map.groupBy(replay.held, ({ rule }) => rule);
  const working = alerts.filter(
    (alert) => shadow || stage === 'shadow' || alert.stage !== 'shadow' || alert.rule === only,
  );
  const byTeam = Map.groupBy(working, ({ team }) => team);
  return {
    hash: rules.ruleSet.hash,
    history,
    ...(only === undefined ? {} : { withLive: only }),
    signals: replay.signals,
    signalsPerSecond: replay.seconds === 0 ? 0 : Math.round(replay.signals / replay.seconds),
    from: days[0] ?? '',
    to: days.at(-1) ?? '',
    days,
    rules: judged
      .map((rule): RuleReport => {
        const raised = byRule.get(rule.id) ?? [];
        const held = counted((heldByRule.get(rule.id) ?? []).map(({ reason }) => reason));
        return {
          rule: rule.id,
          stage: rule.stage,
          held,
          perDay: perDay(raised),
          ...aboutAlerts(raised),
          ...recallOf(raised, replay.left),
        };
      })
      .sort((a, b) => b.alerts - a.alerts || (a.rule < b.rule ? -1 : 1)),
    teams: [...rules.teams.byId.values()].map((team) =>
      teamReport(team.id, team.alertsPerDay, days, perDay(byTeam.get(team.id) ?? [])),
    ),
    left: replay.left.length,
    ...recallOf(working, replay.left),
    tooOld: replay.tooOld,
  };
}

function recallOf(alerts: readonly ReplayedAlert[], left: readonly Leaving[]): { recall?: number } {
  if (left.length === 0) return {};
  const bySubject = Map.groupBy(alerts, ({ subject }) => subject);
  const warned = left.filter(({ customerId, at }) =>
    bySubject.get(customerId)?.some(({ openedAt }) => openedAt <= at && openedAt > at - BEFORE_LEAVING_MS),
  );
  return { recall: warned.length / left.length };
}

function aboutAlerts(alerts: readonly ReplayedAlert[]) {
  const outcomes = counted(alerts.flatMap(({ outcome }) => outcome ?? []));
  const hits = HITS.reduce((sum, outcome) => sum + (outcomes[outcome] ?? 0), 0);
  const told = MISSES.reduce((sum, outcome) => sum + (outcomes[outcome] ?? 0), hits);
  return {
    alerts: alerts.length,
    customers: new Set(alerts.map(({ subject }) => subject)).size,
    outcomes,
    ...(told === 0 ? {} : { precision: hits / told }),
  };
}

/** Outcomes that say that the customer was about to leave, and that they were not. Nobody knows of `unreachable`. */
const HITS: readonly string[] = ['saved', 'churned'];
const MISSES: readonly string[] = ['not_at_risk', 'false_alarm'];

function teamReport(
  team: string,
  capacityPerDay: number | undefined,
  days: readonly string[],
  perDay: readonly number[],
): TeamReport {
  const most = Math.max(0, ...perDay);
  return {
    team,
    alerts: perDay.reduce((sum, count) => sum + count, 0),
    ...(capacityPerDay === undefined ? {} : { capacityPerDay }),
    perDay,
    busiest: { day: most === 0 ? '' : (days[perDay.indexOf(most)] ?? ''), alerts: most },
    daysOverCapacity: perDay.filter((count) => count > (capacityPerDay ?? Number.POSITIVE_INFINITY)).length,
  };
}

function daysBetween(from: number, to: number, dayOf: (instant: number) => string): string[] {
  const days = new Set<string>();
  // Half days, so that the day on which clocks change is not jumped over.
  for (let at = from; at < to; at += DAY / 2) days.add(dayOf(at));
  return [...days.add(dayOf(to))];
}

function counted(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
