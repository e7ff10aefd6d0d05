import type { z } from 'zod';
import type { Alert } from '../../contracts/alert.ts';
import type { Profile } from '../../contracts/assessment.ts';
import { type AlertRow, DEADLINES, isOverdue } from '../domain/alert-row.ts';
import type { HeldRow } from '../domain/alert-view.ts';
import type { AuditRow } from '../domain/audit.ts';
import type { StoryEntry } from '../domain/story.ts';
import { DEADLINE_WORDS, distanceInWords, HELD_WORDS, rfc3339 } from '../domain/words.ts';
import type { AlertFile, CustomerFile, CustomerRecords, LoopReport } from '../service.ts';
import type {
  AlertDetail,
  AlertSummary,
  AuditLine,
  Customer,
  CustomerProfile,
  CustomerRecorded,
  HeldLine,
  HoldList,
  KpiReport,
  StoryLine,
} from './answer-schemas.ts';

// Turns what the domain knows into what the API answers: instants become RFC 3339, places in the log are left out.

export const presentSummary = (row: AlertRow, now: number): z.infer<typeof AlertSummary> => {
  const { partition, offset, deadlines, calendar, seq, changedAt, next, ...rest } = row;
  const { acknowledgedAt, contactedAt, snoozedUntil, closedAt, ...shown } = rest;
  return {
    ...shown,
    openedAt: rfc3339(row.openedAt),
    ...(next === undefined ? {} : { next: presentNext(next, now) }),
    overdue: isOverdue(row, now),
    ...instants(row, ['acknowledgedAt', 'contactedAt', 'snoozedUntil', 'closedAt']),
  };
};

export const presentDetail = (file: AlertFile, now: number): z.infer<typeof AlertDetail> => ({
  ...presentSummary(file.row, now),
  ...(file.alert === undefined ? NOT_KEPT(file.row) : presentAlert(file.alert)),
  cycles: file.cycles.map((row) => ({
    alertId: row.alertId,
    status: row.status,
    openedAt: rfc3339(row.openedAt),
    ...instants(row, ['closedAt']),
  })),
  history: file.events.map(presentEvent),
  story: file.story.map(presentStoryLine),
});

export const presentCustomer = (file: CustomerFile, now: number): z.infer<typeof Customer> => ({
  customerId: file.customerId,
  ...(file.riskScore === undefined ? {} : { riskScore: file.riskScore }),
  ...(file.profile === undefined ? {} : { profile: presentProfile(file.profile) }),
  alerts: file.alerts.map((row) => presentSummary(row, now)),
  story: file.story.map(presentStoryLine),
});

export const presentRecorded = (records: CustomerRecords): z.infer<typeof CustomerRecorded> => ({
  assessments: records.assessments.map(({ appendedAt, value }) => ({ appendedAt, value: { ...value } })),
  events: records.events.map(({ at, action, ruleId, label, stage, held, heldBy }) => ({
    at,
    type: action,
    ruleId,
    label,
    stage,
    ...(held === undefined ? {} : { held }),
    ...(heldBy === undefined ? {} : { heldBy }),
  })),
  ruleSetHashes: [...records.ruleSetHashes],
});

export const presentEvent = ({ actorKind, actorId, ...row }: AuditRow): z.infer<typeof AuditLine> => ({
  ...row,
  at: rfc3339(row.at),
  recordedAt: rfc3339(row.recordedAt),
  actor: { kind: actorKind, id: actorId },
});

export const presentHold = (row: AlertRow): z.infer<typeof HoldList>['holds'][number] => ({
  customerId: row.subject,
  alertId: row.alertId,
  label: row.label,
  since: rfc3339(row.openedAt),
});

export const presentHeld = (row: HeldRow): z.infer<typeof HeldLine> => ({
  ...row,
  at: rfc3339(row.at),
  words: HELD_WORDS[row.reason],
});

export const presentStoryLine = (entry: StoryEntry): z.infer<typeof StoryLine> => {
  const { sentiment, wants, risk, ...shown } = entry;
  return {
    ...shown,
    at: rfc3339(entry.at),
    ...(sentiment === undefined ? {} : { sentiment: { ...sentiment, words: [...sentiment.words] } }),
    ...(wants === undefined ? {} : { wants: [...wants] }),
    ...(risk === undefined ? {} : { risk: { ...risk, because: [...risk.because] } }),
  };
};

export const presentKpis = (kpis: LoopReport, from: number, to: number): z.infer<typeof KpiReport> => ({
  from: rfc3339(from),
  to: rfc3339(to),
  ...kpis,
  heldBack: { total: kpis.heldBack.total, byReason: { ...kpis.heldBack.byReason } },
  byRule: [...kpis.byRule],
  byTeam: [...kpis.byTeam],
  byPerson: [...kpis.byPerson],
  kept: kpis.kept.map((kept) => ({
    ...kept,
    byRule: [...kept.byRule],
    byTeam: [...kept.byTeam],
    byRootCause: [...kept.byRootCause],
  })),
});

const presentNext = (next: NonNullable<AlertRow['next']>, now: number) => ({
  deadline: next.deadline,
  dueAt: rfc3339(next.dueAt),
  words: `${DEADLINE_WORDS[next.deadline]} ${distanceInWords(next.dueAt, now)}`,
});

type AlertParts = Omit<
  z.infer<typeof AlertDetail>,
  keyof z.infer<typeof AlertSummary> | 'cycles' | 'history' | 'story'
>;

const presentAlert = (alert: Alert): AlertParts => {
  const { customer, contact, plan } = alert;
  return {
    because: [...alert.because],
    evidence: alert.evidence.map((evidence) => ({
      ...evidence,
      occurredAt: rfc3339(evidence.occurredAt),
      words: [...evidence.words],
      intents: [...evidence.intents],
    })),
    deadlines: presentDeadlines(alert),
    ...(contact === undefined ? {} : { contact: { ...contact, at: rfc3339(contact.at) } }),
    playbook: [...plan.playbook],
    closeRequires: [...plan.closeRequires],
    outcomes: [...plan.outcomes],
    ...(alert.runbook === undefined ? {} : { runbook: alert.runbook }),
    ruleSetHash: alert.ruleSetHash,
    ...(customer === undefined ? {} : { customer: presentProfile(customer) }),
    riskContributions: [...(customer?.riskContributions ?? [])],
  };
};

/** The log keeps records for a while only; what the views know of an alert stays. */
const NOT_KEPT = (row: AlertRow): AlertParts => ({
  because: [row.why],
  evidence: [],
  deadlines: [],
  playbook: [],
  closeRequires: [],
  outcomes: [],
  riskContributions: [],
});

const presentDeadlines = (alert: Alert): AlertParts['deadlines'] =>
  DEADLINES.flatMap((deadline) => {
    const box = alert.deadlines[deadline];
    if (box === undefined) return [];
    const { dueAt, text, clock, calendar } = box;
    return [
      { deadline, dueAt: rfc3339(dueAt), text, clock, calendar, ...instants(box, ['metAt', 'breachedAt']) },
    ];
  });

const presentProfile = ({ renewalAt, ...profile }: Profile): z.infer<typeof CustomerProfile> => ({
  ...profile,
  ...(renewalAt === undefined ? {} : { renewalAt: rfc3339(renewalAt) }),
});

/** Those of the named instants that are there, as text. */
const instants = <K extends string>(
  holder: { readonly [P in K]?: number },
  names: readonly K[],
): { [P in K]?: string } => {
  const texts: { [P in K]?: string } = {};
  for (const name of names) {
    const at = holder[name];
    if (at !== undefined) texts[name] = rfc3339(at);
  }
  return texts;
};
