import { z } from 'zod';
import { OUTCOMES } from '../../../contracts/alert.ts';
import { SEVERITIES, STAGES } from '../../../contracts/alert-request.ts';
import { SIGNAL_TYPES } from '../../../contracts/signal.ts';
import { LIMITS } from './limits.ts';

/*
 * The shape of a rule file: the one place that says which keys exist and what they take.
 *
 * Names (fields, teams, calendars, templates, rules) are checked afterwards, against what there is
 * (`check-rule.ts`).
 */

const text = z.string().min(1).max(LIMITS.textCharacters);
const duration = z
  .string('expected a duration such as 30m, 2h, 2h30m or 14d')
  .describe('A duration such as 30m, 2h or 14d.');
const timeBox = z
  .string('expected a time box such as 30m, 4h, 3bd or 24h@24x7')
  .describe('Business time such as 30m, 4h or 3bd; elapsed time with @24x7.');
const ruleId = z
  .string()
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'expected lower-case words joined by hyphens')
  .max(64);
const windowName = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, 'expected lower-case letters, digits and underscores')
  .max(40);

/** A condition is checked by hand (`check-condition.ts`): its keys are names of fields and windows. */
const condition = z.record(z.string(), z.unknown());

/** A note counts when it has been scored; both names mean that moment. */
const signalType = z.preprocess(
  (written) => (written === 'call_note.scored' ? 'call_note.received' : written),
  z.enum(SIGNAL_TYPES),
);

const baseline = z.strictObject({
  lookback: duration,
  step: duration,
  take: z.enum(['mean', 'median', 'max', 'p90']).default('mean'),
  floor: z.number().min(0).default(0),
  warmup: duration.optional(),
});

const window = z.strictObject({
  of: z.union([signalType, z.array(signalType).min(1)]),
  fn: z.enum(['count', 'sum', 'avg', 'min', 'max', 'last', 'distinct', 'trend']),
  field: z.string().optional(),
  over: duration,
  where: condition.optional(),
  min_samples: z.int().min(1).max(100).optional(),
  unit: z.enum(['per_hour', 'per_day', 'per_week']).optional(),
  baseline: baseline.optional(),
});
export type WindowFile = z.output<typeof window>;

const severity = z.strictObject({ set: z.enum(SEVERITIES), if: condition.optional() });

const timebox = z.strictObject({
  calendar: z.string(),
  ack_by: timeBox.optional(),
  contact_by: timeBox.optional(),
  close_by: timeBox.optional(),
  pause_on: z.array(z.string()).optional(),
  timezone: z.enum(['calendar', 'customer']).optional(),
});

const route = z.strictObject({ if: condition.optional(), to: z.string(), fallback: z.string().optional() });

const escalation = z.strictObject({
  at: z.string(),
  unless: z.enum(['acked', 'contacted', 'closed']).optional(),
  notify: z.array(z.string()).min(1).max(10).optional(),
  template: z.string().optional(),
  reassign: z.enum(['next_on_shift']).optional(),
  repeat: z.strictObject({ every: timeBox, max: z.int().min(1).max(20) }).optional(),
});
export type EscalationFile = z.output<typeof escalation>;

const storm = z.strictObject({
  max_new: z.int().min(1).max(LIMITS.stormAlerts),
  over: duration,
  on_exceed: z.enum(['digest']).default('digest'),
});

const suppress = z.strictObject({
  dedupe_key: text.optional(),
  merge_open: z.boolean().optional(),
  reopen_within: duration.optional(),
  cooldown: duration.optional(),
  mute_if: condition.optional(),
  inhibited_by: z.array(z.string()).optional(),
  contact_fatigue: z
    .strictObject({
      max: z.int().min(1).max(20),
      over: duration,
      count: signalType.default('contact.logged'),
      on_exceed: z.enum(['hold']).default('hold'),
    })
    .optional(),
  storm: storm.optional(),
});

const close = z.strictObject({
  requires: z.array(z.enum(['contact.logged', 'outcome', 'root_cause'])).optional(),
  outcomes: z.array(z.enum(OUTCOMES)).optional(),
});

/** What a step's signals must be: fields with a value, with operators, or with what an earlier step had. */
const stepWhere = z.record(z.string(), z.unknown());
const eventStep = z.strictObject({
  event: z.union([signalType, z.array(signalType).min(1)]),
  as: z
    .string()
    .regex(/^[a-z][a-z0-9_]*$/, 'expected lower-case letters, digits and underscores')
    .max(20)
    .optional(),
  where: stepWhere.optional(),
  within: duration.optional(),
});
const absentStep = z.strictObject({
  absent: z.union([signalType, z.array(signalType).min(1)]),
  where: stepWhere.optional(),
  for: timeBox,
  calendar: z.string().optional(),
});
const sequenceStep = z.union([eventStep, absentStep]);
export type EventStepFile = z.output<typeof eventStep>;
export type AbsentStepFile = z.output<typeof absentStep>;
export type SequenceStepFile = EventStepFile | AbsentStepFile;

const spec = z.strictObject({
  listen: z.array(signalType).min(1),
  scope: z.enum(['customer', 'segment']).default('customer'),
  key: z.array(z.string()).default(['customer_id']),
  windows: z.record(windowName, window).default({}),
  when: condition,
  settle: z
    .string('expected a duration such as 30m or 2h, or 0s for at once')
    .describe('A duration such as 30m or 2h, or 0s for at once.')
    .optional(),
  severity: z.array(severity).min(1).optional(),
  timebox,
  route: z.array(route).min(1),
  escalate: z.array(escalation).min(1).max(LIMITS.escalationSteps),
  suppress: suppress.default({}),
  playbook: z.array(text).max(LIMITS.playbookLines).default([]),
  close: close.default({}),
  sequence: z.array(sequenceStep).min(2, 'expected at least two steps').max(LIMITS.sequenceSteps).optional(),
});

/** The shape of `<id>.rule.yaml`. */
export const ruleFileSchema = z.strictObject({
  apiVersion: z.literal('tocsin/v1'),
  kind: z.literal('Rule'),
  metadata: z.strictObject({
    id: ruleId,
    title: text,
    description: z.string().max(2000).optional(),
    owner: z.string(),
    stage: z.enum(STAGES),
    canary_percent: z.int().min(1).max(99).optional(),
    runbook: z.string().optional(),
    false_positives: z.array(z.string()).optional(),
  }),
  spec,
});
export type RuleFile = z.output<typeof ruleFileSchema>;
export type SpecFile = RuleFile['spec'];

/** The shape of `_defaults.yaml`: what holds for every rule that does not say otherwise. */
export const defaultsFileSchema = z.strictObject({
  apiVersion: z.literal('tocsin/v1'),
  kind: z.literal('Defaults'),
  allowed_lateness: duration.default('6h'),
  max_event_age: duration.default('24h'),
  severity: z.enum(SEVERITIES).default('P3'),
  storm: storm.optional(),
});
export type DefaultsFile = z.output<typeof defaultsFileSchema>;
