import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SOURCES, type Source } from '../contracts/sources.ts';
import { type ImportProgress, type ImportSummary, importFile } from '../ingestion/import/import-file.ts';
import { type Mapping, parseMapping } from '../ingestion/import/mapping-file.ts';
import { RejectedRowsUnwritable, rejectedPath } from '../ingestion/import/rejected-rows.ts';
import type { Accept, Answer } from '../ingestion/ports.ts';
import { didYouMean } from '../platform/config/did-you-mean.ts';
import { formatProblem } from '../platform/config/yaml-file.ts';
import { type Client, connect } from './client.ts';
import { type Command, EXIT, globals, type Io, readArgs, UsageError } from './command.ts';

/** Where mappings are looked for by a file's base name. */
const MAPPINGS = fileURLToPath(new URL('../../schemas/mappings/', import.meta.url));

export const importCommand: Command = {
  name: 'import',
  summary: 'read records from a CSV, JSON or NDJSON file',
  help: `
Usage: tocsin import SOURCE FILE [--map MAPPING.yaml] [--rejected PATH]

Reads a file and hands its rows to ingestion, whether or not "tocsin start" runs on the same data folder.
SOURCE is one of ${SOURCES.join(', ')}.

  --map MAPPING.yaml  which column becomes which field; default: schemas/mappings/<base name of FILE>.yaml where
                      there is one, else columns must have Tocsin's own names. Guide: schemas/mappings/README.md
  --rejected PATH     where refused rows go, with reasons; default: FILE.rejected.ndjson, or the current folder
                      when FILE's folder takes no files
  --json              the summary as JSON

The good rows of a bad file are taken. Importing a file again is safe: its rows are repeats.
With API keys configured, give one in TOCSIN_API_KEY. Many machines: TOCSIN_INGESTION_URL names the service that takes the rows.

Example:
  tocsin import complaints complaints-2026-11.csv --map our-complaints.yaml

Exit codes: 0 all rows were taken, repeated or ignored; 1 rows were refused, or the file or mapping cannot be
used; 2 used wrongly.
`,
  run: runImport,
};

async function runImport(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, { map: { type: 'string' }, rejected: { type: 'string' } });
  const [source, file, ...more] = positionals;
  if (source === undefined || file === undefined) throw new UsageError('expected a source and a file');
  if (more.length > 0) throw new UsageError(`unexpected "${more[0]}"; one file at a time`);
  if (!isSource(source)) throw new UsageError(`unknown source "${source}"${didYouMean(source, SOURCES)}`);
  const { data } = globals(values, io);
  const mapping = loadMapping(file, values.map, io);
  if (mapping === 'unusable') return EXIT.foundWrong;
  const unreadable = whyUnreadable(file);
  if (unreadable !== undefined) {
    io.err(`${file}: cannot be read (${unreadable})\n`);
    return EXIT.foundWrong;
  }
  const rejected = values.rejected ?? rejectedPath(file, process.cwd());
  const client = await connect(data, io, 'TOCSIN_INGESTION_URL');
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt);
  try {
    const result = await importFile({
      source,
      file,
      ...(mapping === undefined ? {} : { mapping }),
      accept: acceptThrough(client),
      rejectedPath: rejected,
      importedAt: Date.now(),
      onProgress: progressOn(io, basename(file)),
      signal: stop.signal,
    });
    if (io.interactive) io.err(CLEAR_LINE);
    if (!result.ok) {
      for (const problem of result.problems) io.err(`${problem}\n`);
      return EXIT.foundWrong;
    }
    if (result.fault !== undefined) io.err(`${result.fault}\n`);
    io.out(values.json === true ? `${JSON.stringify(result.summary)}\n` : inWords(file, result.summary));
    if (!result.complete)
      io.err('interrupted: the rows above are stored; import the file again for the rest\n');
    return result.summary.rejected > 0 || !result.complete ? EXIT.foundWrong : EXIT.done;
  } catch (error) {
    if (error instanceof RejectedRowsUnwritable) {
      io.err(
        `tocsin import: ${error.message}; give another place with --rejected PATH and import the file again\n`,
      );
      return EXIT.foundWrong;
    }
    if (!(error instanceof ImportStopped)) throw error;
    io.err(`tocsin import: ${error.message}\n`);
    return EXIT.foundWrong;
  } finally {
    process.off('SIGINT', interrupt);
    await client.close();
  }
}

const isSource = (name: string): name is Source => SOURCES.some((source) => source === name);

/** Asked before a data folder is made for nothing. */
function whyUnreadable(file: string): string | undefined {
  try {
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

/** The mapping asked for, the ready-made one of the file's name, or none. Problems are printed. */
function loadMapping(file: string, asked: string | undefined, io: Io): Mapping | undefined | 'unusable' {
  const ready = join(MAPPINGS, `${basename(file, extname(file))}.yaml`);
  const path = asked ?? (existsSync(ready) ? ready : undefined);
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    io.err(`${path}: the mapping cannot be read (${code})\n`);
    return 'unusable';
  }
  const parsed = parseMapping(path, text);
  if (parsed.ok) return parsed.value;
  for (const problem of parsed.problems) io.err(`${formatProblem(problem)}\n`);
  return 'unusable';
}

/** The import cannot go on; what was stored before stays stored. */
class ImportStopped extends Error {
  override readonly name = 'ImportStopped';
}

/** A store that is full or busy is asked again for about half a minute. */
const RETRY_AFTER_MS = [500, 1000, 2000, 4000, 8000, 16_000] as const;

/** Hands batches to the gateway of the Tocsin that works on the data folder. */
export function acceptThrough(client: Client): Accept {
  return async (source, values) => {
    for (const wait of [...RETRY_AFTER_MS, undefined]) {
      const answer = await client.request('POST', `/v1/${source}`, values);
      if (answer.status !== 503 || wait === undefined)
        return answersOf(answer.status, answer.body, client.where);
      await delay(wait);
    }
    throw new ImportStopped('unreachable');
  };
}

function answersOf(status: number, body: unknown, where: string): readonly Answer[] {
  if (typeof body === 'object' && body !== null && 'results' in body && Array.isArray(body.results)) {
    // The gateway's own answer, see `answerMany`.
    const results = body.results as readonly (Answer & { readonly errors?: unknown })[];
    return results.map((each) =>
      each.status === 'rejected' ? ({ status: 'rejected', problems: each.errors } as Answer) : each,
    );
  }
  const detail =
    typeof body === 'object' && body !== null && 'detail' in body ? String(body.detail) : String(body);
  if (status === 401) throw new ImportStopped(`${where} wants an API key; set TOCSIN_API_KEY (${detail})`);
  throw new ImportStopped(`${where} answered ${status}: ${detail}. What was stored before stays stored.`);
}

const CLEAR_LINE = '\r\u001b[K';
const BAR_WIDTH = 28;
/** Without a terminal a line now and then shows that it is alive. */
const PLAIN_EVERY_ROWS = 10_000;

function progressOn(io: Io, name: string): (progress: ImportProgress) => void {
  let nextPlain = PLAIN_EVERY_ROWS;
  return ({ rows, share, rejected }) => {
    const refused = rejected > 0 ? `, ${rejected} refused` : '';
    if (io.interactive) {
      const done = Math.round(share * BAR_WIDTH);
      const bar = '█'.repeat(done) + '░'.repeat(BAR_WIDTH - done);
      io.err(`${CLEAR_LINE}${name} ${bar} ${Math.round(share * 100)} %  ${rows} rows${refused}`);
    } else if (rows >= nextPlain) {
      io.err(`${name}: ${rows} rows (${Math.round(share * 100)} %)${refused}\n`);
      nextPlain = rows + PLAIN_EVERY_ROWS;
    }
  };
}

function inWords(file: string, summary: ImportSummary): string {
  const lines = (['rows', 'accepted', 'repeated', 'ignored', 'rejected'] as const).map(
    (name) => `  ${name.padEnd(9)} ${String(summary[name]).padStart(9)}${because(name, summary)}`,
  );
  const where =
    summary.rejectedFile === undefined ? '' : `Refused rows, with reasons: ${summary.rejectedFile}\n`;
  return `${file}\n${lines.join('\n')}\n${where}`;
}

function because(name: string, summary: ImportSummary): string {
  const reasons =
    name === 'ignored'
      ? Object.entries(summary.ignoredBecause).map(([reason, rows]) => `${reason} ${rows}`)
      : name === 'rejected'
        ? summary.rejectedBecause.map(({ field, reason, rows }) => `${field || 'row'} ${reason} ${rows}`)
        : [];
  return reasons.length === 0 ? '' : `   ${reasons.join(', ')}`;
}
