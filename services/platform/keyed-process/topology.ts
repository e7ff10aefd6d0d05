import type { Topic } from '../../contracts/topics.ts';
import type { KeyedProcess } from './keyed-process.ts';

/**
 * Which processes one runner drives and how they hang together.
 *
 * A fact on a `chained` topic goes at once to the processes of this runner that listen to it, inside the
 * same transaction; on any other topic it is only appended. Internal topics that are chained are not logged.
 */
export class Topology {
  readonly #processes: ReadonlyMap<string, KeyedProcess<unknown>>;
  readonly #consumers = new Map<Topic, KeyedProcess<unknown>[]>();
  readonly #chained: ReadonlySet<Topic>;

  constructor(processes: readonly KeyedProcess<unknown>[], chained: readonly Topic[]) {
    this.#processes = new Map(processes.map((process) => [process.name, process]));
    if (this.#processes.size !== processes.length)
      throw new Error('two processes of one runner have the same name');
    this.#chained = new Set(chained);
    for (const process of processes) {
      for (const topic of process.inputs) this.#consumers.set(topic, [...this.consumersOf(topic), process]);
    }
  }

  process(name: string): KeyedProcess<unknown> | undefined {
    return this.#processes.get(name);
  }

  processes(): readonly KeyedProcess<unknown>[] {
    return [...this.#processes.values()];
  }

  consumersOf(topic: Topic): readonly KeyedProcess<unknown>[] {
    return this.#consumers.get(topic) ?? [];
  }

  isChained(topic: Topic): boolean {
    return this.#chained.has(topic);
  }

  /** The topics that the runner reads from the log: those that somebody else may write. */
  inputsFromLog(isLoggedByChain: (topic: Topic) => boolean): readonly Topic[] {
    return [...this.#consumers.keys()].filter((topic) => !isLoggedByChain(topic));
  }
}
