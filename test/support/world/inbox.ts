import { AssertionError } from 'node:assert';

/**
 * What came to one address, in the order in which it came. Each message is expected once; what nobody expected
 * is found at the end.
 */
export class Inbox<M> {
  readonly #address: string;
  readonly #messages: () => readonly M[];
  readonly #wordsOf: (message: M) => string;
  #read = 0;

  constructor(address: string, messages: () => readonly M[], wordsOf: (message: M) => string) {
    this.#address = address;
    this.#messages = messages;
    this.#wordsOf = wordsOf;
  }

  /** Takes the next message, which must have come by now and say all of this. */
  next(words: readonly string[], whoAsks: (...args: never[]) => unknown): M {
    const message = this.#messages()[this.#read];
    if (message === undefined) {
      throw failure(`${this.#address} has got nothing new; expected: ${quoted(words)}`, whoAsks);
    }
    checkWords(`${this.#address} got`, this.#wordsOf(message), words, whoAsks);
    this.#read += 1;
    return message;
  }

  /** What came and was not expected, in words. */
  unexpected(): readonly string[] {
    return this.#messages()
      .slice(this.#read)
      .map((message) => `${this.#address} got, unexpected:\n${indented(this.#wordsOf(message))}`);
  }
}

/** Fails with the whole text unless it has all the words, in this order. */
export function checkWords(
  what: string,
  text: string,
  words: readonly string[],
  whoAsks: (...args: never[]) => unknown,
): void {
  let from = 0;
  for (const word of words) {
    const found = text.indexOf(word, from);
    if (found < 0) {
      const place = text.includes(word) ? `, after ${quoted([words[words.indexOf(word) - 1] ?? ''])}` : '';
      throw failure(`${what} a message without ${quoted([word])}${place}:\n${indented(text)}`, whoAsks);
    }
    from = found + word.length;
  }
}

/** An error that points at the line of the story, not at this file. */
export const failure = (message: string, whoAsks: (...args: never[]) => unknown): AssertionError =>
  new AssertionError({ message, stackStartFn: whoAsks });

const quoted = (words: readonly string[]): string => words.map((word) => `“${word}”`).join(', ');
const indented = (text: string): string => text.replace(/^/gm, '    ');
