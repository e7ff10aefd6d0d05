import type { Source } from '../../contracts/sources.ts';
import type { Emit } from '../../platform/keyed-process/keyed-process.ts';
import type { ManualClock } from '../../platform/time/clock.ts';

/** The pipeline as the demo uses it: through the same doors as everybody else. */
export interface Stage {
  readonly clock: ManualClock;
  /** Hands records to the ingestion gateway. */
  accept(source: Source, records: readonly unknown[]): Promise<void>;
  /** Gives an order for an alert, as the page and the API do. */
  order(
    alertId: string,
    verb: 'acknowledge' | 'contact' | 'close',
    body: object,
    person: string,
  ): Promise<void>;
  /** Works until nothing is left to do at the clock's present time, messages included. */
  settle(): Promise<void>;
  /** When a timer or a waiting message falls due next. */
  nextDueAt(): Promise<number | undefined>;
  onFact(listener: (fact: Emit) => void): void;
}
