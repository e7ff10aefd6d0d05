import { existsSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readElapsed } from '../action-management/domain/language/duration.ts';
import { SOURCES, type Source } from '../contracts/sources.ts';
import { readCsvHistory } from '../embedded/rules-replay/csv-history.ts';
import { type History, HistoryUnusable } from '../embedded/rules-replay/history.ts';
import type { ReplayOptions } from '../embedded/rules-replay/replay.ts';
import { openStoredHistory, type StoredHistory } from '../embedded/rules-replay/stored-history.sqlite.ts';
import { type Mapping, parseMapping } from '../ingestion/import/mapping-file.ts';
import { didYouMean } from '../platform/config/did-you-mean.ts';
import { formatProblem } from '../platform/config/yaml-file.ts';
import { DAY } from '../platform/time/clock.ts';
import { globals, type Io, UsageError } from './command.ts';

/** The options of commands that replay history, to be spread into `readArgs`. */
export const REPLAY_OPTIONS = {
  from: { type: 'string' },
  to: { type: 'string' },
  time: { type: 'string' },
  csv: { type: 'string' },
  source: { type: 'string' },
  map: { type: 'string' },
  'handled-after': { type: 'string' },
} as const;

export const REPLAY_HELP = `
  --data DIR           data folder whose log is replayed (default ./data); Tocsin may be running on it
                       (many machines: a folder of "tocsin history pull")
  --time arrival|event arrival (default) follows the clock of the log, as it went live; event takes everything as if
                       it had arrived when it happened, for what was imported at once
  --csv FILE           replay a file instead, by when things happened; nothing is imported
  --source SOURCE      what the file holds: ${SOURCES.join(', ')}
                       (default: what the mapping says)
  --map MAPPING.yaml   as for "tocsin import"
  --from, --to DAY     report what is opened in this time only; what went before still counts in windows
  --handled-after 2d   assume that each alert is closed this long after its opening. Default: as people really did,
                       and 2d for --csv and --time event, where nobody did anything`.slice(1);

export interface ReplayAsked {
  readonly history: History;
  /** The same, where it is the log of a data folder followed by its own clock. */
  readonly asItWent?: StoredHistory;
  readonly options: Pick<ReplayOptions, 'from' | 'to' | 'handledAfterMs'>;
  close(): void;
}

type Values = { readonly [name in keyof typeof REPLAY_OPTIONS]?: string | undefined } & {
  readonly data?: string | undefined;
  readonly port?: string | undefined;
};

/** Opens the history that the options ask for. Throws `UsageError`, or `HistoryUnusable` in words. */
export async function openAskedHistory(values: Values, io: Io): Promise<ReplayAsked> {
  const time = values.time ?? 'arrival';
  if (time !== 'arrival' && time !== 'event') {
    throw new UsageError(`--time: got "${time}", expected arrival or event`);
  }
  const nobodyActed = values.csv !== undefined || time === 'event';
  const handledAfterMs = readHandledAfter(values['handled-after'], nobodyActed);
  const options = {
    ...instant('from', values.from),
    ...instant('to', values.to),
    ...(handledAfterMs === undefined ? {} : { handledAfterMs }),
  };
  if (values.csv === undefined) {
    const stored = openStoredHistory(globals(values, io).data, time);
    return {
      history: stored,
      ...(time === 'arrival' && handledAfterMs === undefined ? { asItWent: stored } : {}),
      options,
      close: () => stored.close(),
    };
  }
  const mapping = readMapping(values.csv, values.map);
  const source = sourceOf(values.source, mapping);
  const history = await readCsvHistory(values.csv, source, mapping, Date.now());
  const { rejected, rows, rejectedBecause } = history.summary;
  const why = rejectedBecause
    .map(({ field, reason, rows: n }) => `${field || 'row'} ${reason} ${n}`)
    .join(', ');
  if (rejected > 0)
    io.err(`${values.csv}: ${rejected} of ${rows} rows cannot be read and are left out: ${why}\n`);
  return { history, options, close: () => undefined };
}

function readHandledAfter(text: string | undefined, nobodyActed: boolean): number | undefined {
  if (text === undefined) return nobodyActed ? 2 * DAY : undefined;
  const read = readElapsed(text);
  if (!read.ok) throw new UsageError(`--handled-after: ${read.message}`);
  return read.value;
}

/** A day is taken from its beginning in UTC; an instant as it stands. */
function instant(name: 'from' | 'to', text: string | undefined): { [N in typeof name]?: number } {
  if (text === undefined) return {};
  const at = /^\d{4}-\d\d-\d\d(T.*(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new UsageError(
      `--${name}: got "${text}", expected a day such as 2026-11-01 or an instant with its zone`,
    );
  }
  return { [name]: at };
}

const MAPPINGS = fileURLToPath(new URL('../../schemas/mappings/', import.meta.url));

function readMapping(file: string, asked: string | undefined): Mapping | undefined {
  const ready = join(MAPPINGS, `${basename(file, extname(file))}.yaml`);
  const path = asked ?? (existsSync(ready) ? ready : undefined);
  if (path === undefined) return undefined;
  if (!existsSync(path)) throw new HistoryUnusable(`${path}: the mapping cannot be read`);
  const parsed = parseMapping(path, readFileSync(path, 'utf8'));
  if (parsed.ok) return parsed.value;
  throw new HistoryUnusable(parsed.problems.map(formatProblem).join('\n'));
}

function sourceOf(asked: string | undefined, mapping: Mapping | undefined): Source {
  const name = asked ?? mapping?.source;
  if (name === undefined)
    throw new UsageError('say what the file holds: --source complaints, or a mapping with --map');
  const source = SOURCES.find((one) => one === name);
  if (source === undefined)
    throw new UsageError(`--source: unknown source "${name}"${didYouMean(name, SOURCES)}`);
  return source;
}
