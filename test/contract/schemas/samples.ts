import type { Actor, Alert, AlertDeadline } from '../../../services/contracts/alert.ts';
import type {
  AlertPlan,
  CustomerCard,
  Evidence,
  TimeBoxDuration,
} from '../../../services/contracts/alert-request.ts';
import type { IntentFound, Profile, RiskContribution } from '../../../services/contracts/assessment.ts';
import type { Signal } from '../../../services/contracts/signal.ts';
import type { CustomerAttributes, Identified } from '../../../services/contracts/sources.ts';
import type { Topic, TopicValues } from '../../../services/contracts/topics.ts';

/** `T` with every optional field present, at every depth: a field added to a contract is missed here at once. */
export type Complete<T> = T extends string | number | boolean
  ? T
  : { readonly [K in keyof T]-?: Complete<T[K]> };

const at = Date.parse('2026-03-02T09:30:00Z');
const later = at + 60_000;

const person: Complete<Actor> = { kind: 'person', id: 'mia@example.com' };

const identified: Complete<Identified> = {
  customerId: 'C-1001',
  email: 'ada@example.com',
  phone: '+4915112345678',
  handle: '@ada',
  network: 'x',
  accountId: 'A-77',
};

const attributes: Complete<CustomerAttributes> = {
  name: 'Ada Beispiel',
  valueTier: 'gold',
  valuePerYear: 1249.5,
  tenureMonths: 31,
  contract: 'one_year',
  renewalAt: later,
  accountManager: 'mia@example.com',
  product: 'fiber',
  region: 'north',
  timezone: 'Europe/Berlin',
  language: 'de',
  preferredChannel: 'phone',
  active: true,
  flags: ['do_not_contact'],
  usageTrend: -0.4,
  extra: { 'Paperless billing': true, 'Monthly charges': 70.35, 'Payment method': 'card' },
};

const signal: Complete<Signal> = {
  id: 'call-notes/N-9',
  type: 'call_note.received',
  customerId: 'C-1001',
  quarantined: false,
  occurredAt: at,
  receivedAt: later,
  source: 'call-notes',
  channel: 'phone',
  via: 'email:ada@example.com',
  text: 'Wants to cancel. “Zum dritten Mal!” 😡',
  language: 'de',
  product: 'fiber',
  region: 'north',
  category: 'outage',
  complaintId: 'K-3',
  direction: 'inbound',
  reached: true,
  agent: 'tom',
  transfers: 2,
  durationSeconds: 312.5,
  satisfaction: 1,
  network: 'x',
  url: 'https://x.example/1',
  followers: 5_000_000_000,
  shares: 12,
  amount: 19.99,
  daysLate: 3,
  attributes,
  identity: 'handle:x:ada',
};

const intents: Complete<readonly IntentFound[]> = [{ intent: 'leave', evidence: 'wants to cancel' }];
const words = [{ word: 'cancel', effect: -2.5 }];
const riskContributions: Complete<readonly RiskContribution[]> = [
  { feature: 'complaints_30d', points: 14.2, words: '2 complaints in the last 30 days' },
];

const { extra: _, ...known } = attributes;
const profile: Complete<Profile> = {
  ...known,
  daysToRenewal: 40.5,
  churnRisk: 0.71,
  sentiment: -0.42,
  complaints30d: 2,
  openComplaints: 1,
  contacts30d: 4,
  transfers30d: 3,
  daysSinceContact: 6.25,
};

const card: Complete<CustomerCard> = { ...profile, customerId: 'C-1001', riskScore: 71, riskContributions };

const evidence: Complete<Evidence> = {
  signalId: signal.id,
  type: signal.type,
  occurredAt: at,
  source: 'call-notes',
  channel: 'phone',
  quote: 'wants to cancel',
  sentiment: -0.8,
  words,
  intents,
  url: 'https://x.example/1',
};

const duration: Complete<TimeBoxDuration> = {
  amount: 7_200_000,
  unit: 'ms',
  clock: 'business',
  text: '2h',
};

const plan: Complete<AlertPlan> = {
  calendar: 'business',
  deadlines: { ack_by: duration, contact_by: duration, close_by: { ...duration, unit: 'business_days' } },
  escalation: [
    {
      id: '1:ack_by',
      at: 'ack_by',
      offsetMs: -600_000,
      unless: 'acked',
      notify: ['slack:team-lead'],
      template: 'late-ack',
      reassign: 'next_on_shift',
      repeat: { every: duration, max: 3 },
    },
  ],
  owner: 'team/retention',
  fallbackOwner: 'team/social-care',
  mergeOpen: true,
  reopenWithinMs: 86_400_000,
  cooldownMs: 3_600_000,
  playbook: ['Call today.'],
  closeRequires: ['contact.logged', 'outcome', 'root_cause'],
  outcomes: ['saved', 'churned'],
  pauseOn: ['snoozed'],
};

const deadline: Complete<AlertDeadline> = {
  dueAt: later,
  version: 1,
  text: '2h',
  clock: 'business',
  calendar: 'business',
  metAt: later,
  breachedAt: later,
};

const alert: Complete<Alert> = {
  alertKey: 'complaint-repeat/C-1001',
  alertId: 'complaint-repeat/C-1001#2',
  label: 'T-7Q4MX',
  cycle: 2,
  status: 'closed',
  stage: 'live',
  severity: 'P1',
  ruleId: 'complaint-repeat',
  ruleTitle: 'High-value customer complains again',
  ruleSetHash: '9f2c',
  runbook: 'rules/README.md',
  scope: 'customer',
  subject: 'C-1001',
  customer: card,
  owner: { team: 'retention', person: 'mia' },
  openedAt: at,
  because: ['complaints in 14 days: 2 (at least 2)'],
  evidence: [evidence],
  evidenceCount: 3,
  answerOn: 'phone',
  contactNotBefore: later,
  deadlines: { ack_by: deadline, contact_by: deadline, close_by: deadline },
  rung: 1,
  acknowledgedAt: later,
  acknowledgedBy: person,
  contact: {
    at: later,
    by: person,
    channel: 'phone',
    reached: true,
    proven: true,
    note: 'stays',
    signalId: 'call-notes/N-10',
  },
  contactAttempts: 2,
  snooze: { until: later, reason: 'customer is on a flight', by: person },
  closedAt: later,
  closedBy: person,
  outcome: 'saved',
  rootCause: 'outage',
  closeNote: 'credited one month',
  plan,
};

const assessment = {
  id: signal.id,
  customerId: 'C-1001',
  assessedAt: later,
  signal,
  sentiment: { score: -0.8, label: 'negative', confidence: 0.9, words },
  intents,
  riskScore: 71,
  riskScoreBefore: 48.5,
  riskContributions,
  profile,
  modelVersion: 'm1',
} as const satisfies Complete<TopicValues['assessments']>;

const request = {
  id: 'complaint-repeat/call-notes/N-9',
  alertKey: alert.alertKey,
  ruleId: alert.ruleId,
  ruleTitle: alert.ruleTitle,
  ruleSetHash: alert.ruleSetHash,
  ruleOwner: 'team/retention',
  runbook: 'rules/README.md',
  stage: 'live',
  scope: 'customer',
  subject: 'C-1001',
  customer: card,
  severity: 'P1',
  requestedAt: at,
  because: alert.because,
  evidence: [evidence],
  answerOn: 'phone',
  contactNotBefore: later,
  plan,
  held: 'mute',
  heldBy: 'flag in_collections',
} as const satisfies Complete<TopicValues['alert-requests']>;

const source = { id: 'R-1', occurredAt: at, language: 'de', ...identified } as const;
const command = {
  id: 'cmd-1',
  alertKey: alert.alertKey,
  alertId: alert.alertId,
  by: person,
  at,
  via: 'page',
} as const;

/**
 * One complete value of every topic; of a union one value for each of its variants. Every schema must hold
 * these fields, and no others.
 */
export const SAMPLES: { readonly [T in Topic]: readonly Complete<TopicValues[T]>[] } = {
  'crm-records': [
    {
      ...source,
      event: 'profile_updated',
      emails: ['ada@example.com'],
      phones: ['+4915112345678'],
      handles: ['x:ada'],
      accountIds: ['A-77'],
      attributes,
      text: 'moved house',
      product: 'fiber',
      region: 'north',
      amount: 19.99,
      daysLate: 3,
      satisfaction: 2,
    },
  ],
  complaints: [
    {
      ...source,
      text: 'Down again.',
      channel: 'email',
      category: 'outage',
      product: 'fiber',
      region: 'north',
      complaintId: 'K-3',
      status: 'received',
    },
  ],
  'call-notes': [
    {
      ...source,
      text: 'Wants to cancel.',
      channel: 'phone',
      direction: 'inbound',
      reached: true,
      agent: 'tom',
      category: 'outage',
      product: 'fiber',
      region: 'north',
      complaintId: 'K-3',
      transfers: 2,
      durationSeconds: 312,
      satisfaction: 1,
    },
  ],
  'social-posts': [
    {
      ...source,
      text: 'Worst provider ever.',
      url: 'https://x.example/1',
      product: 'fiber',
      region: 'north',
      category: 'outage',
      followers: 12_000,
      shares: 4,
      own: false,
    },
  ],
  identities: [
    { type: 'claim', identity: 'handle:x:ada', customerId: 'C-1001', recordId: 'R-1', at },
    { type: 'said', identity: 'handle:x:ada', signal },
    {
      type: 'separate',
      identity: 'handle:x:ada',
      customerId: 'C-1001',
      by: person,
      reason: 'other person',
      at,
    },
  ],
  signals: [signal],
  assessments: [assessment],
  'segment-entries': [
    { type: 'signal', assessment },
    { type: 'request', request, next: ['rule=complaint-repeat'] },
  ],
  'segment-loops': [
    {
      segment: 'product=fiber/region=north',
      ruleId: 'complaint-spike',
      alertKey: 'complaint-spike:fiber:north',
      alertId: 'complaint-spike:fiber:north#1',
      label: 'T-7Q4MX',
      open: true,
      at,
    },
  ],
  silences: [
    {
      id: 'S-1',
      rule: 'complaint-repeat',
      subject: 'C-1001',
      product: 'fiber',
      region: 'north',
      team: 'retention',
      by: 'ana',
      reason: 'planned work',
      startsAt: at,
      endsAt: later,
      endedBy: 'ben',
    },
  ],
  'alert-requests': [request],
  'alert-commands': [
    { ...command, type: 'acknowledge' },
    { ...command, type: 'contact', channel: 'phone', reached: true, note: 'stays' },
    { ...command, type: 'snooze', until: later, reason: 'customer is on a flight' },
    { ...command, type: 'reassign', to: 'team/billing', reason: 'about an invoice' },
    { ...command, type: 'close', outcome: 'saved', rootCause: 'outage', note: 'credited one month' },
  ],
  'customer-loops': [
    {
      customerId: 'C-1001',
      alertKey: alert.alertKey,
      alertId: alert.alertId,
      open: true,
      openedAt: at,
      at: later,
    },
  ],
  'contact-proofs': [{ alertKey: alert.alertKey, alertId: alert.alertId, signal }],
  alerts: [
    {
      id: `${alert.alertId}/7`,
      alertKey: alert.alertKey,
      alertId: alert.alertId,
      seq: 7,
      type: 'escalated',
      at,
      recordedAt: later,
      by: person,
      via: 'slack',
      milestone: 'ack_by',
      step: '1:ack_by',
      held: 'cooldown',
      heldBy: 'closed an hour ago',
      refusal: 'earlier_cycle',
      commandId: 'cmd-1',
      note: 'in words',
      notify: {
        step: '1:ack_by',
        template: 'late-ack',
        targets: [{ target: 'slack:team-lead', channel: 'slack', address: 'U123' }],
      },
      alert,
    },
  ],
  'notification-outcomes': [
    {
      id: 'd-1/2',
      deliveryId: 'd-1',
      alertKey: alert.alertKey,
      alertId: alert.alertId,
      channel: 'slack',
      address: '#retention',
      template: 'open',
      outcome: 'failed',
      reason: 'rate_limited',
      retriable: true,
      retryAfterMs: 30_000,
      attempt: 2,
      at: later,
      dueAt: at,
      ref: { address: 'C042', id: '1772443800.000100' },
    },
  ],
  'contact-holds': [{ customerId: 'C-1001', held: true, since: at, alertKeys: [alert.alertKey] }],
  'dead-letters': [
    {
      id: 'scoring/signals/0/17/1',
      process: 'scoring',
      topic: 'signals',
      key: 'C-1001',
      partition: 0,
      offset: 17,
      reason: 'handler_error',
      detail: 'TypeError',
      at,
      payload: '{}',
    },
  ],
};
