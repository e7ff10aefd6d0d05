import { SECOND, systemClock } from '../../platform/time/clock.ts';
import { benchRules } from './bench-rules.ts';
import { type Percentiles, percentiles } from './figures.ts';
import { openQuietPipeline } from './quiet-pipeline.ts';
import { raiseAlerts } from './raise-alerts.ts';

export interface NotificationsBenchOptions {
  /** An empty folder for the data. */
  readonly dir: string;
  /** Alerts whose messages wait when the sender starts. */
  readonly alerts: number;
  /** How long alerts are raised at half of that speed. */
  readonly seconds: number;
  /** Told what is being measured now. */
  readonly onPhase: (words: string) => void;
}

export interface NotificationsBenchResult {
  /** Messages that the sender claims, hands to a channel that takes them at once, and settles. */
  readonly messagesPerSecond: number;
  /** From the commit of an alert to the call of the channel, at half of that. */
  readonly committedToCallMs: Percentiles;
}

const WAVES_PER_SECOND = 20;

/** Measures the outbox and the sender; how fast Slack and mail servers answer is not in it. */
export async function benchNotifications(
  options: NotificationsBenchOptions,
): Promise<NotificationsBenchResult> {
  const { alerts, seconds, onPhase } = options;
  const committedAt = new Map<string, number>();
  const calledAt = new Map<string, number>();
  const { pipeline, close } = openQuietPipeline({
    dir: options.dir,
    name: 'notifications',
    rules: await benchRules(1),
    clock: systemClock,
    onDelivery: (alertKey) => void calledAt.set(alertKey, performance.now()),
  });
  pipeline.observe({
    onFact: (fact) => {
      if (fact.topic === 'alert-requests') committedAt.set(fact.value.alertKey, performance.now());
    },
  });
  const { runner, sender } = pipeline;
  try {
    onPhase(`raising ${alerts} alerts`);
    await raiseAlerts(pipeline, 'N', 0, alerts, systemClock.now());
    await runner.drain();
    onPhase('sending their messages');
    const began = performance.now();
    while ((await sender.step(systemClock.now())) > 0);
    const perSecond = (calledAt.size * SECOND) / (performance.now() - began);
    if (calledAt.size < alerts)
      throw new Error(`${calledAt.size} of ${alerts} alerts told anybody: nothing is measured`);

    const rate = Math.max(WAVES_PER_SECOND, perSecond / 2);
    onPhase(`${Math.round(rate)} alerts a second for ${seconds} s`);
    committedAt.clear();
    const stop = new AbortController();
    const running = [runner.run(stop.signal), sender.run(stop.signal)];
    const started = performance.now();
    let sent = 0;
    while (performance.now() - started < seconds * SECOND) {
      const due = Math.floor(((performance.now() - started) / SECOND) * rate) - sent;
      if (due > 0) await raiseAlerts(pipeline, 'M', sent, due, systemClock.now());
      sent += due;
      await new Promise((resume) => setTimeout(resume, SECOND / WAVES_PER_SECOND));
    }
    stop.abort();
    await Promise.all(running);
    await pipeline.settle();
    const waits = [...committedAt].map(([key, at]) => (calledAt.get(key) ?? Number.NaN) - at);
    if (waits.length < sent)
      throw new Error(`${waits.length} of ${sent} alerts were raised: nothing is measured`);
    return { messagesPerSecond: Math.round(perSecond), committedToCallMs: percentiles(waits) };
  } finally {
    await close();
  }
}
