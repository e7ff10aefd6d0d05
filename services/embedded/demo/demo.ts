import { Temporal } from 'temporal-polyfill';
import { takeDataFolder } from '../../platform/database/data-folder.ts';
import { createLogger } from '../../platform/logging/logger.ts';
import { runUntilStopped } from '../../platform/process/run-process.ts';
import { DAY, ManualClock, systemClock } from '../../platform/time/clock.ts';
import { ledgerReport } from '../ledger-report.ts';
import { listen, PortTaken } from '../main.ts';
import { openTocsin, readSettings, type Tocsin } from '../tocsin.ts';
import { play } from './play.ts';
import { eventLine, summaryOf } from './report.ts';
import type { Stage } from './stage.ts';
import { Tally } from './tally.ts';

export interface DemoOptions {
  readonly data: string;
  readonly port: number;
  /** Whether somebody asked for this port; otherwise another one will do. */
  readonly portChosen: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly exit: boolean;
  /** Wall-clock length of the play. */
  readonly seconds: number;
  readonly seed: number;
  readonly days: number;
  readonly customers: number;
  /** First instant of the story; default: midnight of the Monday at least `days` before now. */
  readonly start: number | undefined;
  readonly out: (text: string) => void;
  readonly colours: boolean;
}

/** Plays the made-up company through the embedded pipeline. Answers the exit code. */
export async function playDemo(options: DemoOptions): Promise<number> {
  const { out } = options;
  const start = options.start ?? mondayBefore(systemClock.now() - options.days * DAY);
  const clock = new ManualClock(start);
  const settings = readSettings({ ...options.env, TOCSIN_LOG_LEVEL: options.env.TOCSIN_LOG_LEVEL ?? 'warn' });
  const folder = takeDataFolder(options.data);
  const url = `http://127.0.0.1:${options.port}`;
  const log = createLogger(settings.TOCSIN_LOG_LEVEL);
  const tocsin = await openTocsin({ folder: folder.path, settings, clock, url, log });
  tocsin.lifecycle.onClose('owner file', () => folder.forget());
  const code = await runUntilStopped(tocsin.lifecycle, log, async (stop) => {
    const at = await listenSomewhere(tocsin, options);
    folder.announce(at);
    out(
      `Sixty days at Nordlicht, a telecom company that does not exist. Watch it at ${at}/ and ${at}/sandbox\n\n`,
    );
    const tally = new Tally();
    const told = await play(stageOf(tocsin, clock), {
      ...options,
      start,
      paceMs: options.seconds * 1000,
      calendar: tocsin.settings.calendars.get('business'),
      stop,
      onFact: (fact) => tally.count(fact),
      onEvent: (event) => {
        if (event.alert.stage !== 'shadow') out(eventLine(event, start, options.colours));
      },
    });
    out(summaryOf(tally, told, await ledgerReport(tocsin.pipeline.store, tocsin.pipeline.runner)));
    if (options.exit || stop.aborted) return;
    out(`\nThe page stays up at ${at}/ until Ctrl-C.\n`);
    await keepGoing(tocsin, clock, stop);
  });
  folder.release();
  return code;
}

/** The company's clocks show this zone. */
const DEMO_ZONE = 'Europe/Berlin';

/** Midnight of the latest Monday, so that the story's working days are working days. */
function mondayBefore(instant: number): number {
  const day = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(DEMO_ZONE).startOfDay();
  return day.subtract({ days: day.dayOfWeek - 1 }).startOfDay().epochMilliseconds;
}

async function listenSomewhere(tocsin: Tocsin, { port, portChosen }: DemoOptions): Promise<string> {
  try {
    return await listen(tocsin.app, '127.0.0.1', port);
  } catch (error) {
    if (portChosen || !(error instanceof PortTaken)) throw error;
    return listen(tocsin.app, '127.0.0.1', 0);
  }
}

/** After the story time goes on as usual, so that buttons work and countdowns run. */
async function keepGoing(tocsin: Tocsin, clock: ManualClock, stop: AbortSignal): Promise<void> {
  const began = systemClock.now();
  const end = clock.now();
  const ticking = setInterval(() => clock.moveTo(end + systemClock.now() - began), 50);
  try {
    await tocsin.run(stop);
  } finally {
    clearInterval(ticking);
  }
}

function stageOf({ pipeline }: Tocsin, clock: ManualClock): Stage {
  return {
    clock,
    accept: async (source, records) => {
      for (const answer of await pipeline.gateway.accept(source, records)) {
        if (answer.status === 'rejected')
          throw new Error(`the story has a bad ${source} record: ${JSON.stringify(answer.problems)}`);
      }
    },
    order: async (alert, verb, body, person) => {
      const ordered = pipeline.desk.order({
        alert,
        verb,
        body,
        by: { kind: 'person', id: person },
        via: 'demo',
      });
      // The order waits until it is obeyed, and nobody else works here while the clock stands still.
      const obeyed = ordered.then(() => true);
      while (!(await Promise.race([obeyed, nextTurn()]))) await pipeline.runner.drain();
      await ordered;
    },
    settle: () => pipeline.settle(),
    nextDueAt: () => pipeline.nextDueAt(),
    onFact: (listener) => pipeline.observe({ onFact: listener }),
  };
}

const nextTurn = (): Promise<false> => new Promise((resolve) => setImmediate(() => resolve(false)));
