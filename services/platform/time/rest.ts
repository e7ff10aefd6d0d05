/** The rests of a loop that looks for work: one ends early when somebody says that there is some. */
export class Rest {
  #woken = false;
  #wake: () => void = nothing;

  /** To be called before each look, so that what is said while it lasts is not lost. */
  beforeLook(): void {
    this.#woken = false;
  }

  /** Says that there may be something to do. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** Until somebody wakes it, or has done so since the last look began; for so long at most, or until `stop`. */
  async untilWoken(ms: number, stop: AbortSignal): Promise<void> {
    if (this.#woken || stop.aborted) return;
    await new Promise<void>((resume) => {
      const done = (): void => {
        clearTimeout(timeout);
        stop.removeEventListener('abort', done);
        resume();
      };
      const timeout = setTimeout(done, ms);
      stop.addEventListener('abort', done);
      this.#wake = done;
    });
    this.#wake = nothing;
  }
}

/** Waits for so long, or until `stop`, and leaves no timer behind. */
export const pause = (ms: number, stop: AbortSignal): Promise<void> => new Rest().untilWoken(ms, stop);

const nothing = (): void => undefined;
