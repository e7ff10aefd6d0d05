import type { Topic, TopicValues } from '../../../services/contracts/topics.ts';
import type { Logger } from '../../../services/platform/logging/logger.ts';
import type { ManualClock } from '../../../services/platform/time/clock.ts';

/** Where a Tocsin under test stands. It outlives a restart. */
export interface Site {
  /** Data folder. */
  readonly folder: string;
  readonly clock: ManualClock;
  /** `TOCSIN_…` settings. */
  readonly env: Readonly<Record<string, string>>;
  readonly log: Logger;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/**
 * A running Tocsin, however it runs. Stories know nothing else of it, so the same stories can be told of every
 * mode. Nothing moves by itself: not time, and not what falls due in it.
 */
export interface Deployment {
  /** Asks over HTTP, and lets the pipeline work until there is an answer. */
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** Works until nothing is left to do at the clock's present time, messages included. */
  settle(): Promise<void>;
  /** When something falls due next, epoch ms. */
  nextDueAt(): Promise<number | undefined>;
  /** Every fact of a topic, oldest first. */
  facts<T extends Topic>(topic: T): Promise<readonly TopicValues[T][]>;
  /** Stops it as an operator would; what it has is in the folder. Answers what could not be closed. */
  stop(): Promise<readonly string[]>;
}

/** Starts a Tocsin at a site, where one may have been before. */
export type Deploy = (site: Site) => Promise<Deployment>;
