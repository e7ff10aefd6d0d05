import type { LetterDecision, ParkedLetter } from '../../platform/database/dead-letters.ts';
import { at } from '../domain/example.ts';
import type { SystemStanding } from '../domain/operations.ts';
import type { OperationsRoom } from '../ports.ts';

/** A record that could not be processed, and waits for somebody. */
export const parkedLetter = (different: Partial<ParkedLetter> = {}): ParkedLetter => ({
  id: 'scoring/signals/0/42/0',
  process: 'scoring',
  topic: 'signals',
  key: 'c-1',
  partition: 0,
  offset: 42,
  reason: 'handler_error',
  detail: 'TypeError: no',
  at: at('09:00'),
  payload: '{"text":"I want to <cancel>"}',
  status: 'parked',
  attempts: 1,
  ...different,
});

/** An operations room in which a test puts what is seen, and reads what was ordered. */
export const createTestRoom = (different: Partial<SystemStanding> = {}) => {
  const parked = new Set((different.letters?.waiting ?? []).map(({ id }) => id));
  const ordered: string[] = [];
  const order = async (verb: string, id: string, { by, why }: LetterDecision): Promise<boolean> => {
    if (!parked.delete(id)) return false;
    ordered.push(`${verb} ${id} by ${by}: ${why ?? 'no reason'}`);
    return true;
  };
  const operations: OperationsRoom = {
    standing: async () => ({
      version: '1.2.3',
      stages: [{ name: 'scoring', reads: ['signals'], handled: 9, skipped: 1, setAside: 0, waiting: 0 }],
      timers: { pending: 0, overdue: 0, earliest: [] },
      queues: [{ name: 'notifications-slack', waiting: 0 }],
      letters: { counts: { parked: 0, retrying: 0, retried: 0, dropped: 0 }, waiting: [], settled: [] },
      ...different,
    }),
    deadLetters: {
      retry: (id, decision) => order('retry', id, decision),
      retryAll: async (_, { by, why }) => {
        ordered.push(`retry all by ${by}: ${why ?? 'no reason'}`);
        return parked.size;
      },
      drop: (id, decision) => order('drop', id, decision),
    },
    ...(different.silences === undefined
      ? {}
      : {
          endSilence: async (id, by) => {
            if (different.silences?.some((silence) => silence.id === id) !== true)
              return { ok: false, words: `no silence is called ${id}` };
            ordered.push(`end ${id} by ${by}`);
            return { ok: true };
          },
        }),
  };
  return { operations, ordered };
};
