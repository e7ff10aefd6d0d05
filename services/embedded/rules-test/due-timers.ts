import type { OwnedTimer } from '../../platform/keyed-process/state-store.ts';

/**
 * Timers in memory, the earliest at hand however many there are: a binary heap by due time. A timer that was set
 * again or cleared stays in the heap until it comes up, and is then passed over.
 */
export class DueTimers {
  readonly #current = new Map<string, Entry>();
  readonly #heap: Entry[] = [];
  #order = 0;

  /** Sets the timer of that process, key and name, replacing an earlier one; `dueAt: null` clears it. */
  set({ dueAt, ...owner }: Omit<OwnedTimer, 'dueAt'> & { readonly dueAt: number | null }): void {
    const id = `${owner.process}\0${owner.key}\0${owner.name}`;
    if (dueAt === null) {
      this.#current.delete(id);
      return;
    }
    this.#order += 1;
    const entry = { id, order: this.#order, timer: { ...owner, dueAt } };
    this.#current.set(id, entry);
    this.#push(entry);
  }

  /** The earliest timer; of several that are due at one instant, the one that was set first. */
  next(): OwnedTimer | undefined {
    for (;;) {
      const [first] = this.#heap;
      if (first === undefined) return undefined;
      if (this.#current.get(first.id) === first) return first.timer;
      this.#pop();
    }
  }

  all(): OwnedTimer[] {
    return [...this.#current.values()].map(({ timer }) => timer);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let place = heap.length;
    for (;;) {
      const parent = (place - 1) >> 1;
      const above = heap[parent];
      if (place === 0 || above === undefined || !isBefore(entry, above)) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      const [left, right] = [heap[2 * place + 1], heap[2 * place + 2]];
      const smaller = left !== undefined && right !== undefined && isBefore(right, left) ? 2 : 1;
      const below = smaller === 2 ? right : left;
      if (below === undefined || !isBefore(below, last)) break;
      heap[place] = below;
      place = 2 * place + smaller;
    }
    heap[place] = last;
  }
}

interface Entry {
  readonly id: string;
  readonly order: number;
  readonly timer: OwnedTimer;
}

const isBefore = (a: Entry, b: Entry): boolean =>
  a.timer.dueAt < b.timer.dueAt || (a.timer.dueAt === b.timer.dueAt && a.order < b.order);
