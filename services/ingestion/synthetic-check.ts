import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Gauge, type Registry } from 'prom-client';
import { z } from 'zod';
import type { Emit } from '../platform/keyed-process/keyed-process.ts';
import type { Logger } from '../platform/logging/logger.ts';
import type { Clock } from '../platform/time/clock.ts';
import type { Gateway } from './gateway.ts';

export const syntheticSettings = z.object({
  /** How often the synthetic customer checks the pipeline from end to end, seconds; 0: never. */
  TOCSIN_SYNTHETIC_SECONDS: z.coerce
    .number('expected seconds, or 0 for never')
    .int()
    .min(0, 'expected seconds, or 0 for never')
    .max(86_400, 'expected at most 86400, a day')
    .default(300),
  /** Asked (GET) after each check that succeeded, as healthchecks.io and others want it. */
  TOCSIN_DEADMAN_URL: z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }).optional(),
});

export interface SyntheticCheckOptions {
  readonly gateway: Pick<Gateway, 'accept'>;
  /** Whether a rule is in force. */
  readonly hasRule: (id: string) => boolean;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly log: Logger;
  /** Asked after each check that succeeded; whoever listens there raises the alarm when that stops. */
  readonly deadManUrl?: string | undefined;
}

/** The shipped rule, in shadow, that makes an alert of what the synthetic customer says. */
const RULE = 'synthetic-customer';
const CUSTOMER = 'tocsin-synthetic';

/**
 * A customer who does not exist sends a record through the gateway like anybody else's. When it has become an alert,
 * Prometheus is shown the time and the dead-man's switch is told: whoever watches learns when the pipeline itself
 * is ill, which otherwise looks like a quiet day.
 *
 * Where the rules folder has no rule `synthetic-customer` the check ends at scoring. It says nothing about
 * messages; the age of the outbox does. Each instance that has a gateway checks for itself.
 */
export class SyntheticCheck {
  readonly #options: SyntheticCheckOptions;
  readonly #lastSuccess: Gauge;
  #awaited: { readonly signalId: string; arrived(): void } | undefined;

  constructor(options: SyntheticCheckOptions) {
    this.#options = options;
    this.#lastSuccess = new Gauge({
      name: 'tocsin_synthetic_last_success_timestamp_seconds',
      help: 'When a record of the synthetic customer last became an alert; before, when the process began.',
      registers: [options.registry],
    });
    this.#lastSuccess.set(options.clock.now() / 1000);
  }

  /** Whether a record is on its way: what comes out of the pipeline otherwise is of no interest. */
  get waits(): boolean {
    return this.#awaited !== undefined;
  }

  /** To be told of each fact after its commit. */
  onFact(fact: Emit): void {
    if (this.#awaited !== undefined && this.#isResult(fact, this.#awaited.signalId)) this.#awaited.arrived();
  }

  /** Checks every so often until `stop`, the first time after one interval; with 0 never. */
  async run(everyMs: number, stop: AbortSignal): Promise<void> {
    if (everyMs === 0) return;
    while (await rested(everyMs, stop)) {
      const problem = await this.once(stop).catch(String);
      if (problem !== undefined && !stop.aborted) {
        this.#options.log.error({ problem }, 'the check with the synthetic customer failed');
      }
    }
  }

  /** One check; `withinMs` is how long a record may take to become an alert. Answers what went wrong. */
  async once(stop: AbortSignal, withinMs = WITHIN_MS): Promise<string | undefined> {
    if (!(await this.#arrives(withinMs, stop))) return `its record was no alert after ${withinMs / 1000} s`;
    this.#lastSuccess.set(this.#options.clock.now() / 1000);
    return await this.#tellDeadMan();
  }

  async #arrives(withinMs: number, stop: AbortSignal): Promise<boolean> {
    const { gateway, clock } = this.#options;
    const occurredAt = clock.now();
    const id = `${CUSTOMER}-${randomUUID()}`;
    const ended = new AbortController();
    let arrived = false;
    this.#awaited = {
      signalId: `crm-records/${id}`,
      arrived: () => {
        arrived = true;
        ended.abort();
      },
    };
    await gateway.accept('crm-records', [
      {
        id,
        customerId: CUSTOMER,
        occurredAt,
        event: 'survey_answered',
        product: CUSTOMER,
        satisfaction: 3,
        text: 'A record of Tocsin itself, to see that records become alerts.',
      },
    ]);
    await rested(withinMs, AbortSignal.any([stop, ended.signal]));
    this.#awaited = undefined;
    return arrived;
  }

  /** The topic in which a check ends. */
  get endsWith(): 'alerts' | 'assessments' {
    return this.#options.hasRule(RULE) ? 'alerts' : 'assessments';
  }

  #isResult(fact: Emit, signalId: string): boolean {
    if (this.endsWith === 'assessments') return fact.topic === 'assessments' && fact.value.id === signalId;
    if (fact.topic !== 'alerts' || fact.value.alert.ruleId !== RULE) return false;
    // A silence over everything holds the match back; that is no illness.
    const { type, alert } = fact.value;
    return type === 'held_back' || alert.evidence.some((piece) => piece.signalId === signalId);
  }

  async #tellDeadMan(): Promise<string | undefined> {
    const { deadManUrl } = this.#options;
    if (deadManUrl === undefined) return undefined;
    const answer = await fetch(deadManUrl, { signal: AbortSignal.timeout(DEAD_MAN_WITHIN_MS) });
    await answer.body?.cancel();
    return answer.ok ? undefined : `the dead-man's switch answered ${answer.status}`;
  }
}

/** Sixty times what it takes on a slow day, and short against the five minutes between checks. */
const WITHIN_MS = 60_000;
const DEAD_MAN_WITHIN_MS = 10_000;

/** Whether the whole time has passed without a stop. */
const rested = (ms: number, stop: AbortSignal): Promise<boolean> =>
  setTimeout(ms, true, { signal: stop }).catch(() => false);
