import type { OnEvaluation } from '../../action-management/domain/action-management.ts';
import type { CompiledRule, RuleSet } from '../../action-management/domain/compile.ts';
import type { Evaluation } from '../../action-management/domain/evaluate.ts';
import { operandName } from '../../action-management/domain/explain.ts';
import { operandsOf } from '../../action-management/domain/language/reads.ts';
import { createActionManagementProcesses, RuleSetHolder } from '../../action-management/service.ts';
import { createAlertingProcesses } from '../../alerting/service.ts';
import type { Alert, AlertCommand, AlertEvent } from '../../contracts/alert.ts';
import type { HeldReason } from '../../contracts/alert-request.ts';
import type { Assessment, Intent, Profile, SentimentLabel } from '../../contracts/assessment.ts';
import type { Signal, SignalType } from '../../contracts/signal.ts';
import type { Channel, Source } from '../../contracts/sources.ts';
import type { Topic } from '../../contracts/topics.ts';
import type { Emit } from '../../platform/keyed-process/keyed-process.ts';
import type { Settings } from '../../settings/load-settings.ts';
import { Simulation } from './simulation.ts';
import { camelCase, type Happening, type Story } from './story-file.ts';

/** Somebody was told: one target of one step. */
export interface Told {
  readonly at: number;
  readonly rule: string;
  /** The milestone of the step, or what else was told: `opened`, `ack_by`, `severity`, `reassigned`. */
  readonly step: string;
  readonly stepId: string;
  /** As the rule writes it: `slack:assignee`. */
  readonly to: string;
  /** Where that is: a Slack channel or person, an e-mail address. */
  readonly address: string;
}

/** One judgement of one rule, for the trace. */
export interface Judgement {
  readonly at: number;
  readonly rule: CompiledRule;
  readonly evaluation: Evaluation;
}

/** What a story has led to by one moment. */
export interface Outcome {
  /** Every cycle of every alert, in the order of opening, as it stands. */
  readonly alerts: readonly Alert[];
  readonly told: readonly Told[];
  readonly heldBack: readonly AlertEvent[];
  readonly suppressed: { readonly [R in HeldReason]?: number };
  /** What was missing whenever a rule could not decide, by the names that rules use. */
  readonly unknown: readonly string[];
  readonly judgements: readonly Judgement[];
  /** What went wrong beside the expectations: orders that were refused, handlers that threw. */
  readonly troubles: readonly string[];
}

/** The topics that pass from stage to stage at once, as in the embedded pipeline. */
const CHAINED: readonly Topic[] = [
  'assessments',
  'segment-entries',
  'alert-requests',
  'segment-loops',
  'customer-loops',
  'contact-proofs',
];

/**
 * Plays a story through the real rules and alerting processes, and calls `onCheckpoint` at each of its moments,
 * after everything that happens at that instant. Scoring is not part of it: the story says moods and profiles.
 */
export function playStory(
  story: Story,
  given: { readonly ruleSet: RuleSet; readonly settings: Settings; readonly start: number },
  onCheckpoint: (checkpoint: Story['checkpoints'][number], outcome: Outcome) => void,
): void {
  const play = new Play(story, given);
  const happenings = [...story.happenings];
  for (const checkpoint of story.checkpoints) {
    while (happenings[0] !== undefined && happenings[0].at <= checkpoint.at) {
      play.happen(happenings.shift() as Happening); // there is one, as just seen
    }
    play.moveTo(checkpoint.at);
    onCheckpoint(checkpoint, play.outcome());
  }
}

class Play {
  readonly #story: Story;
  readonly #simulation: Simulation;
  readonly #alerts = new Map<string, Alert>();
  readonly #told: Told[] = [];
  readonly #heldBack: AlertEvent[] = [];
  readonly #unknown = new Set<string>();
  readonly #judgements: Judgement[] = [];
  readonly #troubles: string[] = [];
  readonly #refusals = new Map<string, string>();
  /** The risk score of each customer after their last signal. */
  readonly #risk = new Map<string, number>();

  constructor(story: Story, given: Parameters<typeof playStory>[1]) {
    this.#story = story;
    this.#simulation = new Simulation({
      processes: [
        ...createActionManagementProcesses({
          ruleSet: new RuleSetHolder(given.ruleSet),
          calendars: given.settings.calendars,
          onEvaluation: this.#onEvaluation,
        }),
        ...createAlertingProcesses(given.settings),
      ],
      chained: CHAINED,
      // History may lie before the start; the clock begins with the first that happens.
      start: Math.min(given.start, ...story.happenings.slice(0, 1).map(({ at }) => at)),
      onFact: (fact) => this.#onFact(fact),
    });
  }

  moveTo(instant: number): void {
    this.#simulation.moveTo(instant);
  }

  happen(happening: Happening): void {
    this.#simulation.moveTo(happening.at);
    if (happening.kind === 'order') {
      this.#order(happening);
      return;
    }
    const { customerId } = happening;
    const before = this.#risk.get(customerId);
    const assessment = assessmentOf(happening, this.#story.profiles[customerId] ?? {}, before);
    this.#risk.set(customerId, assessment.riskScore);
    const { signal } = assessment;
    this.#simulation.hand({ topic: 'assessments', key: happening.customerId, value: assessment });
    this.#simulation.hand({ topic: 'signals', key: happening.customerId, value: signal });
  }

  outcome(): Outcome {
    const suppressed: { [R in HeldReason]?: number } = {};
    for (const { held } of this.#heldBack) {
      if (held !== undefined) suppressed[held] = (suppressed[held] ?? 0) + 1;
    }
    const threw = this.#simulation.deadLetters.map(({ process, detail }) => `${process} threw: ${detail}`);
    return {
      alerts: [...this.#alerts.values()],
      told: [...this.#told],
      heldBack: [...this.#heldBack],
      suppressed,
      unknown: [...this.#unknown],
      judgements: [...this.#judgements],
      troubles: [...this.#troubles, ...threw],
    };
  }

  /** Somebody acts on the open alerts of the customer, or of one rule's. */
  #order(order: Happening & { readonly kind: 'order' }): void {
    const open = [...this.#alerts.values()].filter(
      (alert) =>
        alert.status !== 'closed' &&
        isAbout(alert, order.customerId) &&
        (order.rule === undefined || alert.ruleId === order.rule),
    );
    if (open.length === 0)
      this.#troubles.push(`${order.id} ${order.order}: ${order.customerId} has no open alert`);
    for (const alert of open) {
      const command = commandOf(order, alert, this.#simulation.now);
      this.#simulation.hand({ topic: 'alert-commands', key: alert.alertKey, value: command });
      const refusal = this.#refusals.get(command.id);
      if (refusal === order.refused) continue;
      const what =
        refusal === undefined ? `was obeyed, expected ${order.refused}` : `was refused: ${refusal}`;
      this.#troubles.push(`${order.id} ${order.order} ${what}`);
    }
  }

  readonly #onEvaluation: OnEvaluation = (rule, evaluation) => {
    this.#judgements.push({ at: this.#simulation.now, rule, evaluation });
    if (evaluation.result !== 'unknown') return;
    for (const operand of operandsOf(rule.rule.when)) {
      if (rule.reader(operand)(evaluation.facts) === undefined) this.#unknown.add(operandName(operand));
    }
  };

  #onFact(fact: Emit): void {
    if (fact.topic !== 'alerts') return;
    const event = fact.value;
    if (event.type === 'refused' && event.commandId !== undefined) {
      this.#refusals.set(event.commandId, event.refusal ?? '');
    }
    if (event.type === 'held_back') this.#heldBack.push(event);
    else this.#alerts.set(event.alertId, event.alert);
    for (const { target, address } of event.notify?.targets ?? []) {
      const stepId = event.notify?.step ?? '';
      this.#told.push({
        at: event.at,
        rule: event.alert.ruleId,
        step: milestoneOf(stepId),
        stepId,
        to: target,
        address,
      });
    }
  }
}

/** `2:ack_by`, `5:close_by@2+1`, `severity/7` → `ack_by`, `close_by`, `severity`. */
const milestoneOf = (stepId: string): string => /^(?:\d+:)?([a-z_]+)/.exec(stepId)?.[1] ?? stepId;

/** A segment may be named by its values alone: `a/de` for `product=a/region=de`. */
export const isAbout = ({ subject, scope }: Alert, key: string): boolean =>
  subject === key || (scope === 'segment' && subject.replace(/(^|\/)[^/=]+=/g, '$1') === key);

function commandOf(order: Happening & { readonly kind: 'order' }, alert: Alert, now: number): AlertCommand {
  const base = {
    id: `${order.id}/${alert.alertKey}`,
    alertKey: alert.alertKey,
    alertId: alert.alertId,
    by: { kind: 'person', id: order.by ?? alert.owner.person ?? 'somebody' },
    at: now,
    via: 'cli',
  } as const;
  if (order.order === 'alert.acked') return { ...base, type: 'acknowledge' };
  const outcome = order.outcome ?? alert.plan.outcomes[0] ?? '';
  return { ...base, type: 'close', outcome, rootCause: order.rootCause ?? 'as told in the test' };
}

/** What scoring would have made of it, had it been in the mood that the story says. */
function assessmentOf(
  happening: Happening & { readonly kind: 'signal' },
  profile: Profile,
  riskScoreBefore: number | undefined,
): Assessment {
  const { id, type, at, occurredAt, customerId, fields } = happening;
  const { sentiment, intents, risk_score: riskScore, ...said } = fields;
  const camel = Object.fromEntries(Object.entries(said).map(([name, value]) => [camelCase(name), value]));
  const signal: Signal = {
    ...USUAL[type],
    ...(type.startsWith('complaint.') ? { complaintId: id } : {}),
    // The file's schema has checked names and types against those of a signal.
    ...(camel as Partial<Signal>),
    id,
    type,
    customerId,
    quarantined: said.quarantined === true,
    occurredAt,
    receivedAt: at,
  };
  return {
    id,
    customerId,
    assessedAt: at,
    signal,
    ...(typeof sentiment === 'number'
      ? { sentiment: { score: sentiment, label: labelOf(sentiment), words: [] } }
      : {}),
    // Checked against the list of intents with the file.
    intents: ((intents ?? []) as readonly Intent[]).map((intent) => ({ intent, evidence: intent })),
    riskScore: typeof riskScore === 'number' ? riskScore : (profile.churnRisk ?? 0) * 100,
    ...(riskScoreBefore === undefined ? {} : { riskScoreBefore }),
    riskContributions: [],
    profile,
    modelVersion: 'story',
  };
}

/** The same borders as in scoring's own labels: a tenth to either side is neutral. */
const labelOf = (score: number): SentimentLabel =>
  score < -0.1 ? 'negative' : score > 0.1 ? 'positive' : 'neutral';

const crm = { source: 'crm-records', channel: 'crm' } as const;
const complaint = { source: 'complaints', channel: 'email' } as const;
/** Where each kind of signal usually comes from; a story may say otherwise. */
const USUAL: Readonly<Record<SignalType, Partial<Signal> & { source: Source; channel: Channel }>> = {
  'complaint.received': complaint,
  'complaint.resolved': complaint,
  'call_note.received': { source: 'call-notes', channel: 'phone', direction: 'inbound' },
  'contact.logged': { source: 'call-notes', channel: 'phone', direction: 'outbound', reached: true },
  'post.published': { source: 'social-posts', channel: 'social' },
  'profile.updated': crm,
  'order.delayed': crm,
  'payment.failed': crm,
  'usage.dropped': crm,
  'contract.ending': crm,
  'price.raised': crm,
  'outage.reported': crm,
  'survey.answered': crm,
  'purchase.made': crm,
  'identity.joined': crm,
  'identity.separated': crm,
};
