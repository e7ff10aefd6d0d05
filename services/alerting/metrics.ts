import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type Alert, type AlertEvent, type AlertStatus, OUTCOMES } from '../contracts/alert.ts';
import { type Deadline, HELD_REASONS, SEVERITIES, type Severity } from '../contracts/alert-request.ts';
import type { Emit } from '../platform/keyed-process/keyed-process.ts';
import { guardedCollect } from '../platform/metrics/registry.ts';
import { businessTimeBetween } from '../platform/time/business-time.ts';
import { type Clock, systemClock } from '../platform/time/clock.ts';
import { BUILT_IN_CALENDARS, type Calendars } from '../settings/calendars.ts';
import { tells } from './domain/alert-state.ts';
import { calendarOf, DEADLINES, isRunning } from './domain/deadlines.ts';

export interface AlertingMetrics {
  /** Called for each fact after its commit. Facts of other services are ignored. */
  onFact(fact: Emit): void;
  /**
   * Tells which alerts are open, so that the gauges are right after a restart. Closed alerts and shadow alerts among them are
   * ignored, and, from `restoring` to `restored`, those of which a fact has told something newer.
   */
  restore(alerts: Iterable<Alert>): void;
  restoring(): void;
  restored(): void;
  /** Alerts that are another instance's from now on. */
  forget(isGone: (alertKey: string) => boolean): void;
}

export interface AlertingMetricsOptions {
  /** For the business seconds of `tocsin_alert_time_to_milestone_seconds`; without it wall seconds are counted. */
  readonly calendars?: Calendars;
  readonly clock?: Clock;
  /** Rule and team ids whose figures are there, as 0, before anything happens. */
  readonly rules?: readonly string[];
  readonly teams?: readonly string[];
}

/**
 * What the SRE and the lead see of alerting.
 *
 * Counters count since the process started; the gauges count what is open. Shadow alerts are counted as opened,
 * with their stage, and where their rule's matches are held back, but nowhere else: a deadline that nobody was
 * told of cannot be missed.
 */
export function createAlertingMetrics(
  registry: Registry,
  options: AlertingMetricsOptions = {},
): AlertingMetrics {
  const { calendars = BUILT_IN_CALENDARS, clock = systemClock, rules = [], teams = [] } = options;
  const counters = createCounters(registry, rules);
  const open = new Map<string, OpenAlert>();
  /** Alerts that ended while others are restored: what was read of them before is old. */
  let ended: Set<string> | undefined;
  createGauges(registry, open, clock, teams);
  return {
    restore: (alerts) => {
      for (const alert of alerts) {
        const isNews = !open.has(alert.alertId) && ended?.has(alert.alertId) !== true;
        if (isWatched(alert) && isNews) open.set(alert.alertId, watch(alert));
      }
    },
    restoring: () => {
      ended ??= new Set();
    },
    restored: () => {
      ended = undefined;
    },
    forget: (isGone) => {
      for (const [alertId, { alertKey }] of open) if (isGone(alertKey)) open.delete(alertId);
    },
    onFact: (fact) => {
      if (fact.topic !== 'alerts') return;
      const event = fact.value;
      countEvent(counters, event);
      if (event.type === 'held_back' || !tells(event.alert.stage)) return;
      countMilestones(counters, open.get(event.alertId), event, calendars);
      if (isWatched(event.alert)) open.set(event.alertId, watch(event.alert));
      else {
        open.delete(event.alertId);
        ended?.add(event.alertId);
      }
    },
  };
}

/** As little of an open alert as the figures need. */
interface OpenAlert {
  readonly alertKey: string;
  readonly severity: Severity;
  readonly team: string;
  readonly state: AlertStatus;
  readonly openedAt: number;
  readonly met: readonly Deadline[];
}

const OPEN_STATES = ['open', 'acknowledged', 'snoozed'] as const;
const MILESTONE_OUTCOMES = ['met', 'missed', 'paused'] as const;

const isWatched = (alert: Alert): boolean => alert.status !== 'closed' && tells(alert.stage);

const watch = (alert: Alert): OpenAlert => ({
  alertKey: alert.alertKey,
  severity: alert.severity,
  team: alert.owner.team,
  state: alert.status,
  openedAt: alert.openedAt,
  met: DEADLINES.filter((milestone) => alert.deadlines[milestone]?.metAt !== undefined),
});

type Counters = ReturnType<typeof createCounters>;

function createCounters(registry: Registry, rules: readonly string[]) {
  const registers = [registry];
  const counters = {
    opened: new Counter({
      name: 'tocsin_alerts_opened_total',
      help: 'Alerts raised or reopened.',
      labelNames: ['rule', 'severity', 'stage'],
      registers,
    }),
    merged: new Counter({
      name: 'tocsin_alerts_merged_total',
      help: 'Matches that joined an open alert as evidence.',
      labelNames: ['rule'],
      registers,
    }),
    closed: new Counter({
      name: 'tocsin_alerts_closed_total',
      help: 'Alerts closed, by outcome.',
      labelNames: ['rule', 'outcome'],
      registers,
    }),
    suppressed: new Counter({
      name: 'tocsin_rule_matches_suppressed_total',
      help: 'Matches that were held back, by reason.',
      labelNames: ['rule', 'reason'],
      registers,
    }),
    milestones: new Counter({
      name: 'tocsin_alert_milestones_total',
      help: 'Deadlines met in time, missed, and paused.',
      labelNames: ['rule', 'milestone', 'outcome'],
      registers,
    }),
    timeTo: new Histogram({
      name: 'tocsin_alert_time_to_milestone_seconds',
      help: 'Seconds of business time from opening until a milestone was reached, in time or not.',
      labelNames: ['severity', 'milestone'],
      // Five minutes to four weeks of eight hours.
      buckets: [300, 900, 1800, 3600, 7200, 14400, 28800, 57600, 86400, 144000, 288000, 576000],
      registers,
    }),
  };
  for (const rule of rules) initialise(counters, rule);
  return counters;
}

/** What an alert rule asks about must be there as 0, or the first time is invisible to `increase()`. */
function initialise({ opened, merged, closed, suppressed, milestones }: Counters, rule: string): void {
  for (const severity of SEVERITIES) opened.inc({ rule, severity, stage: 'live' }, 0);
  merged.inc({ rule }, 0);
  for (const outcome of OUTCOMES) closed.inc({ rule, outcome }, 0);
  for (const reason of HELD_REASONS) suppressed.inc({ rule, reason }, 0);
  for (const milestone of DEADLINES) {
    for (const outcome of MILESTONE_OUTCOMES) milestones.inc({ rule, milestone, outcome }, 0);
  }
}

function countEvent(counters: Counters, event: AlertEvent): void {
  const { ruleId: rule, severity, stage, outcome, plan } = event.alert;
  if (event.type === 'held_back' && event.held !== undefined) {
    counters.suppressed.inc({ rule, reason: event.held });
  }
  if (event.type === 'raised' || event.type === 'reopened') counters.opened.inc({ rule, severity, stage });
  if (event.type === 'evidence_added' && tells(stage)) counters.merged.inc({ rule });
  if (event.type === 'closed' && tells(stage)) {
    // A rule that lists no outcomes takes any text, and free text is no label.
    const isListed = outcome !== undefined && [...OUTCOMES, ...plan.outcomes].includes(outcome);
    counters.closed.inc({ rule, outcome: isListed ? outcome : 'other' });
  }
}

function countMilestones(
  { milestones, timeTo }: Counters,
  before: OpenAlert | undefined,
  event: AlertEvent,
  calendars: Calendars,
): void {
  const { alert } = event;
  const rule = alert.ruleId;
  if (event.type === 'breached' && event.milestone !== undefined) {
    milestones.inc({ rule, milestone: event.milestone, outcome: 'missed' });
  }
  for (const milestone of DEADLINES) {
    const deadline = alert.deadlines[milestone];
    if (deadline === undefined) continue;
    if (event.type === 'snoozed' && isRunning(deadline) && isPaused(alert)) {
      milestones.inc({ rule, milestone, outcome: 'paused' });
    }
    if (deadline.metAt === undefined || before?.met.includes(milestone)) continue;
    // Reached late: it has been counted as missed, and how late shows in the histogram.
    if (deadline.breachedAt === undefined) milestones.inc({ rule, milestone, outcome: 'met' });
    const calendar = calendarOf(calendars, alert.plan.calendar);
    const ms = businessTimeBetween(calendar, alert.openedAt, deadline.metAt);
    timeTo.observe({ severity: alert.severity, milestone }, ms / 1000);
  }
}

const isPaused = ({ snooze, plan }: Alert): boolean =>
  snooze !== undefined && (plan.pauseOn.includes('snoozed') || plan.pauseOn.includes(snooze.reason));

function createGauges(
  registry: Registry,
  open: ReadonlyMap<string, OpenAlert>,
  clock: Clock,
  teams: readonly string[],
): void {
  const registers = [registry];
  const count = 'tocsin_alerts_open';
  new Gauge({
    name: count,
    help: 'Alerts that are not closed.',
    labelNames: ['severity', 'team', 'state'],
    registers,
    collect: guardedCollect(registry, count, function (this: Gauge<'severity' | 'team' | 'state'>) {
      this.reset();
      for (const team of teams) {
        for (const severity of SEVERITIES) {
          for (const state of OPEN_STATES) this.set({ severity, team, state }, 0);
        }
      }
      for (const { severity, team, state } of open.values()) this.inc({ severity, team, state });
    }),
  });
  const oldest = 'tocsin_alerts_open_oldest_seconds';
  new Gauge({
    name: oldest,
    help: 'Age of the oldest alert that is not closed; 0 when there is none.',
    labelNames: ['severity', 'team'],
    registers,
    collect: guardedCollect(registry, oldest, function (this: Gauge<'severity' | 'team'>) {
      this.reset();
      for (const team of teams) for (const severity of SEVERITIES) this.set({ severity, team }, 0);
      const ages = oldestAges(open.values(), clock.now());
      for (const { severity, team, seconds } of ages.values()) this.set({ severity, team }, seconds);
    }),
  });
}

function oldestAges(alerts: Iterable<OpenAlert>, now: number) {
  const ages = new Map<string, { severity: Severity; team: string; seconds: number }>();
  for (const { severity, team, openedAt } of alerts) {
    const seconds = Math.max(0, (now - openedAt) / 1000);
    const known = ages.get(`${severity} ${team}`);
    if (known === undefined || known.seconds < seconds) {
      ages.set(`${severity} ${team}`, { severity, team, seconds });
    }
  }
  return ages;
}
