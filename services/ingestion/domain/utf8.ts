import { isUtf8 } from 'node:buffer';

/** Offset of the first byte that is not part of a UTF-8 character. */
export function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  // Invariant: everything before `good` is UTF-8 up to at most one cut character; something before `bad` is not.
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isUtf8(bytes.subarray(0, wholeCharacters(bytes, middle)))) good = middle;
    else bad = middle;
  }
  return wholeCharacters(bytes, good);
}

/** The largest end ≤ `end` that does not cut a character which the bytes before `end` begin. */
export function wholeCharacters(bytes: Uint8Array, end: number): number {
  for (let back = 1; back <= 3 && back <= end; back++) {
    const byte = bytes[end - back] ?? 0;
    if (byte >= 0b1100_0000) return lengthOf(byte) > back ? end - back : end;
    if (byte < 0b1000_0000) return end;
  }
  return end;
}

const lengthOf = (lead: number): number => (lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2);
