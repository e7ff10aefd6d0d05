import { z } from 'zod';
import { ALERT_EVENT_TYPES, REFUSALS } from '../../contracts/alert.ts';
import { HELD_REASONS, SEVERITIES, STAGES } from '../../contracts/alert-request.ts';
import { INTENTS } from '../../contracts/assessment.ts';
import { SIGNAL_TYPES } from '../../contracts/signal.ts';
import { CHANNELS, SOURCES } from '../../contracts/sources.ts';

// What the REST API answers. The same schemas write the OpenAPI document, type the presenters in `answers.ts`,
// and check real answers in the tests.

const instant = z.iso.datetime().describe('RFC 3339, UTC.');
const deadline = z.enum(['ack_by', 'contact_by', 'close_by']);
const status = z.enum(['open', 'acknowledged', 'snoozed', 'closed']);
const actor = z.object({
  kind: z.enum(['person', 'system', 'record']),
  id: z.string().describe('User name, signal id, or the part of Tocsin that acted.'),
});

export const AlertSummary = z
  .object({
    alertId: z.string().describe('One cycle of the alert: `<alertKey>#<cycle>`.'),
    alertKey: z.string().describe('At most one unfinished alert has it.'),
    label: z.string().describe('Short name for people, for example T-7Q4MX.'),
    cycle: z.int().describe('1, and one more each time the alert was reopened.'),
    status,
    stage: z.enum(STAGES),
    severity: z.enum(SEVERITIES).describe('P1 is the most urgent.'),
    ruleId: z.string(),
    ruleTitle: z.string(),
    subject: z.string().describe('Customer id, or the key of the segment.'),
    customerName: z.string().optional(),
    valueTier: z.string().optional(),
    riskScore: z.number().optional().describe('0 (will stay) to 100 (is leaving).'),
    team: z.string(),
    person: z.string().optional().describe('Absent while the alert belongs to the whole team.'),
    openedAt: instant,
    why: z.string().describe('The first reason, in words.'),
    evidenceCount: z.int(),
    answerOn: z.enum(CHANNELS),
    rung: z.int().describe('Escalation steps that have fired.'),
    next: z
      .object({ deadline, dueAt: instant, words: z.string() })
      .optional()
      .describe('The earliest deadline that still runs.'),
    overdue: z.boolean(),
    acknowledgedAt: instant.optional(),
    acknowledgedBy: z.string().optional(),
    contactedAt: instant.optional().describe('When the customer was spoken to.'),
    contactProven: z.boolean().optional().describe('Whether an outbound record shows the contact.'),
    contactAttempts: z.int(),
    snoozedUntil: instant.optional(),
    paused: z.boolean().optional().describe('True while a snooze makes the deadlines stand still.'),
    closedAt: instant.optional(),
    closedBy: z.string().optional(),
    outcome: z.string().optional(),
    rootCause: z.string().optional(),
  })
  .meta({ id: 'AlertSummary' });

const sentiment = z.object({
  score: z.number().optional().describe('−1 to 1. Absent when the language is not one we can read.'),
  label: z.enum(['negative', 'neutral', 'positive', 'unknown']),
  words: z.array(z.object({ word: z.string(), effect: z.number() })),
});

export const StoryLine = z
  .object({
    at: instant,
    who: z.enum(['customer', 'person', 'tocsin']),
    actor: z.string().optional(),
    words: z.string().describe('What happened, without the words of the customer.'),
    quote: z.string().optional().describe("The customer's or agent's own words."),
    sentiment: sentiment.optional(),
    wants: z.array(z.string()).optional(),
    risk: z
      .object({ score: z.number(), before: z.number().optional(), because: z.array(z.string()) })
      .optional()
      .describe('Churn risk after it, 0–100.'),
    alertId: z.string().optional(),
    label: z.string().optional(),
    url: z.string().optional(),
    ref: z.string(),
  })
  .meta({ id: 'StoryLine' });

export const AuditLine = z
  .object({
    id: z.string(),
    alertId: z.string(),
    alertKey: z.string(),
    label: z.string(),
    seq: z.int(),
    action: z.enum(ALERT_EVENT_TYPES),
    at: instant.describe('When it took effect.'),
    recordedAt: instant,
    actor,
    via: z.string().optional(),
    ruleId: z.string(),
    stage: z.enum(STAGES),
    subject: z.string(),
    before: z.string(),
    after: z.string(),
    milestone: deadline.optional(),
    step: z.string().optional(),
    held: z.enum(HELD_REASONS).optional(),
    heldBy: z.string().optional(),
    refusal: z.enum(REFUSALS).optional(),
    commandId: z.string().optional(),
    note: z.string().optional(),
    detail: z.string().optional(),
    told: z.string().optional(),
  })
  .meta({ id: 'AuditLine' });

const Evidence = z.object({
  signalId: z.string(),
  type: z.enum(SIGNAL_TYPES),
  occurredAt: instant,
  source: z.enum(SOURCES),
  channel: z.enum(CHANNELS),
  quote: z.string().optional(),
  sentiment: z.number().optional(),
  words: z.array(z.object({ word: z.string(), effect: z.number() })),
  intents: z.array(z.object({ intent: z.enum(INTENTS), evidence: z.string() })),
  url: z.string().optional(),
});

export const CustomerProfile = z
  .looseObject({
    name: z.string().optional(),
    valueTier: z.string().optional(),
    valuePerYear: z.number().optional(),
    renewalAt: instant.optional(),
  })
  .describe('What is known of the customer. An absent field is unknown.')
  .meta({ id: 'CustomerProfile' });

const contribution = z.object({ feature: z.string(), points: z.number(), words: z.string() });

export const AlertDetail = AlertSummary.extend({
  because: z.array(z.string()).describe('Why, one entry per condition that was true.'),
  evidence: z.array(Evidence).describe('Newest last, at most twenty.'),
  deadlines: z.array(
    z.object({
      deadline,
      dueAt: instant,
      text: z.string().describe('As the rule wrote it.'),
      clock: z.enum(['business', 'wall']),
      calendar: z.string(),
      metAt: instant.optional(),
      breachedAt: instant.optional(),
    }),
  ),
  contact: z
    .object({
      at: instant,
      by: actor,
      channel: z.enum(CHANNELS),
      reached: z.boolean(),
      proven: z.boolean(),
      note: z.string().optional(),
    })
    .optional(),
  playbook: z.array(z.string()),
  closeRequires: z.array(z.string()),
  outcomes: z.array(z.string()),
  runbook: z.string().optional(),
  ruleSetHash: z.string().optional(),
  customer: CustomerProfile.optional(),
  riskContributions: z.array(contribution),
  cycles: z.array(z.object({ alertId: z.string(), status, openedAt: instant, closedAt: instant.optional() })),
  history: z.array(AuditLine),
  story: z.array(StoryLine).describe('The whole story of the customer, oldest first.'),
}).meta({ id: 'AlertDetail' });

export const AlertList = z
  .object({ alerts: z.array(AlertSummary), next: z.string().optional() })
  .meta({ id: 'AlertList' });

export const Customer = z
  .object({
    customerId: z.string(),
    riskScore: z.number().optional(),
    profile: CustomerProfile.optional(),
    alerts: z.array(AlertSummary),
    story: z.array(StoryLine),
  })
  .meta({ id: 'Customer' });

/** Instants in epoch ms, as the log has them: made for `tocsin explain`, which judges by them again. */
export const CustomerRecorded = z
  .object({
    assessments: z.array(
      z.object({
        appendedAt: z.number().describe('When the log took it, epoch ms.'),
        value: z.record(z.string(), z.unknown()).describe('As in the topic `assessments`.'),
      }),
    ),
    events: z.array(
      z.object({
        at: z.number().describe('Epoch ms.'),
        type: z.enum(ALERT_EVENT_TYPES),
        ruleId: z.string(),
        label: z.string(),
        stage: z.enum(STAGES),
        held: z.enum(HELD_REASONS).optional(),
        heldBy: z.string().optional(),
      }),
    ),
    ruleSetHashes: z.array(z.string()).describe('Sets of rules that asked for its alerts last.'),
  })
  .meta({ id: 'CustomerRecorded' });

export const AuditList = z
  .object({ events: z.array(AuditLine), next: z.string().optional() })
  .meta({ id: 'AuditList' });

export const HoldList = z
  .object({
    holds: z.array(
      z.object({ customerId: z.string(), alertId: z.string(), label: z.string(), since: instant }),
    ),
    next: z.string().optional(),
  })
  .meta({ id: 'HoldList' });

export const HeldLine = z
  .object({
    id: z.string(),
    at: instant,
    alertKey: z.string(),
    ruleId: z.string(),
    ruleTitle: z.string(),
    stage: z.enum(STAGES),
    severity: z.enum(SEVERITIES),
    subject: z.string(),
    customerName: z.string().optional(),
    team: z.string(),
    reason: z.enum(HELD_REASONS),
    heldBy: z.string().optional(),
    words: z.string(),
  })
  .meta({ id: 'HeldLine' });

export const HeldList = z
  .object({ held: z.array(HeldLine), next: z.string().optional() })
  .meta({ id: 'HeldList' });

const counts = z.record(z.string(), z.int());
const share = z.object({ of: z.int(), n: z.int(), share: z.number().optional().describe('0–1.') });
const hitRate = z.object({
  met: z.int(),
  missed: z.int(),
  running: z.int(),
  void: z.int().describe('Closed before it was due and without it.'),
  rate: z.number().optional().describe('met / (met + missed), 0–1. Absent when neither happened.'),
});
const spread = z.object({
  n: z.int(),
  p50Ms: z.number().optional(),
  p90Ms: z.number().optional(),
  p95Ms: z.number().optional(),
});
const timeTo = z.object({ wall: spread, business: spread });
const group = z.object({
  id: z.string(),
  title: z.string(),
  opened: z.int(),
  open: z.int(),
  closed: z.int(),
  overdueNow: z.int(),
  contactHitRate: hitRate,
  medianToContactMs: z.number().optional(),
  falseAlarms: share,
  saidSaved: share,
});

const keptRates = {
  saved: share.describe('Closed as `saved`, and a customer on that day.'),
  recovered: share.describe('A customer on that day, and no other alert opened about them in between.'),
};
const keptGroups = z.array(z.object({ id: z.string(), title: z.string(), ...keptRates }));
const kept = z
  .object({
    days: z.int(),
    running: z.int().describe('Their days are not over.'),
    unknown: z.int().describe('The CRM never said whether these are customers. They count nowhere else.'),
    all: z.object(keptRates),
    byRule: keptGroups,
    byTeam: keptGroups,
    byRootCause: keptGroups,
  })
  .describe(
    'What customers did, so many days after their loops were closed; of alerts opened so many days before the period.',
  );

export const KpiReport = z
  .object({
    from: instant,
    to: instant,
    opened: z.int(),
    reopened: z.int(),
    overdueNow: z.int(),
    byStatus: counts,
    bySeverity: counts,
    byOutcome: counts,
    byRootCause: counts,
    timeTo: z.object({ acknowledge: timeTo, contact: timeTo, close: timeTo }),
    deadlines: z.object({ ack_by: hitRate, contact_by: hitRate, close_by: hitRate }),
    proven: share,
    falseAlarms: share,
    saidSaved: share,
    heldBack: z.object({ total: z.int(), byReason: counts }),
    byRule: z.array(group),
    byTeam: z.array(group),
    byPerson: z.array(group).describe('By owner; those that only a team owns under an empty id.'),
    kept: z.array(kept),
  })
  .meta({ id: 'KpiReport' });

export const Accepted = z
  .object({ commandId: z.string(), words: z.string(), alert: AlertSummary })
  .describe('Stored and sure to be obeyed; its effect could not be seen in time.')
  .meta({ id: 'Accepted' });

export const Ledger = z.unknown().describe('Every input accounted for, per stage.').meta({ id: 'Ledger' });

export const Problem = z
  .object({
    type: z.string().describe('`urn:tocsin:problem:<code>`: stays the same, for programs.'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What was found, and what is allowed.'),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
    candidates: z.array(z.string()).optional().describe('Alert ids that the name may mean.'),
  })
  .describe('RFC 9457.')
  .meta({ id: 'Problem' });
