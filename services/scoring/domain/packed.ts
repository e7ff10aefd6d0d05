/**
 * Numbers as short text, for what is remembered of every customer: JSON keeps it as it is, without escapes, and the garbage
 * collector sees one string in place of a tree of objects.
 *
 * An instant takes seven characters, a whole number one for each five bits. Any other number is written out between two
 * `!`, so that each comes back as exactly what it was.
 */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const WRITTEN_OUT = '!';

const VALUES = new Uint8Array(128);
for (let value = 0; value < ALPHABET.length; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

/** Six bits, 0–63. */
export const packBits = (bits: number): string => ALPHABET.charAt(bits & 63);

const pack24 = (bits: number): string =>
  packBits(bits) + packBits(bits >>> 6) + packBits(bits >>> 12) + packBits(bits >>> 18);

const LOW = 2 ** 24;
const LATEST = 2 ** 42;

/** Epoch ms: seven characters from 1970 to 2109. */
export function packInstant(at: number): string {
  if (!Number.isInteger(at) || at < 0 || at >= LATEST) return writeOut(at);
  const high = Math.floor(at / LOW);
  return pack24(at % LOW) + packBits(high) + packBits(high >>> 6) + packBits(high >>> 12);
}

const LARGEST = 2 ** 30;

export function packNumber(value: number): string {
  if (!Number.isInteger(value) || value < 0 || value >= LARGEST) return writeOut(value);
  let text = '';
  let rest = value;
  for (; rest > 31; rest >>>= 5) text += packBits((rest & 31) | 32);
  return text + packBits(rest);
}

/** Any number at all, in decimal. */
export const writeOut = (value: number): string => WRITTEN_OUT + String(value) + WRITTEN_OUT;

/** Characters of a mark. */
export const MARK = 8;

/**
 * 48 bits that stand for an id, as `MARK` characters. Two of a customer's last twelve signals share it by chance
 * once in some 10^13 signals.
 */
export function markOf(id: string): string {
  // Two rounds of FNV-1a with different offsets.
  let one = 0x811c9dc5;
  let two = 0x050c5d1f;
  for (let index = 0; index < id.length; index++) {
    const code = id.charCodeAt(index);
    one = Math.imul(one ^ code, 0x01000193);
    two = Math.imul(two ^ code, 0x01000193) + 0x9e37;
  }
  return pack24(one ^ (one >>> 24)) + pack24(two ^ (two >>> 24));
}

/** Reads packed text from its beginning to its end. What was not packed here gives numbers without a meaning. */
export class PackedReader {
  readonly text: string;
  /** Where the next character is read. */
  place = 0;

  constructor(text: string) {
    this.text = text;
  }

  get isAtEnd(): boolean {
    return this.place >= this.text.length;
  }

  /** Whether the next number is one that was written out. */
  get isWrittenOut(): boolean {
    return this.text.charCodeAt(this.place) === WRITTEN_OUT_CODE;
  }

  bits(): number {
    return VALUES[this.text.charCodeAt(this.place++)] ?? 0;
  }

  instant(): number {
    if (this.isWrittenOut) return this.#writtenOut();
    const low = this.bits() | (this.bits() << 6) | (this.bits() << 12) | (this.bits() << 18);
    const high = this.bits() | (this.bits() << 6) | (this.bits() << 12);
    return high * LOW + low;
  }

  number(): number {
    if (this.isWrittenOut) return this.#writtenOut();
    let value = 0;
    let shift = 0;
    let bits = this.bits();
    for (; bits > 31; bits = this.bits()) {
      value |= (bits & 31) << shift;
      shift += 5;
    }
    return value | (bits << shift);
  }

  /** Passes over a mark; answers where it stood. */
  mark(): number {
    const from = this.place;
    this.place += MARK;
    return from;
  }

  #writtenOut(): number {
    const from = this.place + 1;
    const found = this.text.indexOf(WRITTEN_OUT, from);
    // Of what is damaged the rest is passed over: a reader comes to an end whatever it is given.
    const end = found < 0 ? this.text.length : found;
    this.place = end + 1;
    return Number(this.text.slice(from, end));
  }
}

const WRITTEN_OUT_CODE = WRITTEN_OUT.charCodeAt(0);
