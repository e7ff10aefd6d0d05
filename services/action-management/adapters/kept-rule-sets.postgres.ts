import type { PostgresMigration } from '../../platform/database/migrate.postgres.ts';
import type { NamedSql, Postgres } from '../../platform/database/postgres.ts';
import type { RuleSetSource } from '../domain/compile.ts';
import type { KeptRuleSet, KeptRuleSets } from '../ports.ts';

/** Each set once, by its hash, with its files as they were; and when which one came into force, in any instance. */
export const RULES_POSTGRES_MIGRATIONS: readonly PostgresMigration[] = [
  {
    id: '0201-kept-rule-sets',
    sql: `
      CREATE TABLE rule_set (hash text COLLATE "C" PRIMARY KEY, source text NOT NULL);
      CREATE TABLE rules_in_force (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at bigint NOT NULL,
        hash text COLLATE "C" NOT NULL REFERENCES rule_set
      );
    `,
  },
];

export function keepRuleSets(postgres: Pick<Postgres, 'query'>): KeptRuleSets {
  return {
    keep: async ({ hash, source }, at) => {
      if (source !== undefined) await postgres.query(KEEP, [hash, JSON.stringify(source), at]);
    },
    last: async () => {
      const [row] = await postgres.query<Row>(LAST, []);
      return row && keptIn(row);
    },
    between: async (from, until) => (await postgres.query<Row>(BETWEEN, [from, until])).map(keptIn),
  };
}

interface Row {
  readonly hash: string;
  readonly at: string;
  readonly source: string;
}

/** `keep` is the only one who writes it. */
const keptIn = ({ hash, at, source }: Row): KeptRuleSet => ({
  hash,
  since: Number(at),
  source: JSON.parse(source) as RuleSetSource,
});

const KEEP: NamedSql = {
  name: 'keep-rule-set',
  text: `WITH stored AS (INSERT INTO rule_set (hash, source) VALUES ($1, $2) ON CONFLICT DO NOTHING)
         INSERT INTO rules_in_force (at, hash) SELECT $3, $1
         WHERE $1 IS DISTINCT FROM (SELECT hash FROM rules_in_force ORDER BY at DESC, position DESC LIMIT 1)`,
};

const BETWEEN: NamedSql = {
  name: 'rule-sets-between',
  text: `SELECT hash, at, source FROM rules_in_force JOIN rule_set USING (hash)
         WHERE at <= $2 AND (at > $1 OR position = (
           SELECT position FROM rules_in_force WHERE at <= $1 ORDER BY at DESC, position DESC LIMIT 1))
         ORDER BY at, position`,
};

const LAST: NamedSql = {
  name: 'last-rule-set',
  text: 'SELECT hash, at, source FROM rules_in_force JOIN rule_set USING (hash) ORDER BY at DESC, position DESC LIMIT 1',
};
