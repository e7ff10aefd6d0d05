import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RuleSet, RuleSetSource } from '../../services/action-management/domain/compile.ts';
import { noRules } from '../../services/action-management/domain/read-rule-set.ts';
import type { KeptRuleSets } from '../../services/action-management/ports.ts';

export interface KeptRuleSetsUnderTest {
  kept(): KeptRuleSets;
  reopen(): Promise<void>;
  /** Hashes with the instants since which they were in force, the first one first. */
  inForce(): Promise<readonly (readonly [at: number, hash: string])[]>;
  dispose(): Promise<void>;
}

/** The texts need not be rules: whoever takes a set out reads it again. A zero is what PostgreSQL stores in no text. */
const source: RuleSetSource = {
  files: [{ name: 'rules/a.rule.yaml', text: 'id: a\n# \u0000 ’é\n' }],
  names: { teams: ['retention'], calendars: ['business'], templates: ['open'] },
};
const set = (hash: string): RuleSet => ({ ...noRules(), hash, source });

/** What the store of rule sets keeps; `build` makes an empty one for each test. */
export function keptRuleSetsContract(name: string, build: () => Promise<KeptRuleSetsUnderTest>): void {
  describe(`kept rule sets: ${name}`, () => {
    let subject: KeptRuleSetsUnderTest;
    beforeEach(async () => {
      subject = await build();
    });
    afterEach(() => subject.dispose());

    test('an empty store has no last set', async () => {
      expect(await subject.kept().last()).toBeUndefined();
    });

    test('the last set comes back whole, also after a restart', async () => {
      await subject.kept().keep(set('one'), 1);
      await subject.kept().keep(set('two'), 2);
      await subject.reopen();
      expect(await subject.kept().last()).toEqual({ hash: 'two', since: 2, source });
    });

    test('a set is kept once while it stays in force, and again when it comes back', async () => {
      for (const [hash, at] of [
        ['one', 1],
        ['one', 2],
        ['two', 3],
        ['one', 3],
      ] as const)
        await subject.kept().keep(set(hash), at);
      expect(await subject.inForce()).toEqual([
        [1, 'one'],
        [3, 'two'],
        [3, 'one'],
      ]);
      expect((await subject.kept().last())?.hash).toBe('one');
    });

    test('the sets of a span begin with the one that was in force at its beginning', async () => {
      for (const [hash, at] of [
        ['one', 1],
        ['two', 3],
        ['three', 3],
        ['one', 5],
      ] as const)
        await subject.kept().keep(set(hash), at);
      const between = async (from: number, until: number) =>
        (await subject.kept().between(from, until)).map(({ hash, since }) => `${hash} since ${since}`);
      expect(await between(4, 9)).toEqual(['three since 3', 'one since 5']);
      expect(await between(3, 4)).toEqual(['three since 3']);
      expect(await between(0, 4)).toEqual(['one since 1', 'two since 3', 'three since 3']);
      expect((await subject.kept().between(5, 5))[0]?.source).toEqual(source);
    });

    test('a set that was not read from files is not kept: it could not be read again', async () => {
      await subject.kept().keep({ ...noRules(), hash: 'made' }, 1);
      expect(await subject.kept().last()).toBeUndefined();
    });
  });
}
