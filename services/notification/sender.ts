import type { DeliveryReason, MessageRef, NotificationOutcome } from '../contracts/notification.ts';
import type { ClaimedEffect, EffectQueue } from '../platform/database/effect-queue.ts';
import type { Emit } from '../platform/keyed-process/keyed-process.ts';
import type { Logger } from '../platform/logging/logger.ts';
import type { CrashPoint } from '../platform/process/crash-point.ts';
import { describeError } from '../platform/process/run-process.ts';
import { type Clock, MINUTE, SECOND } from '../platform/time/clock.ts';
import { Rest } from '../platform/time/rest.ts';
import { type Span, type Tracing, untraced } from '../platform/tracing/tracing.ts';
import { markEmailRepeat } from './domain/email-content.ts';
import {
  CHANNEL_KINDS,
  type ChannelKind,
  type DeliveryOrder,
  deliveryOrder,
  NOTIFICATION_QUEUES,
} from './domain/message.ts';
import { Pace } from './domain/pace.ts';
import { markSlackRepeat } from './domain/slack-content.ts';
import type { NotificationMetrics } from './metrics.ts';
import type { Channels, DeliveryAnswer } from './ports.ts';

export interface SenderParts {
  readonly effects: EffectQueue;
  readonly channels: Channels;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: NotificationMetrics;
  readonly crashPoint: (name: CrashPoint) => void;
  /** Default: sending is not traced. */
  readonly tracing?: Tracing | undefined;
}

export interface Sender {
  /** Claims what is due and works through it. Gives the number of effects that were claimed. */
  step(now: number): Promise<number>;
  /** Works until `signal` aborts, and ends when what was under way has been settled. */
  run(signal: AbortSignal): Promise<void>;
  /** Says that something may be due: saves the wait until the next look. */
  wake(): void;
}

/** Slack and mail servers answer in well under a second; after this the answer counts as lost. */
const ANSWER_WITHIN_MS = 10 * SECOND;
/** Must outlast a lane: a burst of three to one address, each answered at the last moment, with room. */
const LEASE_MS = 90 * SECOND;
/** Claimed at once for each channel. More would only wait in our memory instead of in the queue. */
const BATCH = 32;
/** How long the run rests when nothing is due and nobody wakes it. */
const LOOK_EVERY_MS = 100;
/** The rest doubles up to this while the queue cannot be read. */
const LONGEST_REST_MS = 5 * SECOND;
/** After "your token is not valid" a channel is left alone for so long: it is mended by people, not by asking. */
const UNAUTHORIZED_PAUSE_MS = MINUTE;

/**
 * Sends what the notification process has queued. At least once: a message is repeated only when this process
 * died, or the answer was lost, while sending; every such case is counted as uncertain.
 *
 * Messages to one address go one after the other, in order; addresses do not wait for each other.
 */
export function createSender(parts: SenderParts): Sender {
  const { effects, clock, log } = parts;
  const attempt = createAttempt(parts);
  const lanes = new Map<string, Promise<void>>();
  const rest = new Rest();

  const inLane = (effect: ClaimedEffect, order: DeliveryOrder): Promise<void> => {
    const lane = `${order.channel}:${order.address}`;
    const done = (lanes.get(lane) ?? Promise.resolve())
      .then(() => attempt(effect, order))
      .catch((error: unknown) => {
        // The claim's lease runs out and somebody tries again; until then it counts as not sent.
        log.error(
          { error: describeError(error), deliveryId: order.deliveryId },
          'sending a notification failed in an unexpected way',
        );
      })
      .finally(() => {
        if (lanes.get(lane) === done) lanes.delete(lane);
      });
    lanes.set(lane, done);
    return done;
  };

  const start = async (channel: ChannelKind, now: number): Promise<readonly Promise<void>[]> => {
    const claimed = await effects.claim(NOTIFICATION_QUEUES[channel], now, BATCH, LEASE_MS);
    return claimed.map((effect) => {
      const order = deliveryOrder.safeParse(effect.payload);
      if (order.success) return inLane(effect, order.data);
      log.error(
        { effectId: effect.id, problem: order.error.message },
        'a queued notification cannot be read; it is dropped',
      );
      return effects.settle(effect.id, []);
    });
  };

  const startAll = async (now: number): Promise<readonly Promise<void>[]> =>
    (await Promise.all(CHANNEL_KINDS.map((channel) => start(channel, now)))).flat();

  return {
    step: async (now) => {
      const started = await startAll(now);
      await Promise.all(started);
      return started.length;
    },
    run: async (signal) => {
      const underWay = new Set<Promise<void>>();
      let restMs = LOOK_EVERY_MS;
      while (!signal.aborted) {
        rest.beforeLook();
        const room = underWay.size < BATCH * CHANNEL_KINDS.length;
        let started: readonly Promise<void>[] = [];
        try {
          if (room) started = await startAll(clock.now());
          restMs = LOOK_EVERY_MS;
        } catch (error) {
          restMs = Math.min(LONGEST_REST_MS, restMs * 2);
          log.error(
            { error: describeError(error), retryInMs: restMs },
            'the notification queue cannot be read; trying again',
          );
        }
        for (const one of started) {
          underWay.add(one);
          void one.finally(() => underWay.delete(one));
        }
        if (started.length === 0) await rest.untilWoken(restMs, signal);
      }
      await Promise.all(underWay);
    },
    wake: () => rest.wake(),
  };
}

/** One claimed effect, from the last check to the settled outcome. */
function createAttempt(parts: SenderParts): (effect: ClaimedEffect, order: DeliveryOrder) => Promise<void> {
  const { effects, channels, clock, log, metrics, crashPoint, tracing = untraced } = parts;
  const pace = new Pace();
  const unauthorizedUntil: Record<ChannelKind, number> = { slack: 0, email: 0 };

  const settle = async (effect: ClaimedEffect, outcomes: readonly NotificationOutcome[]): Promise<void> => {
    const facts = outcomes.map(
      (value): Emit => ({ topic: 'notification-outcomes', key: value.alertKey, value }),
    );
    crashPoint('cp7');
    const { trace } = effect;
    await effects.settle(effect.id, trace === undefined ? facts : facts.map((fact) => ({ ...fact, trace })));
    for (const fact of facts) metrics.onFact(fact);
    for (const outcome of outcomes) logOutcome(log, outcome);
  };

  /** Not sent, for a reason that needs no call to find out. */
  const refuse = (order: DeliveryOrder, now: number): DeliveryAnswer | undefined => {
    if (now > order.expiresAt) return { type: 'failed', reason: 'expired', retriable: false };
    const pause = unauthorizedUntil[order.channel] - now;
    if (pause <= 0) return undefined;
    return { type: 'failed', reason: 'unauthorized', retriable: true, retryAfterMs: pause };
  };

  const note = (order: DeliveryOrder, answer: DeliveryAnswer): void => {
    if (answer.type === 'accepted') return;
    const now = clock.now();
    if (answer.reason === 'unauthorized') unauthorizedUntil[order.channel] = now + UNAUTHORIZED_PAUSE_MS;
    if (answer.reason === 'rate_limited') pace.block(order.address, now + (answer.retryAfterMs ?? SECOND));
    if (answer.detail !== undefined) {
      const { deliveryId, channel } = order;
      log.warn(
        { deliveryId, channel, reason: answer.reason, detail: answer.detail },
        'a channel refused a message',
      );
    }
  };

  /** Claimed by a worker that died, and cancelled since: what became of it is told, but it is not sent. */
  const leave = async (effect: ClaimedEffect, order: DeliveryOrder): Promise<void> => {
    const ref = await find(channels, order, log);
    const arrived = ref === undefined ? [] : [outcomeOf(order, { type: 'accepted', ref }, clock.now())];
    return settle(effect, [crashed(order, clock.now()), ...arrived]);
  };

  return async (effect, order) => {
    if (effect.cancelled) return leave(effect, order);
    const refused = refuse(order, clock.now());
    if (refused !== undefined) return settle(effect, [outcomeOf(order, refused, clock.now())]);

    const paced = channels[order.channel].pacing === 'per_address';
    const wait = paced ? pace.waitMs(order.address, effect.id, clock.now()) : 0;
    if (wait > 0) {
      metrics.throttled(order.channel);
      return effects.release(effect.id, clock.now() + wait);
    }
    // The last look before the call: what was cancelled since the claim must not leave.
    if (!(await effects.stillHeld(effect.id, clock.now()))) return effects.release(effect.id, clock.now());

    const mayHaveArrived = (effect.uncertain || order.mayBeRepeat) && order.form.type !== 'update';
    const before = effect.uncertain ? [crashed(order, clock.now())] : [];
    const found = mayHaveArrived ? await find(channels, order, log) : undefined;
    if (found !== undefined) {
      return settle(effect, [...before, outcomeOf(order, { type: 'accepted', ref: found }, clock.now())]);
    }
    crashPoint('cp5');
    const span = tracing.begin(`send ${order.channel}`, effect.trace, { kind: 'client' });
    const answer = await deliver(channels, mayHaveArrived ? marked(order) : order);
    crashPoint('cp6');
    endSpan(span, order, answer);
    note(order, answer);
    return settle(effect, [...before, outcomeOf(order, answer, clock.now())]);
  };
}

function endSpan(span: Span, { channel, template, attempt }: DeliveryOrder, answer: DeliveryAnswer): void {
  const reason = answer.type === 'accepted' ? 'accepted' : answer.reason;
  span.end(
    {
      'tocsin.channel': channel,
      'tocsin.template': template,
      'tocsin.attempt': attempt,
      'tocsin.outcome': answer.type,
      'tocsin.reason': reason,
    },
    { failed: answer.type === 'failed' ? reason : undefined },
  );
}

/** A channel that does not come back in time is taken for one whose answer was lost. */
async function deliver(channels: Channels, order: DeliveryOrder): Promise<DeliveryAnswer> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  return channels[order.channel].deliver(order, signal);
}

async function find(channels: Channels, order: DeliveryOrder, log: Logger): Promise<MessageRef | undefined> {
  try {
    return await channels[order.channel].find(order, AbortSignal.timeout(ANSWER_WITHIN_MS));
  } catch (error) {
    // Not knowing is the same as not found: it is sent, and says that it may be a repeat.
    log.warn(
      { error: describeError(error), deliveryId: order.deliveryId },
      'could not look for a message that may have arrived',
    );
    return undefined;
  }
}

const marked = (order: DeliveryOrder): DeliveryOrder =>
  order.channel === 'email'
    ? { ...order, mayBeRepeat: true, content: markEmailRepeat(order.content) }
    : { ...order, mayBeRepeat: true, content: mutableBlocks(markSlackRepeat(order.content)) };

/** The order's schema infers a mutable array. */
const mutableBlocks = ({ text, blocks }: ReturnType<typeof markSlackRepeat>) => ({
  text,
  blocks: [...blocks],
});

function outcomeOf(order: DeliveryOrder, answer: DeliveryAnswer, at: number): NotificationOutcome {
  if (answer.type === 'accepted') {
    return { ...facts(order, at, 'delivered', 'accepted'), retriable: false, ref: answer.ref };
  }
  return {
    ...facts(order, at, answer.uncertain === true ? 'uncertain' : 'failed', answer.reason),
    retriable: answer.retriable,
    ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
  };
}

/** An earlier worker died with this attempt in its hands. The definite outcome follows. */
const crashed = (order: DeliveryOrder, at: number): NotificationOutcome => ({
  ...facts(order, at, 'uncertain', 'crashed_while_sending'),
  retriable: true,
});

function facts(
  order: DeliveryOrder,
  at: number,
  outcome: NotificationOutcome['outcome'],
  reason: DeliveryReason,
): Omit<NotificationOutcome, 'retriable'> {
  const { deliveryId, alertKey, alertId, channel, address, template, attempt, dueAt } = order;
  const suffix = reason === 'crashed_while_sending' ? 'crashed' : outcome;
  const id = `${deliveryId}/${attempt}/${suffix}`;
  return {
    id,
    deliveryId,
    alertKey,
    alertId,
    channel,
    address,
    template,
    outcome,
    reason,
    attempt,
    at,
    dueAt,
  };
}

function logOutcome(
  log: Logger,
  { deliveryId, alertId, channel, outcome, reason, attempt, at, dueAt }: NotificationOutcome,
): void {
  const level = outcome === 'delivered' ? 'info' : 'warn';
  log[level](
    { deliveryId, alertId, channel, outcome, reason, attempt, latencyMs: at - dueAt },
    'notification',
  );
}
