import { createReadStream } from 'node:fs';
import { jsonFault } from '../domain/json-fault.ts';
import type { RecordProblem } from '../domain/parse-record.ts';
import { MAX_ROW_CHARACTERS } from './read-csv.ts';
import type { RowRead } from './read-rows.ts';

interface Piece {
  readonly text: string;
  readonly line: number;
  readonly tooLarge: boolean;
}

/** Reads a file with one JSON value on each line; a line that is not JSON is a problem of its own. */
export async function* readLines(file: string, start: number): AsyncGenerator<RowRead> {
  let number = 0;
  for await (const piece of linesOf(file, start)) {
    if (piece.text.trim() === '') continue;
    number += 1;
    yield toRow(piece, number);
  }
}

/** Reads a file that holds one JSON array, or one object, value by value, without holding the file. */
export async function* readArray(file: string, start: number): AsyncGenerator<RowRead> {
  let number = 0;
  for await (const piece of valuesOf(file, start)) {
    number += 1;
    yield toRow(piece, number);
  }
}

function toRow({ text, line, tooLarge }: Piece, number: number): RowRead {
  if (tooLarge) return { ok: false, number, line, problems: [TOO_LARGE], raw: text.slice(0, MAX_RAW) };
  try {
    return { ok: true, number, line, row: JSON.parse(text) as unknown };
  } catch {
    const found = `no JSON: ${jsonFault(text) ?? 'no place found'} (counted from the row's first line)`;
    const problem: RecordProblem = { field: '', reason: 'malformed', found, expected: 'a JSON object' };
    return { ok: false, number, line, problems: [problem], raw: text.slice(0, MAX_RAW) };
  }
}

const MAX_RAW = 64 * 1024;
const TOO_LARGE: RecordProblem = {
  field: '',
  reason: 'too_long',
  found: `more than ${MAX_ROW_CHARACTERS} characters`,
  expected: `a record of at most ${MAX_ROW_CHARACTERS} characters`,
};

async function* linesOf(file: string, start: number): AsyncGenerator<Piece> {
  let held = '';
  let tooLarge = false;
  let line = 1;
  for await (const chunk of chunksOf(file, start)) {
    let from = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
      yield { text: held + chunk.slice(from, end), line, tooLarge };
      held = '';
      tooLarge = false;
      line += 1;
      from = end + 1;
    }
    if (!tooLarge) held += chunk.slice(from);
    tooLarge ||= held.length > MAX_ROW_CHARACTERS;
  }
  yield { text: held, line, tooLarge };
}

/**
 * Cuts the text of an array into the texts of its values, by counting brackets outside strings. What is
 * between the brackets of one value need not be JSON: then that value alone is a problem.
 */
async function* valuesOf(file: string, start: number): AsyncGenerator<Piece> {
  const cutter = new ValueCutter();
  for await (const chunk of chunksOf(file, start)) yield* cutter.take(chunk);
  yield* cutter.end();
}

class ValueCutter {
  #text = '';
  #depth = 0;
  #inString = false;
  #escaped = false;
  #inArray: boolean | undefined;
  #line = 1;
  #startLine = 1;
  #tooLarge = false;

  *take(chunk: string): Generator<Piece> {
    let from = 0;
    for (let index = 0; index < chunk.length; index++) {
      const character = chunk[index] ?? '';
      if (character === '\n') this.#line += 1;
      if (this.#inArray === undefined) {
        if (character.trim() === '') {
          from = index + 1;
          continue;
        }
        this.#inArray = character === '[';
        this.#startLine = this.#line;
        if (this.#inArray) {
          from = index + 1;
          continue;
        }
      }
      if (!this.#ends(character)) continue;
      yield* this.#cut(chunk.slice(from, index));
      from = index + 1;
    }
    this.#hold(chunk.slice(from));
  }

  /** What is left without its closing bracket. */
  *end(): Generator<Piece> {
    yield* this.#cut('');
  }

  /** Whether a character ends the value: a comma or the closing bracket of the array itself. */
  #ends(character: string): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (character === '\\') this.#escaped = true;
      else if (character === '"') this.#inString = false;
      return false;
    }
    if (character === '"') this.#inString = true;
    else if (character === '{' || character === '[') this.#depth += 1;
    else if (character === '}' || character === ']') this.#depth -= 1;
    const outside = this.#inArray === true && this.#depth <= 0;
    if (outside && character === ']' && this.#depth < 0) return true;
    return outside && character === ',';
  }

  *#cut(last: string): Generator<Piece> {
    this.#hold(last);
    const text = this.#text.trim();
    const line = this.#startLine + (this.#text.slice(0, this.#text.indexOf(text)).match(/\n/g)?.length ?? 0);
    if (text !== '') yield { text, line, tooLarge: this.#tooLarge };
    this.#text = '';
    this.#tooLarge = false;
    this.#depth = Math.max(this.#depth, 0);
    this.#startLine = this.#line;
  }

  #hold(more: string): void {
    if (!this.#tooLarge) this.#text += more;
    this.#tooLarge ||= this.#text.length > MAX_ROW_CHARACTERS;
  }
}

const chunksOf = (file: string, start: number): AsyncIterable<string> =>
  // With an encoding a read stream gives text, cut between characters.
  createReadStream(file, { start, encoding: 'utf8' }) as AsyncIterable<string>;
