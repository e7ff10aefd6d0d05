import { MINUTE, SECOND } from '../../platform/time/clock.ts';

/** Slack takes one message a second for each channel, and tolerates short bursts: docs.slack.dev/apis/web-api/rate-limits */
const INTERVAL_MS = SECOND;
const BURST = 3;
/** How far the next arrival may lie ahead while a message still goes at once (the GCRA algorithm). */
const TOLERANCE_MS = (BURST - 1) * INTERVAL_MS;

/**
 * How fast messages may go to each address: one a second, three at once after a rest.
 *
 * A message that has to wait is given its own later slot, so that those behind it queue up in order instead
 * of all trying again at the same moment.
 */
export class Pace {
  /** Theoretical arrival of the next message, by address. */
  readonly #next = new Map<string, number>();
  /** When a message that had to wait may go, by its id. */
  readonly #slots = new Map<string, { readonly address: string; readonly at: number }>();

  /** Zero when message `id` may go to `address` now; otherwise how long it has to wait, in ms. */
  waitMs(address: string, id: string, now: number): number {
    const slot = this.#slots.get(id);
    if (slot !== undefined) {
      if (slot.at <= now) this.#slots.delete(id);
      return Math.max(0, slot.at - now);
    }
    const next = Math.max(this.#next.get(address) ?? 0, now);
    const wait = Math.max(0, next - TOLERANCE_MS - now);
    this.#next.set(address, next + INTERVAL_MS);
    if (wait > 0) this.#slots.set(id, { address, at: now + wait });
    if (this.#next.size + this.#slots.size > FORGET_ABOVE) this.#forgetIdle(now);
    return wait;
  }

  /** The address itself asked for patience until then. Other addresses go on. */
  block(address: string, until: number): void {
    this.#next.set(address, Math.max(this.#next.get(address) ?? 0, until + TOLERANCE_MS));
    for (const [id, slot] of this.#slots) {
      if (slot.address === address && slot.at < until) this.#slots.delete(id);
    }
  }

  #forgetIdle(now: number): void {
    for (const [address, next] of this.#next) if (next <= now) this.#next.delete(address);
    // A slot long past belongs to a message that was cancelled meanwhile.
    for (const [id, { at }] of this.#slots) if (at < now - MINUTE) this.#slots.delete(id);
  }
}

/** Entries kept before the idle ones are dropped: bounds the memory, not the number of channels. */
const FORGET_ABOVE = 10_000;
