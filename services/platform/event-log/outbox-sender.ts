/** Facts of one transaction, as they lie in the outbox; see `storedFacts`. */
export interface OutboxRow {
  /** Number of the first fact. */
  readonly sequence: number;
  readonly count: number;
  readonly facts: string;
  readonly payload: Uint8Array | null;
  /** When they were put out, epoch ms. */
  readonly at: number;
}

/** Brings rows of an outbox to the log. */
export interface OutboxSender {
  /**
   * Resolves once all replicas in step hold every fact, in the order of the rows. Rejects when that is not known: some,
   * none or all of them may be there.
   *
   * `origin` names the outbox; with a fact's number it tells a repeat from the first time.
   */
  send(origin: string, rows: readonly OutboxRow[]): Promise<void>;
}
