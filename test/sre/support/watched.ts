import { MINUTE, SECOND } from '../../../services/platform/time/clock.ts';
import { openStage, type Stage } from '../../fault/support/stage.ts';
import { Recording } from './recording.ts';

/** Scrapes come as often as rules are evaluated. */
export const EVERY = 30 * SECOND;
const SYNTHETIC_EVERY = 5 * MINUTE;

/** A whole Tocsin that is scraped while the test moves its clock. */
export class Watched {
  readonly stage: Stage;
  readonly #recording: Recording;
  readonly #instance: string;
  #lastSynthetic: number;
  /** The made-up clock runs away from the real one; only a test about clocks wants to see that. */
  showsClock = false;

  constructor(stage: Stage, recording: Recording, instance: string) {
    this.stage = stage;
    this.#recording = recording;
    this.#instance = instance;
    this.#lastSynthetic = stage.clock.now();
  }

  async scrape(atMs = this.stage.clock.now()): Promise<void> {
    const { payload } = await this.stage.tocsin.app.inject('/metrics');
    const shown = this.showsClock ? payload : payload.replace(/^tocsin_clock_offset_seconds.*\n/m, '');
    this.#recording.add(this.#instance, atMs, shown);
  }

  /** Time goes by, and the pipeline does what there is to do. */
  async goOn(ms: number, alsoDo: () => Promise<unknown> = async () => undefined): Promise<void> {
    await this.#steps(ms, async () => {
      await alsoDo();
      await this.stage.settle();
      await this.#synthetic();
    });
  }

  /** Time goes by, and only `instead` is done. */
  async standStill(ms: number, instead: () => Promise<unknown> = async () => undefined): Promise<void> {
    await this.#steps(ms, instead);
  }

  async #steps(ms: number, work: () => Promise<unknown>): Promise<void> {
    for (let passed = 0; passed < ms; passed += EVERY) {
      this.stage.clock.advance(EVERY);
      await work();
      await this.scrape();
    }
  }

  async #synthetic(): Promise<void> {
    const { clock, tocsin } = this.stage;
    if (clock.now() - this.#lastSynthetic < SYNTHETIC_EVERY) return;
    this.#lastSynthetic = clock.now();
    const once = tocsin.synthetic.once(new AbortController().signal, SECOND).then(() => true);
    while (!(await Promise.race([once, nextTurn()]))) await tocsin.pipeline.runner.drain();
  }
}

const nextTurn = (): Promise<false> => new Promise((resolve) => setImmediate(() => resolve(false)));

/** One that has been well for a quarter of an hour. */
export async function watchedTocsin(
  options: Parameters<typeof openStage>[0] & {
    readonly recording?: Recording;
    readonly instance?: string;
  } = {},
): Promise<{ readonly one: Watched; readonly stage: Stage; readonly recording: Recording }> {
  const stage = await openStage(options);
  const recording = options.recording ?? new Recording();
  const one = new Watched(stage, recording, options.instance ?? 'a');
  await one.scrape();
  await one.goOn(15 * MINUTE);
  return { one, stage, recording };
}
