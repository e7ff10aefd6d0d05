import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DeadLetter } from '../../services/contracts/dead-letter.ts';
import type { DeadLetters, LetterDecision } from '../../services/platform/database/dead-letters.ts';
import type { Redelivery } from '../../services/platform/keyed-process/state-store.ts';

/** Dead letters to try, and the runner's side of them. */
export interface DeadLettersUnderTest {
  letters(): DeadLetters;
  /** Commits what a pass set aside, and which redeliveries went well. */
  commit(parked: readonly DeadLetter[], redelivered: readonly string[]): Promise<void>;
  redeliveries(): Promise<readonly Redelivery[]>;
  /** How often the runner was told that there may be something to do; absent where it looks by itself. */
  readonly wakeUps: (() => number) | undefined;
  reopen(): Promise<void>;
  dispose(): Promise<void>;
}

const letter = (id: string, at: number): DeadLetter => ({
  id,
  process: 'scoring',
  topic: 'complaints',
  key: 'k',
  partition: 0,
  offset: 7,
  reason: 'handler_error',
  detail: 'TypeError: no',
  at,
  payload: '{"id":"r"}',
});

const ANA: LetterDecision = { by: 'ana', why: 'the CRM is mended', at: 1000 };

/** What the dead letters keep; `build` makes an empty one for each test. */
export function deadLettersContract(name: string, build: () => Promise<DeadLettersUnderTest>): void {
  describe(`dead letters: ${name}`, () => {
    let subject: DeadLettersUnderTest;
    beforeEach(async () => {
      subject = await build();
      await subject.commit([letter('b', 2), letter('a', 1)], []);
    });
    afterEach(() => subject.dispose());

    test('are listed whole, oldest first, also after a restart', async () => {
      await subject.reopen();
      expect(await subject.letters().list(undefined, 10)).toEqual([
        { ...letter('a', 1), status: 'parked', attempts: 1 },
        { ...letter('b', 2), status: 'parked', attempts: 1 },
      ]);
      expect(await subject.letters().list(undefined, 1)).toHaveLength(1);
      expect((await subject.letters().find('b'))?.at).toBe(2);
      expect(await subject.letters().find('c')).toBeUndefined();
    });

    test('to be tried again wake the runner, and are retried once that went well', async () => {
      expect(await subject.letters().retry('a', ANA)).toBe(true);
      expect(subject.wakeUps?.() ?? 1).toBe(1);
      expect(await subject.redeliveries()).toMatchObject([{ deadLetterId: 'a', process: 'scoring' }]);
      await subject.commit([], ['a']);
      expect(await subject.letters().counts()).toEqual({ parked: 1, retrying: 0, retried: 1, dropped: 0 });
    });

    test('can be repaired: the new payload is what is tried, and what stays on record', async () => {
      await subject.letters().retry('a', ANA, '{"id":"repaired"}');
      expect(await subject.redeliveries()).toMatchObject([{ input: { value: { id: 'repaired' } } }]);
      await subject.commit([letter('a', 9)], []);
      expect(await subject.letters().find('a')).toMatchObject({ payload: '{"id":"repaired"}', attempts: 2 });
    });

    test('are not handed over with a payload that is no JSON', async () => {
      await expect(subject.letters().retry('a', ANA, '{')).rejects.toThrow(SyntaxError);
      expect((await subject.letters().find('a'))?.status).toBe('parked');
    });

    test('that fail again are parked again, with the new reason', async () => {
      await subject.letters().retry('a', ANA);
      await subject.commit([{ ...letter('a', 9), reason: 'invalid_record', detail: 'still bad' }], []);
      expect(await subject.letters().find('a')).toMatchObject({
        status: 'parked',
        attempts: 2,
        reason: 'invalid_record',
        detail: 'still bad',
      });
    });

    test('given up stay on record and are not tried', async () => {
      expect(await subject.letters().drop('a', ANA)).toBe(true);
      expect(await subject.letters().retry('a', ANA)).toBe(false);
      expect(await subject.redeliveries()).toEqual([]);
      expect((await subject.letters().list('dropped', 10)).map(({ id }) => id)).toEqual(['a']);
    });

    test('say who decided about them last, why and when, also when they fail again', async () => {
      await subject.letters().drop('b', { by: 'Jörg \\ \0', at: 3 });
      await subject.letters().retry('a', ANA);
      await subject.commit([letter('a', 9)], []);
      await subject.reopen();
      expect((await subject.letters().find('b'))?.decision).toEqual({ by: 'Jörg \\ \0', at: 3 });
      expect(await subject.letters().find('a')).toMatchObject({ status: 'parked', decision: ANA });
    });

    test('are retried, or given up, all at once, where they are parked and fit', async () => {
      await subject.commit([{ ...letter('c', 3), process: 'alerting', reason: 'invalid_record' }], []);
      await subject.letters().drop('b', ANA);
      expect(await subject.letters().dropAll({ process: 'scoring', reason: 'invalid_record' }, ANA)).toBe(0);
      expect(await subject.letters().retryAll({ reason: 'handler_error' }, ANA)).toBe(1);
      expect(subject.wakeUps?.() ?? 1).toBe(1);
      expect(await subject.redeliveries()).toMatchObject([{ deadLetterId: 'a' }]);
      expect(await subject.letters().dropAll({}, ANA)).toBe(1);
      expect(await subject.letters().find('c')).toMatchObject({ status: 'dropped', decision: ANA });
      expect(await subject.letters().counts()).toEqual({ parked: 0, retrying: 1, retried: 0, dropped: 2 });
    });

    test('that are settled are listed with the latest decision first', async () => {
      await subject.letters().retry('a', { by: 'ana', at: 5 });
      await subject.commit([], ['a']);
      await subject.letters().drop('b', { by: 'ana', at: 6 });
      expect((await subject.letters().settled(10)).map(({ id, status }) => [id, status])).toEqual([
        ['b', 'dropped'],
        ['a', 'retried'],
      ]);
      expect(await subject.letters().settled(1)).toHaveLength(1);
    });

    test('that are unknown, or not parked, are neither tried nor dropped', async () => {
      expect(await subject.letters().retry('c', ANA)).toBe(false);
      expect(await subject.letters().drop('c', ANA)).toBe(false);
      await subject.letters().retry('a', ANA);
      expect(await subject.letters().retry('a', ANA)).toBe(false);
      expect(await subject.letters().drop('a', ANA)).toBe(false);
      expect(subject.wakeUps?.() ?? 1).toBe(1);
    });
  });
}
