import { type ParseArgsConfig, parseArgs } from 'node:util';
import { didYouMean } from '../platform/config/did-you-mean.ts';

/** Where a command writes. Results go to `out`, progress and logs to `err`. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Whether `err` is a terminal, where a progress bar can be redrawn. */
  readonly interactive: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Exit codes that scripts can rely on. */
export const EXIT = { done: 0, foundWrong: 1, usedWrongly: 2 } as const;

/** One verb of the `tocsin` command. */
export interface Command {
  /** As typed, for example `import` or `rules lint`. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `--help` prints: usage, options, an example, exit codes. */
  readonly help: string;
  run(args: readonly string[], io: Io): Promise<number>;
}

/** The options that every command takes. */
export const GLOBAL_OPTIONS = {
  data: { type: 'string' },
  port: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsConfig['options'];

/** The command was used wrongly: `message` says how, and the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Reads a command's arguments; unknown options and missing values are usage errors with a hint.
 *
 * Global options are always allowed.
 */
export function readArgs<O extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: O,
) {
  const all = { ...GLOBAL_OPTIONS, ...options };
  try {
    return parseArgs({ args: [...args], options: all, allowPositionals: true, strict: true });
  } catch (error) {
    const message = String((error as Error).message).split('. ')[0] ?? '';
    const unknown = /Unknown option '(--?[\w-]+)'/.exec(message)?.[1];
    if (unknown === undefined) throw new UsageError(message);
    const known = Object.keys(all).map((name) => `--${name}`);
    throw new UsageError(`unknown option ${unknown}${didYouMean(unknown, known)}`);
  }
}

/** The same for a command that takes options only: a word too many is a slip, such as a folder without its `--data`. */
export function readOptions<O extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: O,
) {
  const read = readArgs(args, options);
  if (read.positionals.length > 0) throw new UsageError(`unexpected "${read.positionals[0]}"`);
  return read;
}

/** The data folder and port of a call: option, then environment, then default. */
export function globals(values: { data?: string | undefined; port?: string | undefined }, io: Io) {
  // A variable that is set to nothing counts as not set; an option that says nothing is a slip.
  const portText = values.port ?? (io.env.TOCSIN_PORT || '8080');
  const port = Number(portText);
  if (!/^\d+$/.test(portText) || port > 65_535) {
    throw new UsageError(
      `--port: got "${portText}", expected an integer from 0 to 65535 (0 picks a free one)`,
    );
  }
  const data = values.data ?? (io.env.TOCSIN_DATA_DIR || './data');
  if (data === '') throw new UsageError('--data: got "", expected the path of a folder');
  return { data, port };
}
