import type { StatementSync } from 'node:sqlite';
import { EMBEDDED_PARTITION } from '../event-log/event-log.sqlite.ts';
import { encodeLine } from '../event-log/record-batch.ts';
import type { Emit } from '../keyed-process/keyed-process.ts';
import type { Traced } from '../keyed-process/state-store.ts';
import type { Clock } from '../time/clock.ts';
import type { DataFile } from './data-file.ts';
import type { ClaimedEffect, EffectQueue, Pending } from './effect-queue.ts';

/** The effect queue in the data file. */
export class SqliteEffectQueue implements EffectQueue {
  readonly #file: DataFile;
  readonly #clock: Clock;
  readonly #settled: () => void;
  readonly #sql: ReturnType<typeof statements>;

  /**
   * `settled` is called after outcomes were appended, so that whoever reads them wakes up.
   *
   * The file has one owner, so whoever claimed something before is gone: what it held may be claimed at once,
   * as uncertain, instead of when its lease ends.
   */
  constructor(file: DataFile, clock: Clock, settled: () => void) {
    this.#file = file;
    this.#clock = clock;
    this.#settled = settled;
    this.#sql = statements(file);
    if (this.#sql.anyLeased.get() !== undefined) file.transaction(() => this.#sql.endLeases.run());
  }

  async claim(queue: string, now: number, limit: number, leaseMs: number): Promise<readonly ClaimedEffect[]> {
    const due = this.#sql.due.all(queue, now, now, limit);
    if (due.length === 0) return [];
    const claimed = this.#file.transaction(() =>
      due.map((row) => {
        this.#sql.claim.run(now + leaseMs, String(row.id));
        return {
          id: String(row.id),
          queue,
          dueAt: Number(row.due_at),
          payload: JSON.parse(String(row.payload)) as unknown,
          uncertain: Number(row.claims) > 0,
          cancelled: Number(row.cancelled) > 0,
          ...(row.trace === null ? {} : { trace: String(row.trace) }),
        };
      }),
    );
    await this.#file.synced();
    return claimed;
  }

  async stillHeld(id: string, now: number): Promise<boolean> {
    const row = this.#sql.lease.get(id);
    return row !== undefined && Number(row.lease_until) > now;
  }

  async settle(id: string, outcome: readonly Traced<Emit>[]): Promise<void> {
    const now = this.#clock.now();
    this.#file.transaction(() => {
      // Without the row somebody else has settled it: a second outcome would count the same thing twice.
      if (this.#sql.remove.run(id).changes === 0) return;
      for (const { topic, key, value, trace } of outcome) {
        this.#file.log.append(topic, EMBEDDED_PARTITION, [encodeLine(key, value, trace)], now);
        this.#file.ledger.write([{ stage: 'log', topic, outcome: 'accepted', reason: '', count: 1 }]);
      }
    });
    await this.#file.synced();
    this.#settled();
  }

  async release(id: string, dueAt: number): Promise<void> {
    this.#file.transaction(() => {
      this.#sql.release.run(dueAt, id);
      this.#sql.removeCancelled.run(id);
    });
  }

  async pending(queue: string): Promise<Pending> {
    const row = this.#sql.pending.get(queue);
    const count = Number(row?.count ?? 0);
    if (count === 0) return { count };
    return { count, earliestDueAt: Number(row?.earliest), oldestSince: Number(row?.oldest) };
  }
}

const statements = ({ db }: DataFile) =>
  ({
    due: db.prepare(
      'SELECT id, due_at, payload, claims, cancelled, trace FROM effect WHERE queue = ? AND due_at <= ? AND lease_until <= ? ORDER BY due_at, id LIMIT ?',
    ),
    anyLeased: db.prepare('SELECT 1 FROM effect WHERE lease_until > 0 LIMIT 1'),
    endLeases: db.prepare('UPDATE effect SET lease_until = 0 WHERE lease_until > 0'),
    claim: db.prepare('UPDATE effect SET lease_until = ?, claims = claims + 1 WHERE id = ?'),
    lease: db.prepare('SELECT lease_until FROM effect WHERE id = ? AND cancelled = 0'),
    remove: db.prepare('DELETE FROM effect WHERE id = ?'),
    release: db.prepare(
      'UPDATE effect SET lease_until = 0, claims = claims - 1, since = coalesce(since, due_at), due_at = ? WHERE id = ? AND claims > 0',
    ),
    // What was cancelled while claimed, and is now known not to have been sent, is nobody's business any more.
    removeCancelled: db.prepare('DELETE FROM effect WHERE id = ? AND cancelled = 1 AND claims = 0'),
    pending: db.prepare(
      'SELECT count(*) AS count, min(due_at) AS earliest, min(coalesce(since, due_at)) AS oldest FROM effect WHERE queue = ?',
    ),
  }) satisfies Record<string, StatementSync>;
