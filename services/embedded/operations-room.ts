import type { RulesReload } from '../action-management/rules-reload.ts';
import type { Topic } from '../contracts/topics.ts';
import type { StageStanding, SystemStanding } from '../loop-closure/domain/operations.ts';
import { lettersStanding } from '../loop-closure/letters-standing.ts';
import type { OperationsRoom } from '../loop-closure/ports.ts';
import { CHANNEL_KINDS, NOTIFICATION_QUEUES } from '../notification/domain/message.ts';
import { EMBEDDED_PARTITION } from '../platform/event-log/event-log.sqlite.ts';
import type { LedgerEntry } from '../platform/keyed-process/state-store.ts';
import type { Clock } from '../platform/time/clock.ts';
import type { Pipeline } from './pipeline.ts';
import { TOCSIN_VERSION } from './version.ts';

export interface OperationsRoomDeps {
  readonly pipeline: Pick<Pipeline, 'store' | 'runner' | 'silences'>;
  readonly rules: Pick<RulesReload, 'status'>;
  readonly notReady: () => string | undefined;
  readonly clock: Clock;
}

/** Timers that a page shows; more is for a shell. */
const SHOWN_TIMERS = 15;

/** How the embedded pipeline is doing: one process knows all of it. */
export const createOperationsRoom = (deps: OperationsRoomDeps): OperationsRoom => {
  const { store, silences } = deps.pipeline;
  return {
    standing: () => standingOf(deps),
    deadLetters: store.deadLetters,
    endSilence: (id, by) => silences.end(id, by, deps.clock.now()),
  };
};

async function standingOf({ pipeline, rules, notReady, clock }: OperationsRoomDeps): Promise<SystemStanding> {
  const { store, silences } = pipeline;
  const now = clock.now();
  const reason = notReady();
  return {
    version: TOCSIN_VERSION,
    ...(reason === undefined ? {} : { notReady: reason }),
    stages: await stagesOf(pipeline),
    timers: {
      pending: store.timersPending(),
      overdue: store.timersOverdue(now),
      earliest: store.timers(SHOWN_TIMERS),
    },
    queues: await Promise.all(CHANNEL_KINDS.map((channel) => queueOf(store, NOTIFICATION_QUEUES[channel]))),
    letters: await lettersStanding(store.deadLetters),
    silences: silences.notOver(now),
    rules: rules.status(),
  };
}

/** Topics that are chained go on within the transaction: nothing waits in between. */
async function stagesOf({
  store,
  runner,
}: OperationsRoomDeps['pipeline']): Promise<readonly StageStanding[]> {
  const entries = store.ledger.entries();
  const positions = await runner.progress();
  return Promise.all(
    runner.processes().map(async ({ name, inputs }) => {
      const waits = await Promise.all(
        inputs
          .filter((topic) => !runner.isChained(topic))
          .map((topic) => waitingIn(store, topic, positions.get(topic) ?? 0)),
      );
      const since = waits.flatMap(({ since }) => (since === undefined ? [] : [since]));
      return {
        name,
        reads: inputs,
        handled: sum(entries, name, 'handled'),
        skipped: sum(entries, name, 'skipped'),
        setAside: sum(entries, name, 'deadLetter'),
        waiting: waits.reduce((total, { waiting }) => total + waiting, 0),
        ...(since.length === 0 ? {} : { waitingSince: Math.min(...since) }),
      };
    }),
  );
}

async function waitingIn(
  { log }: Pipeline['store'],
  topic: Topic,
  position: number,
): Promise<{ readonly waiting: number; readonly since?: number }> {
  const waiting = (await log.endOffset(topic, EMBEDDED_PARTITION)) - position;
  if (waiting <= 0) return { waiting: 0 };
  const [oldest] = await log.read(topic, EMBEDDED_PARTITION, position, 1);
  return { waiting, ...(oldest === undefined ? {} : { since: oldest.appendedAt }) };
}

const sum = (entries: readonly LedgerEntry[], stage: string, outcome: string): number =>
  entries
    .filter((entry) => entry.stage === stage && entry.outcome === outcome)
    .reduce((total, { count }) => total + count, 0);

async function queueOf({ effects }: Pipeline['store'], name: string) {
  const { count, oldestSince } = await effects.pending(name);
  return { name, waiting: count, ...(oldestSince === undefined ? {} : { oldestSince }) };
}
