import type { Alert, AlertEvent } from '../../contracts/alert.ts';
import type { Assessment } from '../../contracts/assessment.ts';
import type { TopicRecord } from '../../platform/keyed-process/keyed-process.ts';
import { type AlertRow, alertRowOf } from './alert-row.ts';

// Examples to write tests with. A Friday in Berlin, the day before the clocks change there.

export const at = (time: string): number => Date.parse(`2026-03-27T${time}:00+01:00`);

const alert: Alert = {
  alertKey: 'repeat-complaint:c-1',
  alertId: 'repeat-complaint:c-1#1',
  label: 'T-7Q4MX',
  cycle: 1,
  status: 'open',
  stage: 'live',
  severity: 'P1',
  ruleId: 'repeat-complaint',
  ruleTitle: 'High-value customer complains again',
  ruleSetHash: 'abc123',
  scope: 'customer',
  subject: 'c-1',
  customer: {
    customerId: 'c-1',
    name: 'Ada Example',
    valueTier: 'gold',
    timezone: 'Europe/Lisbon',
    riskScore: 71,
    riskContributions: [{ feature: 'complaints', points: 22, words: '2 complaints in the last 30 days' }],
  },
  owner: { team: 'retention' },
  openedAt: at('10:00'),
  because: ['complaints in 14 days: 2 (at least 2)'],
  evidence: [
    {
      signalId: 'complaints/k-2',
      type: 'complaint.received',
      occurredAt: at('09:59'),
      source: 'complaints',
      channel: 'email',
      quote: 'Second outage this week, I want to <cancel>',
      sentiment: -0.7,
      words: [{ word: 'cancel', effect: -0.4 }],
      intents: [{ intent: 'leave', evidence: 'I want to <cancel>' }],
      url: 'javascript:alert(1)',
    },
  ],
  evidenceCount: 1,
  answerOn: 'email',
  deadlines: {
    ack_by: { dueAt: at('10:30'), version: 1, text: '30m', clock: 'business', calendar: 'business' },
    contact_by: { dueAt: at('14:00'), version: 1, text: '4h', clock: 'business', calendar: 'business' },
  },
  rung: 0,
  contactAttempts: 0,
  plan: {
    calendar: 'business',
    deadlines: {},
    escalation: [],
    owner: 'team/retention',
    mergeOpen: true,
    cooldownMs: 0,
    playbook: ['Call before 14:00'],
    closeRequires: ['contact.logged', 'outcome', 'root_cause'],
    outcomes: ['saved', 'churned', 'false_alarm'],
    pauseOn: [],
  },
};

export const exampleAlert = (changes: Partial<Alert> = {}): Alert => ({ ...alert, ...changes });

type EventChanges = Partial<Omit<AlertEvent, 'alert'>> & { readonly alert?: Partial<Alert> };

export const exampleEvent = ({ alert: alertChanges, ...changes }: EventChanges = {}): AlertEvent => {
  const after = exampleAlert(alertChanges);
  const seq = changes.seq ?? 1;
  return {
    id: `${after.alertId}/${seq}`,
    alertKey: after.alertKey,
    alertId: after.alertId,
    seq,
    type: 'raised',
    at: after.openedAt,
    recordedAt: changes.at ?? after.openedAt,
    by: { kind: 'system', id: 'alerting' },
    alert: after,
    ...changes,
  };
};

export const eventRecord = (value: AlertEvent, offset: number): TopicRecord<'alerts'> => ({
  topic: 'alerts',
  key: value.alertKey,
  value,
  partition: 0,
  offset,
  appendedAt: value.recordedAt,
});

export const exampleRow = (changes: Partial<AlertRow> = {}): AlertRow => ({
  ...alertRowOf(exampleEvent(), { partition: 0, offset: 0 }),
  ...changes,
});

export const exampleAssessment = (changes: Partial<Assessment> = {}): Assessment => ({
  id: 'complaints/k-2',
  customerId: 'c-1',
  assessedAt: at('10:00'),
  signal: {
    id: 'complaints/k-2',
    type: 'complaint.received',
    customerId: 'c-1',
    quarantined: false,
    occurredAt: at('09:59'),
    receivedAt: at('10:00'),
    source: 'complaints',
    channel: 'email',
    text: 'Second outage this week, I want to <cancel>',
    category: 'outage',
  },
  sentiment: { score: -0.7, label: 'negative', words: [{ word: 'cancel', effect: -0.4 }] },
  intents: [{ intent: 'leave', evidence: 'I want to <cancel>' }],
  riskScore: 71,
  riskScoreBefore: 44,
  riskContributions: [{ feature: 'complaints', points: 22, words: '2 complaints in the last 30 days' }],
  profile: { name: 'Ada Example', valueTier: 'gold' },
  modelVersion: '1',
  ...changes,
});
