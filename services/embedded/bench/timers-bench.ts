import { type Clock, HOUR, MINUTE, SECOND, systemClock } from '../../platform/time/clock.ts';
import { benchRules } from './bench-rules.ts';
import { percentiles, rounded } from './figures.ts';
import { openQuietPipeline } from './quiet-pipeline.ts';
import { raiseAlerts } from './raise-alerts.ts';

export interface TimersBenchOptions {
  /** An empty folder for the data. */
  readonly dir: string;
  /** Open alerts, each with a deadline in both measurements. */
  readonly alerts: number;
  /** Over how many seconds their first deadlines are spread. */
  readonly seconds: number;
  /** Told what is being measured now. */
  readonly onPhase: (words: string) => void;
}

export interface TimersBenchResult {
  /** From the instant of a deadline to the commit of what follows from it. */
  readonly latenessP99Ms: number;
  /** Until the deadlines of all alerts, missed in an outage of hours, have had their consequences. */
  readonly drainAfterOutageSeconds: number;
}

/** Alerts raised at one instant: ten such instants a second, as many as a pass takes at the least. */
const WAVES_PER_SECOND = 10;
/** Deadlines of the bench's rule, see `bench-rules.ts`. */
const ACK_BY = 30 * MINUTE;
const CONTACT_BY = 4 * HOUR;

/**
 * Measures the durable timers with alerts that nobody takes on.
 *
 * The clock runs as fast as the real one. Between the measurements it is put forward, so that nobody waits half
 * an hour for a deadline.
 */
export async function benchTimers(options: TimersBenchOptions): Promise<TimersBenchResult> {
  const { alerts, seconds, onPhase } = options;
  const clock = new ShiftedClock();
  const { pipeline, close } = openQuietPipeline({
    dir: options.dir,
    name: 'timers',
    rules: await benchRules(1),
    clock,
    onDelivery: () => undefined,
  });
  const lateness: number[] = [];
  let passMs = 0;
  pipeline.observe({
    // A pass is told before its timers.
    onPass: (pass) => {
      passMs = pass.seconds * SECOND;
    },
    onTimerFired: ({ delayMs }) => lateness.push(delayMs + passMs),
  });
  try {
    onPhase(`raising ${alerts} alerts with deadlines within ${seconds} s`);
    const waves = seconds * WAVES_PER_SECOND;
    const first = clock.now();
    for (let wave = 0; wave < waves; wave++) {
      clock.putForwardTo(first + (wave * SECOND) / WAVES_PER_SECOND);
      const from = Math.floor((wave * alerts) / waves);
      await raiseAlerts(pipeline, 'T', from, Math.floor(((wave + 1) * alerts) / waves) - from, clock.now());
      await pipeline.settle();
    }
    const last = clock.now();

    onPhase('lateness while nothing else goes on');
    clock.putForwardTo(first + ACK_BY - SECOND / 4);
    const stop = new AbortController();
    const running = [pipeline.runner.run(stop.signal), pipeline.sender.run(stop.signal)];
    while (lateness.length < alerts && clock.now() < last + ACK_BY + MINUTE)
      await new Promise((resume) => setTimeout(resume, 20));
    stop.abort();
    await Promise.all(running);
    expectAll('fired on time', lateness.length, alerts);
    const { p99 } = percentiles(lateness);

    onPhase(`an outage of ${CONTACT_BY / HOUR} hours`);
    lateness.length = 0;
    clock.putForwardTo(last + CONTACT_BY + MINUTE);
    const began = performance.now();
    await pipeline.runner.drain();
    const drained = (performance.now() - began) / SECOND;
    expectAll('fired after the outage', lateness.length, alerts);
    return { latenessP99Ms: p99, drainAfterOutageSeconds: rounded(drained) };
  } finally {
    await close();
  }
}

function expectAll(what: string, found: number, alerts: number): void {
  if (found < alerts)
    throw new Error(`${found} timers ${what}, expected at least ${alerts}: nothing is measured`);
}

/** The real clock, put forward by hand. */
class ShiftedClock implements Clock {
  #ahead = 0;

  now(): number {
    return systemClock.now() + this.#ahead;
  }

  /** Does nothing when it is later already. */
  putForwardTo(instant: number): void {
    this.#ahead += Math.max(0, instant - this.now());
  }
}
