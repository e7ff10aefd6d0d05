import type { OnEvaluation } from '../../action-management/domain/action-management.ts';
import { createActionManagementProcesses, RuleSetHolder } from '../../action-management/service.ts';
import { createAlertingProcesses } from '../../alerting/service.ts';
import type { AlertCommand, AlertEvent } from '../../contracts/alert.ts';
import type { HeldReason, Severity, Stage } from '../../contracts/alert-request.ts';
import type { Signal } from '../../contracts/signal.ts';
import { isTopic, TOPICS, type Topic } from '../../contracts/topics.ts';
import { identityProcess } from '../../ingestion/domain/identity-process.ts';
import { NO_OWN_VOICES } from '../../ingestion/domain/ignore.ts';
import { ingestionProcess } from '../../ingestion/domain/ingestion-process.ts';
import type { Emit } from '../../platform/keyed-process/keyed-process.ts';
import { createScoringProcesses } from '../../scoring/service.ts';
import type { RulesFolder } from '../rules-folder.ts';
import { Simulation } from '../rules-test/simulation.ts';
import type { History } from './history.ts';

/** One cycle of an alert as the replay raised it. */
export interface ReplayedAlert {
  readonly alertId: string;
  readonly rule: string;
  readonly stage: Stage;
  readonly severity: Severity;
  readonly subject: string;
  readonly team: string;
  readonly openedAt: number;
  /** The signal that raised it. */
  readonly signalId: string;
  readonly because: readonly string[];
  readonly evidence: number;
  /** As a person said; nothing is said of an alert that was only assumed to be closed. */
  readonly outcome?: string;
}

export interface ReplayedHold {
  readonly rule: string;
  readonly reason: HeldReason;
  readonly at: number;
  readonly subject: string;
}

/** A customer of whom the CRM came to say that they are not active any more. */
export interface Leaving {
  readonly customerId: string;
  readonly at: number;
}

export interface Replay {
  readonly signals: number;
  /** First and last instant of the replayed history, whatever part of it is reported; 0 without any. */
  readonly from: number;
  readonly to: number;
  /** Opened within the period that was asked for, oldest first. */
  readonly alerts: readonly ReplayedAlert[];
  readonly held: readonly ReplayedHold[];
  /** Who left within the period, each once. */
  readonly left: readonly Leaving[];
  /** Signals that were already older than `max_event_age` when they arrived, and so could raise nothing. */
  readonly tooOld: number;
  readonly seconds: number;
  /** Inputs that made a handler throw; empty unless something is wrong with Tocsin. */
  readonly troubles: readonly string[];
}

export interface ReplayOptions {
  /** Only what is opened from here on is reported. What went before still counts in windows and profiles. */
  readonly from?: number;
  readonly to?: number;
  /**
   * Assumes that somebody closes each alert this long after its opening. Otherwise an alert is closed by the
   * orders of the history, or never, and then every later match joins it.
   */
  readonly handledAfterMs?: number;
  readonly onEvaluation?: OnEvaluation;
  readonly onProgress?: (signals: number) => void;
}

/** The topics by which the processes of one service talk to each other. */
export const INTERNAL_TOPICS: readonly Topic[] = Object.keys(TOPICS)
  .filter(isTopic)
  .filter((topic) => TOPICS[topic].internal);

/** The topics that pass from stage to stage at once, as in the embedded pipeline. */
const CHAINED: readonly Topic[] = [...INTERNAL_TOPICS, 'signals', 'assessments', 'alert-requests'];

/**
 * Plays a history through the real identity, scoring, rules and alerting processes, with a clock of its own, in
 * memory. Tells nobody and stores nothing.
 */
export async function replay(
  history: History,
  rules: RulesFolder,
  options: ReplayOptions = {},
): Promise<Replay> {
  const began = performance.now();
  let play: Play | undefined;
  let signals = 0;
  let [from, to] = [0, 0];
  replaying: for await (const records of history.records()) {
    for (const { at, fact } of records) {
      if (at > (options.to ?? Number.POSITIVE_INFINITY)) break replaying;
      play ??= new Play(rules, options, at);
      if (signals === 0) from = at;
      to = at;
      play.take(at, fact);
      if (fact.topic !== 'alert-commands') signals += 1;
      if (signals % PROGRESS_EVERY === 0) options.onProgress?.(signals);
    }
  }
  const seconds = (performance.now() - began) / 1000;
  if (play === undefined) {
    return { signals: 0, from, to, alerts: [], held: [], left: [], tooOld: 0, seconds, troubles: [] };
  }
  return { signals, from, to, ...play.outcome(), seconds };
}

const PROGRESS_EVERY = 10_000;

class Play {
  readonly #options: ReplayOptions;
  readonly #simulation: Simulation;
  readonly #alerts = new Map<string, ReplayedAlert>();
  readonly #held: ReplayedHold[] = [];
  readonly #left = new Map<string, Leaving>();
  readonly #maxAgeMs: number;
  /** Opened and not yet handled, in the order of opening, which is also that of being handled. */
  readonly #toHandle: { readonly dueAt: number; readonly event: AlertEvent }[] = [];
  #handled = 0;
  #tooOld = 0;

  constructor(rules: RulesFolder, options: ReplayOptions, start: number) {
    this.#options = options;
    this.#maxAgeMs = rules.ruleSet.defaults.maxEventAgeMs;
    this.#simulation = new Simulation({
      processes: [
        ingestionProcess(NO_OWN_VOICES),
        identityProcess,
        ...createScoringProcesses(rules.scoring),
        ...createActionManagementProcesses({
          ruleSet: new RuleSetHolder(rules.ruleSet),
          calendars: rules.calendars,
          ...(options.onEvaluation === undefined ? {} : { onEvaluation: options.onEvaluation }),
        }),
        ...createAlertingProcesses(rules),
      ],
      chained: CHAINED,
      start,
      onFact: (fact, now) => this.#onFact(fact, now),
    });
  }

  take(at: number, fact: Emit): void {
    this.#handleUntil(at);
    this.#simulation.moveTo(at);
    if (fact.topic === 'signals') {
      if (at - fact.value.occurredAt > this.#maxAgeMs) this.#tooOld += 1;
      this.#noteLeaving(fact.value);
    }
    this.#simulation.hand(fact);
  }

  outcome(): Pick<Replay, 'alerts' | 'held' | 'left' | 'tooOld' | 'troubles'> {
    const { from = Number.NEGATIVE_INFINITY } = this.#options;
    return {
      alerts: [...this.#alerts.values()].filter(({ openedAt }) => openedAt >= from),
      held: this.#held.filter(({ at }) => at >= from),
      left: [...this.#left.values()].filter(({ at }) => at >= from),
      tooOld: this.#tooOld,
      troubles: this.#simulation.deadLetters.map(({ process, detail }) => `${process}: ${detail}`),
    };
  }

  #noteLeaving({ customerId, attributes, occurredAt }: Signal): void {
    if (attributes?.active === true) this.#left.delete(customerId);
    if (attributes?.active !== false || this.#left.has(customerId)) return;
    this.#left.set(customerId, { customerId, at: occurredAt });
  }

  #onFact(fact: Emit, now: number): void {
    if (fact.topic === 'signals') this.#noteLeaving(fact.value);
    if (fact.topic !== 'alerts') return;
    const event = fact.value;
    const { alert } = event;
    if (event.type === 'held_back') {
      const reason = event.held ?? 'cooldown';
      this.#held.push({ rule: alert.ruleId, reason, at: event.at, subject: alert.subject });
      return;
    }
    const opened = event.type === 'raised' || event.type === 'reopened';
    const known = this.#alerts.get(alert.alertId);
    const signalId = known?.signalId ?? alert.evidence.at(-1)?.signalId ?? '';
    this.#alerts.set(alert.alertId, {
      alertId: alert.alertId,
      rule: alert.ruleId,
      stage: alert.stage,
      severity: alert.severity,
      subject: alert.subject,
      team: known?.team ?? alert.owner.team,
      openedAt: alert.openedAt,
      signalId,
      because: known?.because ?? alert.because,
      evidence: alert.evidenceCount,
      ...(alert.outcome === undefined || alert.closedBy?.id === ASSUMED ? {} : { outcome: alert.outcome }),
    });
    const { handledAfterMs } = this.#options;
    if (opened && handledAfterMs !== undefined) this.#toHandle.push({ dueAt: now + handledAfterMs, event });
  }

  #handleUntil(instant: number): void {
    for (;;) {
      const next = this.#toHandle[this.#handled];
      if (next === undefined || next.dueAt > instant) return;
      this.#handled += 1;
      const { dueAt, event } = next;
      this.#simulation.moveTo(dueAt);
      for (const command of handling(event, dueAt)) {
        this.#simulation.hand({ topic: 'alert-commands', key: command.alertKey, value: command });
      }
    }
  }
}

/** Who closes alerts that nobody really closed. */
const ASSUMED = 'replay';

/** Somebody spoke to the customer and closed the loop. */
function handling({ alert, alertKey, alertId }: AlertEvent, at: number): AlertCommand[] {
  const base = { alertKey, alertId, by: { kind: 'system', id: ASSUMED }, at, via: 'cli' } as const;
  const outcome = alert.plan.outcomes[0] ?? '';
  return [
    { ...base, id: `${alertId}/contact`, type: 'contact', channel: 'phone', reached: true },
    { ...base, id: `${alertId}/close`, type: 'close', outcome, rootCause: 'replay' },
  ];
}
