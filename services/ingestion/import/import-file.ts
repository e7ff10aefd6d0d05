import { basename } from 'node:path';
import type { Source } from '../../contracts/sources.ts';
import { formatProblem } from '../../platform/config/yaml-file.ts';
import type { IgnoreReason } from '../domain/ignore.ts';
import type { RecordProblem } from '../domain/parse-record.ts';
import type { Accept, AnswerStatus } from '../ports.ts';
import { type CompiledMapping, compileMapping, type MapRow, mapByName } from './compile-mapping.ts';
import type { Mapping } from './mapping-file.ts';
import { type OpenedRows, openRows, type RowRead } from './read-rows.ts';
import { RejectedRows } from './rejected-rows.ts';

/** What became of a file. `rows` is always the sum of the other four. */
export interface ImportSummary {
  readonly rows: number;
  readonly accepted: number;
  readonly repeated: number;
  readonly ignored: number;
  readonly rejected: number;
  readonly ignoredBecause: Readonly<Partial<Record<IgnoreReason, number>>>;
  /** Field and reason of what was refused, most frequent first, at most ten. */
  readonly rejectedBecause: readonly {
    readonly field: string;
    readonly reason: string;
    readonly rows: number;
  }[];
  /** Where the refused rows are, when there are any. */
  readonly rejectedFile?: string;
}

export interface ImportProgress {
  readonly rows: number;
  /** 0–1 of the file's bytes, as far as rows were read. */
  readonly share: number;
  readonly accepted: number;
  readonly rejected: number;
}

export interface ImportOptions {
  readonly source: Source;
  readonly file: string;
  /** Without one, columns or keys must have our own names. */
  readonly mapping?: Mapping;
  /** Stores a batch; one answer per value. Rejecting stops the import. */
  readonly accept: Accept;
  /** Where refused rows go. */
  readonly rejectedPath: string;
  /** Epoch ms: what `now: true` in a mapping yields. */
  readonly importedAt: number;
  readonly onProgress?: (progress: ImportProgress) => void;
  /** Aborting ends the import after the batch under way; the summary tells how far it came. */
  readonly signal?: AbortSignal;
}

export type ImportResult =
  | {
      readonly ok: true;
      readonly summary: ImportSummary;
      readonly complete: boolean;
      /** What is wrong with the file as a whole, although its good rows were taken. */
      readonly fault?: string;
    }
  /** Nothing was imported: the file or the mapping cannot be used. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** One transaction each; large enough to amortise it, small enough that memory and waiting stay small. */
const BATCH_ROWS = 500;
/** Characters of a batch; keeps a batch of long texts below the gateway's 8 MiB. */
const BATCH_CHARACTERS = 2 * 1024 * 1024;

/**
 * Reads a file, maps its rows and hands them over in batches, one at a time, in bounded memory.
 *
 * Good rows of a bad file are taken; bad rows go to the rejected file with row, line and reasons. Importing
 * the same file again is safe: its rows are answered as repeats. When `accept` rejects, the batches before
 * it stay stored and the error is passed on.
 */
export async function importFile(options: ImportOptions): Promise<ImportResult> {
  const { mapping, source, file } = options;
  if (mapping !== undefined && mapping.source !== source) {
    const problem = mapping.at(['source'], `the mapping is for ${mapping.source}, not for ${source}`);
    return { ok: false, problems: [formatProblem(problem)] };
  }
  const delimiter = mapping?.csv?.delimiter;
  const opened = await openRows(file, delimiter === undefined ? {} : { delimiter });
  if (!opened.ok) return { ok: false, problems: [opened.message] };
  const compiled = chooseMapping(options, opened);
  if (!compiled.ok) return { ok: false, problems: compiled.problems.map(formatProblem) };
  const intake = new Intake(options, opened, compiled.mapRow);
  try {
    const complete = await intake.run();
    if (intake.rows === 0) return { ok: false, problems: [`${file}: the file has no rows`] };
    const { fault } = opened;
    return { ok: true, summary: intake.summary(), complete, ...(fault === undefined ? {} : { fault }) };
  } finally {
    intake.close();
  }
}

type Opened = Extract<OpenedRows, { ok: true }>;

function chooseMapping(options: ImportOptions, { columns }: Opened): CompiledMapping {
  const file = { name: basename(options.file), columns, importedAt: options.importedAt };
  if (options.mapping !== undefined) return compileMapping(options.mapping, file);
  return columns === undefined
    ? { ok: true, mapRow: (row) => ({ status: 'record', value: row }) }
    : mapByName(options.source, file);
}

type Waiting = { readonly read: Extract<RowRead, { ok: true }>; readonly value: unknown };

/** The import under way: the batch that fills, and the counts. */
class Intake {
  readonly #options: ImportOptions;
  readonly #opened: Opened;
  readonly #mapRow: MapRow;
  readonly #rejected: RejectedRows;
  readonly #counts: Record<AnswerStatus, number> = { accepted: 0, repeated: 0, ignored: 0, rejected: 0 };
  readonly #ignoredBecause: Partial<Record<IgnoreReason, number>> = {};
  readonly #rejectedBecause = new Map<string, { field: string; reason: string; rows: number }>();
  #batch: Waiting[] = [];
  #characters = 0;
  #charactersRead = 0;
  rows = 0;

  constructor(options: ImportOptions, opened: Opened, mapRow: MapRow) {
    this.#options = options;
    this.#opened = opened;
    this.#mapRow = mapRow;
    this.#rejected = new RejectedRows(options.rejectedPath);
  }

  /** False when it was aborted before the end of the file. */
  async run(): Promise<boolean> {
    for await (const read of this.#opened.rows) {
      this.#take(read);
      if (this.#batch.length < BATCH_ROWS && this.#characters < BATCH_CHARACTERS) continue;
      await this.#handOver();
      if (this.#options.signal?.aborted === true) return false;
    }
    await this.#handOver();
    return true;
  }

  close(): void {
    this.#rejected.close();
  }

  summary(): ImportSummary {
    const because = [...this.#rejectedBecause.values()].sort((a, b) => b.rows - a.rows);
    return {
      rows: this.rows,
      ...this.#counts,
      ignoredBecause: this.#ignoredBecause,
      rejectedBecause: because.slice(0, 10),
      ...(this.#counts.rejected > 0 ? { rejectedFile: this.#rejected.path } : {}),
    };
  }

  #take(read: RowRead): void {
    this.rows += 1;
    if (!read.ok) {
      this.#reject(read, read.problems, read.raw);
      return;
    }
    if (this.#opened.fault !== undefined && holdsOtherBytes(read.row)) {
      this.#reject(read, [NOT_UTF8], this.#named(read.row));
      return;
    }
    const size = sizeOf(read.row);
    this.#charactersRead += size;
    const mapped = this.#mapRow(read.row);
    switch (mapped.status) {
      case 'ignored':
        this.#ignore(mapped.reason);
        break;
      case 'rejected':
        this.#reject(read, mapped.problems, this.#named(read.row));
        break;
      case 'record':
        this.#batch.push({ read, value: mapped.value });
        this.#characters += size;
    }
  }

  async #handOver(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#characters = 0;
    if (batch.length > 0) {
      const answers = await this.#options.accept(
        this.#options.source,
        batch.map(({ value }) => value),
      );
      for (const [index, { read }] of batch.entries()) {
        const answer = answers[index];
        if (answer === undefined)
          throw new Error(`got ${answers.length} answers for ${batch.length} records`);
        if (answer.status === 'rejected') this.#reject(read, answer.problems, this.#named(read.row));
        else if (answer.status === 'ignored') this.#ignore(answer.reason);
        else this.#counts[answer.status] += 1;
      }
    }
    const { accepted, rejected } = this.#counts;
    const share = Math.min(1, this.#charactersRead / Math.max(1, this.#opened.bytes));
    this.#options.onProgress?.({ rows: this.rows, share, accepted, rejected });
  }

  #ignore(reason: IgnoreReason): void {
    this.#counts.ignored += 1;
    this.#ignoredBecause[reason] = (this.#ignoredBecause[reason] ?? 0) + 1;
  }

  #reject(read: RowRead, problems: readonly RecordProblem[], record: unknown): void {
    this.#counts.rejected += 1;
    this.#rejected.add({ row: read.number, line: read.line, problems, record });
    const { field = '', reason = 'malformed' } = problems[0] ?? {};
    const known = this.#rejectedBecause.get(`${field}/${reason}`);
    if (known !== undefined) known.rows += 1;
    else this.#rejectedBecause.set(`${field}/${reason}`, { field, reason, rows: 1 });
  }

  /** A CSV row with its columns' names, so that the rejected file can be read on its own. */
  #named(row: unknown): unknown {
    const { columns } = this.#opened;
    if (columns === undefined || !Array.isArray(row)) return row;
    return Object.fromEntries(columns.map((name, index) => [name || `column ${index + 1}`, row[index]]));
  }
}

/** In a file with bytes that are no UTF-8, the sign that they are read as is not the customer's. */
const holdsOtherBytes = (row: unknown): boolean => JSON.stringify(row).includes('\ufffd');

const NOT_UTF8: RecordProblem = {
  field: '',
  reason: 'not_unicode',
  found: 'bytes that are not UTF-8, shown here as \ufffd',
  expected: 'UTF-8 text',
};

/** About how many characters of the file a row took. */
function sizeOf(row: unknown): number {
  if (!Array.isArray(row)) return JSON.stringify(row)?.length ?? 0;
  let size = row.length;
  for (const cell of row as readonly string[]) size += cell.length;
  return size;
}
