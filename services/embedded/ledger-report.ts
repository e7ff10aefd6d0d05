import { TOPICS, type Topic } from '../contracts/topics.ts';
import type { EmbeddedStore } from '../platform/database/embedded-store.ts';
import { EMBEDDED_PARTITION } from '../platform/event-log/event-log.sqlite.ts';
import type { Runner } from '../platform/keyed-process/runner.ts';
import type { LedgerEntry } from '../platform/keyed-process/state-store.ts';

/** Two sums that must be the same, in words. */
export interface LedgerCheck {
  readonly says: string;
  readonly left: number;
  readonly right: number;
  readonly meets: boolean;
}

/** Every input accounted for: what came in, what became of it at each stage, and whether the sums meet. */
export interface LedgerReport {
  readonly entries: readonly LedgerEntry[];
  readonly checks: readonly LedgerCheck[];
  /** Inputs that are stored and not yet processed. */
  readonly waiting: number;
  readonly deadLetters: Readonly<Record<string, number>>;
  readonly meets: boolean;
}

/**
 * Balances the ledger of the embedded pipeline.
 *
 * For every process and topic: what it finished with equals what it was given. What it was given is the
 * position in the log for topics that it reads there, and what others emitted for topics that are chained.
 */
export async function ledgerReport(store: EmbeddedStore, runner: Runner): Promise<LedgerReport> {
  const entries = store.ledger.entries();
  const positions = await runner.progress();
  const checks: LedgerCheck[] = [];
  let waiting = 0;
  for (const [topic, position] of positions) {
    const end = await store.log.endOffset(topic, EMBEDDED_PARTITION);
    waiting += end - position;
    if (TOPICS[topic].writer === 'anyone') {
      checks.push(
        check(
          `${topic}: accepted = in the log`,
          sum(entries, { stage: 'log', topic, outcome: 'accepted' }),
          end,
        ),
      );
    }
  }
  for (const process of runner.processes()) {
    for (const topic of process.inputs) {
      const given = (positions.get(topic) ?? 0) + emitted(entries, runner, topic);
      const finished = sum(entries, { stage: process.name, topic }, ['emitted']);
      checks.push(check(`${process.name}: given from ${topic} = finished`, given, finished));
    }
  }
  return {
    entries,
    checks,
    waiting,
    deadLetters: await store.deadLetters.counts(),
    meets: checks.every((one) => one.meets),
  };
}

const emitted = (entries: readonly LedgerEntry[], runner: Runner, topic: Topic): number =>
  runner.isChained(topic) ? sum(entries, { topic, outcome: 'emitted' }) : 0;

const check = (says: string, left: number, right: number): LedgerCheck => ({
  says,
  left,
  right,
  meets: left === right,
});

function sum(
  entries: readonly LedgerEntry[],
  like: Partial<LedgerEntry>,
  without: readonly string[] = [],
): number {
  let total = 0;
  for (const entry of entries) {
    const fits =
      (like.stage === undefined || like.stage === entry.stage) &&
      (like.topic === undefined || like.topic === entry.topic) &&
      (like.outcome === undefined || like.outcome === entry.outcome);
    if (fits && !without.includes(entry.outcome)) total += entry.count;
  }
  return total;
}
