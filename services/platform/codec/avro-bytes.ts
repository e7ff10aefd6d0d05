/**
 * Where values are written in Avro's binary encoding before their length is known: room that grows and is used again.
 * https://avro.apache.org/docs/1.12.0/specification/#binary-encoding
 */
export class AvroBytes {
  #bytes = Buffer.allocUnsafeSlow(64 * 1024);
  #view = viewOf(this.#bytes);
  #end = 0;

  /** Begins again, after the bytes of `prefix`. */
  begin(prefix: Uint8Array): void {
    this.#end = 0;
    this.#reserve(prefix.length);
    this.#bytes.set(prefix);
    this.#end = prefix.length;
  }

  /** A copy of what was written since `begin`. */
  taken(): Buffer {
    const taken = Buffer.allocUnsafe(this.#end);
    this.#bytes.copy(taken, 0, 0, this.#end);
    return taken;
  }

  boolean(value: boolean): void {
    this.#reserve(1);
    this.#bytes[this.#end++] = value ? 1 : 0;
  }

  /** Which branch of a union follows, of at most 64. */
  branch(index: number): void {
    this.#reserve(1);
    this.#bytes[this.#end++] = 2 * index;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#end, value, true);
    this.#end += 8;
  }

  /** A whole number from −2^52 up to, not including, 2^52. */
  long(value: number): void {
    this.#reserve(MOST_OF_A_LONG);
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    for (; rest > 0x7f_ff_ff_ff; rest = Math.floor(rest / 128))
      this.#bytes[this.#end++] = (rest % 128) | 0x80;
    for (; rest > 0x7f; rest >>>= 7) this.#bytes[this.#end++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#end++] = rest;
  }

  /** Answers whether it is well-formed; halves of characters are not written as they are. */
  string(value: string): boolean {
    const { length } = value;
    if (length > SHORT) return this.#longString(value);
    this.#reserve(1 + length);
    const bytes = this.#bytes;
    const from = this.#end + 1;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) return this.#longString(value);
      bytes[from + index] = code;
    }
    bytes[this.#end] = 2 * length;
    this.#end = from + length;
    return true;
  }

  #longString(value: string): boolean {
    const length = Buffer.byteLength(value);
    this.long(length);
    this.#reserve(length);
    this.#end += this.#bytes.write(value, this.#end);
    // What has a byte for each character is ASCII.
    return length === value.length || value.isWellFormed();
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * needed);
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
    this.#view = viewOf(larger);
  }
}

const viewOf = ({ buffer, byteOffset, byteLength }: Buffer): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** Of 53 bits: a byte for each seven. */
const MOST_OF_A_LONG = 8;
/** So long that its length takes one byte, and that a call into the runtime would take longer than a loop. */
const SHORT = 63;
