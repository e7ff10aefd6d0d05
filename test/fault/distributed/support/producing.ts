const BATCHES_A_SECOND = 5;

/** A producer that posts complaints, one customer each, and repeats a batch until it is answered. */
export class Producing {
  readonly #url: () => string;
  readonly #customers: string[] = [];
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  #abandoned = false;
  #next = 0;

  /** `url` of the gateway, asked anew for every try. */
  constructor(url: () => string) {
    this.#url = url;
  }

  /** So many customers a second until `stop`, or fewer where answers are slow. */
  start(perSecond = 10): void {
    this.#stopped = false;
    this.#running = this.#run(perSecond / BATCHES_A_SECOND);
  }

  /** One customer, or several at once. */
  async once(customers = 1): Promise<void> {
    await this.#batch(customers);
  }

  /** How many customers were heard so far. */
  get heard(): number {
    return this.#customers.length;
  }

  /** Gives up whatever nobody answers. */
  abandon(): void {
    this.#abandoned = true;
  }

  /** Ends after the batch under way; answers who was heard. */
  async stop(): Promise<readonly string[]> {
    this.#stopped = true;
    await this.#running;
    return this.#customers;
  }

  async #run(size: number): Promise<void> {
    while (!this.#stopped) {
      await this.#batch(size);
      await new Promise((resume) => setTimeout(resume, 1_000 / BATCHES_A_SECOND));
    }
  }

  async #batch(size: number): Promise<void> {
    const occurredAt = Date.now();
    const records = Array.from({ length: size }, () => {
      const customerId = `c-${this.#next++}`;
      return { id: `r-${customerId}`, customerId, occurredAt, text: 'I want to cancel my contract.' };
    });
    for (;;) {
      if (await this.#accepted(records)) break;
      if (this.#abandoned) return;
      await new Promise((resume) => setTimeout(resume, 200));
    }
    this.#customers.push(...records.map(({ customerId }) => customerId));
  }

  async #accepted(records: readonly object[]): Promise<boolean> {
    try {
      const answer = await fetch(`${this.#url()}/v1/complaints`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(records),
        signal: AbortSignal.timeout(5_000),
      });
      return answer.status < 300;
    } catch {
      // Nobody there, or the answer was lost: the same records are sent again.
      return false;
    }
  }
}
