import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DATA_FILE } from '../platform/database/embedded-store.ts';
import { type Command, EXIT, globals, type Io, readArgs, UsageError } from './command.ts';
import { type MoveReport, migrate } from './migrate/move.ts';
import { TargetNotFit } from './migrate/target.ts';
import { readServers } from './server-settings.ts';

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'move a stopped embedded Tocsin to Kafka and PostgreSQL, with all that is open',
  help: `
Usage: tocsin migrate [--data DIR] [--dry-run] [--json]

Moves states, timers, open alerts with their stories, messages that wait, dead letters, remembered ids, views, audit,
the rules that were in force and the ledger from a data folder into the topics and the database of the distributed
mode, then checks the ledger there.
Before: stop the embedded Tocsin, run "tocsin kafka apply" and "tocsin schemas register"; start services afterwards.

The database must be fresh; it is written in one transaction. A run that was killed can be repeated. The data file is
kept, and marked so that "tocsin start" refuses it: two installations would tell people everything twice.

  --dry-run   checks the target and counts; changes nothing but missing tables

Settings: TOCSIN_KAFKA_BROKERS, TOCSIN_REGISTRY_URL, TOCSIN_DATABASE_URL, TOCSIN_PARTITIONS (default 6), and those
of the embedded Tocsin, its TOCSIN_RULES_DIR above all.

Example:
  tocsin migrate --data /var/lib/tocsin --dry-run

Exit codes: 0 moved, and all sums meet; 1 not moved, or a sum does not meet; 2 used wrongly.
`,
  run: runMigrate,
};

async function runMigrate(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, { 'dry-run': { type: 'boolean' } });
  if (positionals.length > 0) throw new UsageError(`unexpected "${positionals[0]}"`);
  const { data } = globals(values, io);
  const settings = readServers(io, ['TOCSIN_KAFKA_BROKERS', 'TOCSIN_REGISTRY_URL', 'TOCSIN_DATABASE_URL']);
  if (!existsSync(join(data, DATA_FILE))) throw new UsageError(`--data: ${data} has no ${DATA_FILE}`);
  try {
    const report = await migrate({
      data,
      settings,
      env: io.env,
      dryRun: values['dry-run'] === true,
      onPhase: (words) => io.err(`${words}\n`),
    });
    io.out(values.json === true ? `${JSON.stringify(report)}\n` : inWords(report));
    return report.meets ? EXIT.done : EXIT.foundWrong;
  } catch (error) {
    if (!(error instanceof TargetNotFit)) throw error;
    io.err(`tocsin migrate: ${error.message}\n`);
    return EXIT.foundWrong;
  }
}

const HEADS = {
  dry_run: 'Would be moved:',
  moved: 'Moved:',
  moved_before: 'This folder was moved here before:',
} as const satisfies Record<MoveReport['result'], string>;

function inWords({ result, rows, checks, meets }: MoveReport): string {
  const counts = Object.entries(rows).map(([what, count]) => `  ${String(count).padStart(9)}  ${what}`);
  const failed = checks
    .filter((check) => !check.meets)
    .map(({ says, left, right }) => `  ${says}: ${left} is not ${right}`);
  const verdict = meets
    ? checks.length === 0
      ? []
      : [`All ${checks.length} sums of the ledger meet.`]
    : [`${failed.length} of ${checks.length} sums of the ledger do NOT meet:`, ...failed];
  return `${[HEADS[result], ...counts, ...verdict].join('\n')}\n`;
}
