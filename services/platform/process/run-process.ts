import type { Logger } from '../logging/logger.ts';
import { CLOSE_WITHIN_MS, type Lifecycle } from './lifecycle.ts';

/** Where a process hears that it is to stop. */
export interface StopOrder {
  readonly signal: AbortSignal;
  /** Stops without being told to. */
  abort(): void;
  /** Listens no longer. */
  release(): void;
}

/** Listens for SIGINT and SIGTERM, which mean the same. A second one ends the process at once. */
export function listenForStop(log: Logger): StopOrder {
  const stop = new AbortController();
  const onSignal = (signal: string): void => {
    if (stop.signal.aborted) process.exit(1);
    log.info({ signal }, 'stopping');
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: stop.signal,
    abort: () => stop.abort(),
    release: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}

/**
 * Waits until the process is told to stop or `work` ends, then closes what is open, in reverse order.
 *
 * Answers the exit code: 0 for a clean stop, 1 when something failed or did not close in time.
 */
export async function runUntilStopped(
  lifecycle: Lifecycle,
  log: Logger,
  work: (stop: AbortSignal) => Promise<unknown>,
  stop: StopOrder = listenForStop(log),
): Promise<number> {
  let exitCode = 0;
  try {
    await work(stop.signal);
  } catch (error) {
    exitCode = 1;
    log.error({ error: describeError(error) }, 'stopping because of a failure');
    stop.abort();
  }
  for (const failure of await lifecycle.close(CLOSE_WITHIN_MS)) {
    exitCode = 1;
    log.error({ step: failure.name, error: describeError(failure.error) }, 'could not close');
  }
  stop.release();
  return exitCode;
}

export const describeError = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
