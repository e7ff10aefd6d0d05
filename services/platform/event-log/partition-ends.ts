import type { Topic } from '../../contracts/topics.ts';
import type { Clock } from '../time/clock.ts';

/** How far a service is behind in one partition of a topic. */
export interface Lag {
  readonly topic: Topic;
  readonly partition: number;
  readonly records: number;
  /** Age of the next record that is not committed; 0 when there is none. */
  readonly seconds: number;
}

/**
 * Remembers where partitions end, and since when: so that records of which nothing has been fetched are seen to wait, too.
 * How old those are nobody knows; what is told is how long they have been known of.
 */
export class PartitionEnds {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #known = new Map<string, End[]>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** A broker said that the next record will have this offset. */
  note(topic: Topic, partition: number, end: number): void {
    const place = `${topic}/${partition}`;
    const ends = this.#known.get(place) ?? [];
    if (end <= (ends.at(-1)?.end ?? -1)) return;
    if (ends.length === MOST_ENDS) ends.pop();
    ends.push({ end, at: this.#clock.now() });
    this.#known.set(place, ends);
  }

  /** `next` is the first offset that is not committed; `since` its record's age, epoch ms, where it was fetched. */
  lag(topic: Topic, partition: number, { next, since }: { next: number; since: number | undefined }): Lag {
    const place = `${topic}/${partition}`;
    const ends = this.#known.get(place) ?? [];
    const beyond = ends.filter(({ end }) => end > next);
    // The last one stays: what was said before is not news when it is said again.
    this.#known.set(place, beyond.length > 0 ? beyond : ends.slice(-1));
    const records = Math.max(0, (beyond.at(-1)?.end ?? next) - next);
    const waits = since ?? beyond[0]?.at;
    const seconds = waits === undefined ? 0 : Math.max(0, (this.#clock.now() - waits) / 1000);
    return { topic, partition, records, seconds };
  }
}

interface End {
  readonly end: number;
  readonly at: number;
}

/** The oldest are those that matter, so the newest makes way. */
const MOST_ENDS = 64;
