import { accessSync, closeSync, constants, openSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { RecordProblem } from '../domain/parse-record.ts';

export interface RejectedRow {
  readonly row: number;
  readonly line: number;
  readonly problems: readonly RecordProblem[];
  /** The row as the file has it. */
  readonly record: unknown;
}

/** The file of refused rows cannot be written; the import must not go on as if they were kept. */
export class RejectedRowsUnwritable extends Error {
  override readonly name = 'RejectedRowsUnwritable';
}

/**
 * The file of refused rows, NDJSON, one `{ row, line, reasons, record }` per line. It is created, or emptied,
 * with the first refused row; without one it is not touched. `close` is idempotent.
 */
export class RejectedRows {
  readonly path: string;
  #file: number | undefined;

  constructor(path: string) {
    this.path = path;
  }

  add({ row, line, problems, record }: RejectedRow): void {
    try {
      this.#file ??= openSync(this.path, 'w', 0o600);
      writeSync(this.#file, `${JSON.stringify({ row, line, reasons: problems, record })}\n`);
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? String(error);
      throw new RejectedRowsUnwritable(`refused rows cannot be written to ${this.path} (${reason})`);
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/**
 * Where refused rows of a file go: beside it, or into `fallbackFolder` when its folder takes no files.
 */
export function rejectedPath(file: string, fallbackFolder: string): string {
  const name = `${basename(file)}.rejected.ndjson`;
  const folder = dirname(resolve(file));
  return join(isWritable(folder) ? folder : fallbackFolder, name);
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    // Root may write everywhere; a folder that forbids it to everybody is still meant to be left alone.
    return (statSync(folder).mode & 0o222) !== 0;
  } catch {
    // No access is the answer, not a failure.
    return false;
  }
}
