import { resolve } from 'node:path';
import { openTocsin, readSettings } from '../../embedded/tocsin.ts';
import { takeDataFolder } from '../../platform/database/data-folder.ts';
import type { Postgres } from '../../platform/database/postgres.ts';
import { balanceLedger, type LedgerSum } from '../../platform/distributed/ledger-sums.postgres.ts';
import { codecOf, kafkaOf, namesOf, postgresOf } from '../../platform/distributed/servers.ts';
import type { ServerSettings } from '../../platform/distributed/settings.ts';
import { silentLogger } from '../../platform/logging/logger.ts';
import { crashPoint } from '../../platform/process/crash-point.ts';
import { CLOSE_WITHIN_MS } from '../../platform/process/lifecycle.ts';
import { systemClock } from '../../platform/time/clock.ts';
import { DataFileReader, MOVED_TABLES } from './data-file.ts';
import { moveHistory } from './history.ts';
import { homeOf, type MovedProcess } from './homes.ts';
import { type MovedRows, moveRows } from './move-rows.ts';
import {
  beginMove,
  checkTarget,
  type FinishedMove,
  finishMove,
  keepServicesOut,
  moveState,
  TargetNotFit,
} from './target.ts';

export interface MigrateOptions {
  readonly data: string;
  readonly settings: ServerSettings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly dryRun: boolean;
  readonly onPhase: (words: string) => void;
}

/** What was moved, and whether the sums meet. */
export interface MoveReport {
  readonly result: 'dry_run' | 'moved' | 'moved_before';
  readonly rows: MovedRows;
  readonly checks: readonly LedgerSum[];
  readonly meets: boolean;
}

/**
 * Moves a stopped embedded Tocsin, with all open alerts, timers and waiting messages, to Kafka and PostgreSQL.
 *
 * The database is written in one transaction, after the topics: killed at any point, it can be run again, and either
 * nothing is there or all of it. The file is only marked, so that no embedded Tocsin works on it any more.
 */
export async function migrate(options: MigrateOptions): Promise<MoveReport> {
  const { settings, onPhase } = options;
  const postgres = postgresOf(settings, 'tocsin migrate', { connections: 2 });
  try {
    const source = resolve(options.data);
    const state = await moveState(postgres);
    if (state.state === 'finished') return await movedBefore(source, postgres, state);
    const admin = kafkaOf(settings, 'tocsin-migrate', silentLogger).admin();
    await admin.connect();
    try {
      const begun = state.state === 'begun';
      await checkTarget(postgres, admin, namesOf(settings), settings.TOCSIN_PARTITIONS, begun);
    } finally {
      await admin.disconnect();
    }
    if (options.dryRun) return countOnly(source);
    onPhase('working off what waits in the data folder');
    const processes = await workOff(options);
    return await move(options, postgres, source, processes);
  } finally {
    await postgres.close();
  }
}

/** The folder is only marked after the commit: a run that died in between has not done it. */
async function movedBefore(source: string, postgres: Postgres, done: FinishedMove): Promise<MoveReport> {
  if (done.source !== source) {
    throw new TargetNotFit(`${done.source} was moved into this database before; take another one`);
  }
  onFile(source, (file) => file.retire());
  return report('moved_before', postgres, done.rows);
}

const countOnly = (source: string): MoveReport =>
  onFile(source, (file) => ({
    result: 'dry_run',
    rows: Object.fromEntries(MOVED_TABLES.map((table) => [table, file.count(table)])),
    checks: [],
    meets: true,
  }));

function onFile<T>(source: string, work: (file: DataFileReader) => T): T {
  const folder = takeDataFolder(source);
  const file = new DataFileReader(source);
  try {
    return work(file);
  } finally {
    file.close();
    folder.release();
  }
}

/** Finishes with all input, so that nothing is between the stages; tells nobody. Answers what runs there. */
async function workOff({ data, env }: MigrateOptions): Promise<readonly MovedProcess[]> {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !OF_SERVERS.test(name)));
  const folder = takeDataFolder(data);
  try {
    const tocsin = await openTocsin({
      folder: folder.path,
      settings: readSettings(own),
      clock: systemClock,
      url: 'http://127.0.0.1:8080',
      log: silentLogger,
    });
    await tocsin.pipeline.runner.drain();
    const processes = tocsin.pipeline.runner.processes();
    await tocsin.lifecycle.close(CLOSE_WITHIN_MS);
    for (const { name } of processes) homeOf(name);
    return processes;
  } finally {
    folder.release();
  }
}

/** Settings of the distributed mode; the embedded one would take them for misspelt ones. */
const OF_SERVERS = /^TOCSIN_(KAFKA|REGISTRY|DATABASE|TOPIC_PREFIX|PARTITIONS)/;

async function move(
  { settings, onPhase }: MigrateOptions,
  postgres: Postgres,
  source: string,
  processes: readonly MovedProcess[],
): Promise<MoveReport> {
  const folder = takeDataFolder(source);
  const file = new DataFileReader(source);
  try {
    const codec = codecOf(settings, systemClock);
    await codec.warm(codec.topics());
    await beginMove(postgres, source);
    onPhase('topics');
    const partitions = settings.TOCSIN_PARTITIONS;
    const kafka = kafkaOf(settings, 'tocsin-migrate', silentLogger);
    const history = await moveHistory(file, { kafka, names: namesOf(settings), codec, partitions });
    onPhase('tables');
    const rows = await postgres.transaction(async (sql) => {
      await keepServicesOut(sql);
      const written = await moveRows({
        file,
        sql,
        processes,
        history,
        partitions,
        now: systemClock.now(),
      });
      await finishMove(sql, written);
      return written;
    });
    crashPoint('cp4');
    file.retire();
    return await report('moved', postgres, rows);
  } finally {
    file.close();
    folder.release();
  }
}

async function report(
  result: MoveReport['result'],
  postgres: Postgres,
  rows: MovedRows,
): Promise<MoveReport> {
  const { checks, meets } = await balanceLedger(postgres);
  return { result, rows, checks, meets };
}
