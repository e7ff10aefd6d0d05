import type { Logger } from '../../../services/platform/logging/logger.ts';

/** Keeps what is logged as a warning or an error. A story says which of them it expects. */
export class Logbook implements Logger {
  readonly #lines: string[] = [];
  readonly #expected: RegExp[] = [];

  readonly debug = nothing;
  readonly info = nothing;

  warn(fields: object, message: string): void {
    this.#lines.push(`warn: ${message} ${JSON.stringify(fields)}`);
  }
  error(fields: object, message: string): void {
    this.#lines.push(`error: ${message} ${JSON.stringify(fields)}`);
  }

  expect(line: RegExp): void {
    this.#expected.push(line);
  }

  unexpected(): readonly string[] {
    return this.#lines.filter((line) => !this.#expected.some((pattern) => pattern.test(line)));
  }
}

const nothing = (): void => undefined;
