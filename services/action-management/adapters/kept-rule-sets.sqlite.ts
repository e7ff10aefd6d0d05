import type { DatabaseSync } from 'node:sqlite';
import { asStorageError } from '../../platform/database/sqlite.ts';
import type { RuleSet, RuleSetSource } from '../domain/compile.ts';
import { readRuleSet } from '../domain/read-rule-set.ts';
import type { KeptRuleSets } from '../ports.ts';

/** A set of rules, and since when it was in force. */
export interface RulesSince {
  readonly at: number;
  readonly ruleSet: RuleSet;
}

/** Each set once, by its hash, with its files as they were; and when which one came into force. Makes its own tables. */
export function keepRuleSets(db: DatabaseSync): KeptRuleSets {
  db.exec(TABLES);
  const store = db.prepare('INSERT INTO rule_set (hash, source) VALUES (?, ?) ON CONFLICT DO NOTHING');
  const last = db.prepare('SELECT hash FROM rules_in_force ORDER BY at DESC, rowid DESC LIMIT 1');
  const since = db.prepare('INSERT INTO rules_in_force (at, hash) VALUES (?, ?)');
  return {
    keep: ({ hash, source }, at) => {
      if (source === undefined) return;
      try {
        if (last.get()?.hash === hash) return;
        store.run(hash, JSON.stringify(source));
        since.run(at, hash);
      } catch (error) {
        throw asStorageError(error);
      }
    },
  };
}

const TABLES = `
  CREATE TABLE IF NOT EXISTS rule_set (hash TEXT PRIMARY KEY, source TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS rules_in_force (at INTEGER NOT NULL, hash TEXT NOT NULL REFERENCES rule_set)`;

/** The sets that were in force until then, the first one first. One that this version cannot read is left out. */
export function readKeptRuleSets(db: DatabaseSync, until: number): readonly RulesSince[] {
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'rules_in_force'").get() === undefined) return [];
  const rows = db
    .prepare(
      'SELECT at, source FROM rules_in_force JOIN rule_set USING (hash) WHERE at <= ? ORDER BY at, rules_in_force.rowid',
    )
    .all(until);
  return rows.flatMap(({ at, source }) => {
    // `keep` is the only one who writes it.
    const { files, names } = JSON.parse(String(source)) as RuleSetSource;
    const read = readRuleSet(files, names);
    return read.ok ? [{ at: Number(at), ruleSet: read.ruleSet }] : [];
  });
}
