/**
 * What a process has opened, by name, so that it can be closed in reverse order.
 *
 * Whatever opens registers its closing at once. `close` is idempotent and bounded: a step that hangs is
 * named and left behind, and the steps after it still run.
 */
export class Lifecycle {
  readonly #steps: { readonly name: string; readonly close: () => unknown }[] = [];
  #closing: Promise<readonly CloseFailure[]> | undefined;

  /** Registers how to close something, to be run before everything registered earlier. */
  onClose(name: string, close: () => unknown): void {
    if (this.#closing !== undefined) throw new Error(`${name} was opened while the process is closing`);
    this.#steps.push({ name, close });
  }

  /** Closes everything within `withinMs`; answers what could not be closed and why. Never throws. */
  close(withinMs: number): Promise<readonly CloseFailure[]> {
    this.#closing ??= this.#closeAll(withinMs);
    return this.#closing;
  }

  async #closeAll(withinMs: number): Promise<readonly CloseFailure[]> {
    const failures: CloseFailure[] = [];
    const until = performance.now() + withinMs;
    for (const { name, close } of this.#steps.toReversed()) {
      try {
        await within(Promise.resolve(close()), Math.max(1, until - performance.now()));
      } catch (error) {
        failures.push({ name, error });
      }
    }
    return failures;
  }
}

export interface CloseFailure {
  readonly name: string;
  readonly error: unknown;
}

/** All closing together; an orchestrator usually kills after 30 s, so this leaves room. */
export const CLOSE_WITHIN_MS = 10_000;

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timeout: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timeout = setTimeout(() => reject(new Error(`did not close within ${Math.round(ms)} ms`)), ms);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timeout);
  }
}
