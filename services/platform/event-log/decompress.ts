/**
 * Reads batches that other people's producers have compressed with Snappy or LZ4. Ours are never written so, and
 * no maintained library without a native part reads them.
 *
 * Both throw for bytes that are not of the format, and for more than `most` bytes of content.
 */

/** https://github.com/google/snappy/blob/main/format_description.txt, with or without the frame of Java clients. */
export function decompressSnappy(bytes: Buffer, most: number): Buffer {
  if (!bytes.subarray(0, JAVA_MARK.length).equals(JAVA_MARK)) return snappyBlock(bytes, most);
  const blocks: Buffer[] = [];
  let left = most;
  // The mark is followed by two version numbers, each block by its length.
  for (let at = JAVA_MARK.length + 8; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    const block = snappyBlock(bytes.subarray(at + 4, end), left);
    blocks.push(block);
    left -= block.length;
    at = end;
  }
  return Buffer.concat(blocks);
}

const JAVA_MARK = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);

function snappyBlock(bytes: Buffer, most: number): Buffer {
  let at = 0;
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes.readUInt8(at++);
    size += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
    if (shift > 28) throw broken('Snappy');
  }
  const content = new Content(size, most);
  while (at < bytes.length) {
    const tag = bytes.readUInt8(at++);
    let length = (tag >> 2) + 1;
    if ((tag & 3) === 0) {
      const lengthBytes = length - 60;
      if (lengthBytes > 0) {
        length = bytes.readUIntLE(at, lengthBytes) + 1;
        at += lengthBytes;
      }
      content.append(bytes.subarray(at, at + length), length);
      at += length;
    } else if ((tag & 3) === 1) {
      content.repeat(((tag >> 5) << 8) | bytes.readUInt8(at++), ((tag >> 2) & 7) + 4);
    } else {
      const offsetBytes = (tag & 3) === 2 ? 2 : 4;
      content.repeat(bytes.readUIntLE(at, offsetBytes), length);
      at += offsetBytes;
    }
  }
  if (content.length !== size) throw broken('Snappy');
  return content.bytes();
}

/** https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md; checksums are left to Kafka's own. */
export function decompressLz4(bytes: Buffer, most: number): Buffer {
  if (bytes.readUInt32LE(0) !== LZ4_MARK) throw broken('LZ4');
  const flags = bytes.readUInt8(4);
  const [checksums, contentSize, dictionary] = [flags & 0x10, flags & 0x08, flags & 0x01];
  const content = new Content(bytes.length * 4, most);
  // Mark, two bytes of flags, what they announce, and a check byte.
  let at = 7 + (contentSize === 0 ? 0 : 8) + (dictionary === 0 ? 0 : 4);
  for (;;) {
    const size = bytes.readUInt32LE(at);
    at += 4;
    if (size === 0) return content.bytes();
    const length = size & 0x7f_ff_ff_ff;
    const block = bytes.subarray(at, at + length);
    if (size > 0x7f_ff_ff_ff) content.append(block, length);
    else lz4Block(block, content);
    at += length + (checksums === 0 ? 0 : 4);
  }
}

const LZ4_MARK = 0x18_4d_22_04;

/** https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md */
function lz4Block(bytes: Buffer, content: Content): void {
  let at = 0;
  const lengthFrom = (first: number): number => {
    let length = first;
    if (first < 15) return length;
    for (;;) {
      const more = bytes.readUInt8(at++);
      length += more;
      if (more < 255) return length;
    }
  };
  while (at < bytes.length) {
    const token = bytes.readUInt8(at++);
    const literals = lengthFrom(token >> 4);
    content.append(bytes.subarray(at, at + literals), literals);
    at += literals;
    // The last sequence has no match.
    if (at >= bytes.length) return;
    const offset = bytes.readUInt16LE(at);
    at += 2;
    content.repeat(offset, lengthFrom(token & 15) + 4);
  }
}

/** What was decompressed so far; grows as needed. */
class Content {
  readonly #most: number;
  #buffer: Buffer;
  length = 0;

  constructor(expected: number, most: number) {
    this.#most = most;
    this.#buffer = Buffer.allocUnsafe(Math.min(Math.max(expected, 1_024), most));
  }

  append(part: Buffer, length: number): void {
    if (part.length !== length) throw broken('compressed');
    this.#makeRoom(length);
    part.copy(this.#buffer, this.length);
    this.length += length;
  }

  /** Again what stood `offset` bytes before; it may run into itself. */
  repeat(offset: number, length: number): void {
    if (offset === 0 || offset > this.length) throw broken('compressed');
    this.#makeRoom(length);
    for (let left = length; left > 0; ) {
      const step = Math.min(left, offset);
      this.#buffer.copyWithin(this.length, this.length - offset, this.length - offset + step);
      this.length += step;
      left -= step;
    }
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.length);
  }

  #makeRoom(length: number): void {
    const needed = this.length + length;
    if (needed > this.#most) throw new Error(`a batch decompresses to more than ${this.#most} bytes`);
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.min(this.#most, Math.max(needed, this.#buffer.length * 2)));
    this.#buffer.copy(larger, 0, 0, this.length);
    this.#buffer = larger;
  }
}

const broken = (what: string): Error => new Error(`a batch is not ${what} as its header says`);
