import type { DatabaseSync } from 'node:sqlite';
import { asStorageError, type Migration } from '../../platform/database/sqlite.ts';
import type { RuleSet, RuleSetSource } from '../domain/compile.ts';
import { readRuleSet } from '../domain/read-rule-set.ts';
import type { KeptRuleSet, KeptRuleSets } from '../ports.ts';

/** A set of rules, and since when it was in force. */
export interface RulesSince {
  readonly at: number;
  readonly ruleSet: RuleSet;
}

/** Each set once, by its hash, with its files as they were; and when which one came into force. */
export const RULES_MIGRATIONS: readonly Migration[] = [
  {
    id: '0201-kept-rule-sets',
    // Releases before this step made the same tables without one.
    sql: `
      CREATE TABLE IF NOT EXISTS rule_set (hash TEXT PRIMARY KEY, source TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS rules_in_force (at INTEGER NOT NULL, hash TEXT NOT NULL REFERENCES rule_set);
    `,
  },
];

export function keepRuleSets(db: DatabaseSync): KeptRuleSets {
  const store = db.prepare('INSERT INTO rule_set (hash, source) VALUES (?, ?) ON CONFLICT DO NOTHING');
  const last = db.prepare(
    'SELECT hash, at, source FROM rules_in_force JOIN rule_set USING (hash) ORDER BY at DESC, rules_in_force.rowid DESC LIMIT 1',
  );
  const since = db.prepare('INSERT INTO rules_in_force (at, hash) VALUES (?, ?)');
  const between = db.prepare(`
    SELECT hash, at, source FROM rules_in_force AS f JOIN rule_set USING (hash)
    WHERE at <= ?2 AND (at > ?1 OR f.rowid = (
      SELECT rowid FROM rules_in_force WHERE at <= ?1 ORDER BY at DESC, rowid DESC LIMIT 1))
    ORDER BY at, f.rowid`);
  return {
    keep: async ({ hash, source }, at) => {
      if (source === undefined) return;
      try {
        if (last.get()?.hash === hash) return;
        store.run(hash, JSON.stringify(source));
        since.run(at, hash);
      } catch (error) {
        throw asStorageError(error);
      }
    },
    last: async () => {
      const row = last.get();
      return row && keptIn(row);
    },
    between: async (from, until) => between.all(from, until).map(keptIn),
  };
}

/** Puts these in the place of all that are kept: they were kept elsewhere. Runs inside the caller's transaction. */
export function replaceKept(db: DatabaseSync, sets: readonly KeptRuleSet[]): void {
  db.exec('DELETE FROM rules_in_force; DELETE FROM rule_set;');
  const store = db.prepare('INSERT INTO rule_set (hash, source) VALUES (?, ?) ON CONFLICT DO NOTHING');
  const since = db.prepare('INSERT INTO rules_in_force (at, hash) VALUES (?, ?)');
  for (const { hash, since: at, source } of sets) {
    store.run(hash, JSON.stringify(source));
    since.run(at, hash);
  }
}

const keptIn = ({ hash, at, source }: Readonly<Record<string, unknown>>): KeptRuleSet => ({
  hash: String(hash),
  since: Number(at),
  source: sourceIn(source),
});

/** `keep` is the only one who writes it. */
const sourceIn = (text: unknown): RuleSetSource => JSON.parse(String(text)) as RuleSetSource;

/** The sets that were in force until then, the first one first. One that this version cannot read is left out. */
export function readKeptRuleSets(db: DatabaseSync, until: number): readonly RulesSince[] {
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'rules_in_force'").get() === undefined) return [];
  const rows = db
    .prepare(
      'SELECT at, source FROM rules_in_force JOIN rule_set USING (hash) WHERE at <= ? ORDER BY at, rules_in_force.rowid',
    )
    .all(until);
  return rows.flatMap(({ at, source }) => {
    const { files, names } = sourceIn(source);
    const read = readRuleSet(files, names);
    return read.ok ? [{ at: Number(at), ruleSet: read.ruleSet }] : [];
  });
}
