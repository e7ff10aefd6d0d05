/** What is going to happen, and when. */
export class Agenda {
  readonly #entries: { readonly at: number; readonly order: number; readonly act: () => Promise<void> }[] =
    [];
  #added = 0;
  #sorted = true;

  add(at: number, act: () => Promise<void>): void {
    this.#entries.push({ at, order: this.#added++, act });
    this.#sorted = false;
  }

  nextAt(): number {
    this.#sort();
    return this.#entries.at(-1)?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Everything up to an instant, in order; it is then off the agenda. */
  takeUntil(instant: number): (() => Promise<void>)[] {
    this.#sort();
    const taken: (() => Promise<void>)[] = [];
    while (this.nextAt() <= instant) {
      const entry = this.#entries.pop();
      if (entry !== undefined) taken.push(entry.act);
    }
    return taken;
  }

  /** Latest first, so that taking the earliest is a pop. */
  #sort(): void {
    if (this.#sorted) return;
    this.#entries.sort((a, b) => b.at - a.at || b.order - a.order);
    this.#sorted = true;
  }
}
