import { describe, expect, test } from 'vitest';
import { decompressLz4, decompressSnappy } from './decompress.ts';

const MOST = 10_000;
const TEXT = 'Down again! '.repeat(40);

describe('LZ4, as the program lz4 writes it', () => {
  test.each([
    ['one block', 'BCJNGGRApxcAAADPRG93biBhZ2FpbiEgDAD/vVBhaW4hIAAAAADt+jIq'],
    ['with sizes and checksums', 'BCJNGHRAvRcAAADPRG93biBhZ2FpbiEgDAD/vVBhaW4hII/JD7wAAAAA7foyKg=='],
  ])('%s', (_, frame) => {
    expect(decompressLz4(Buffer.from(frame, 'base64'), MOST).toString()).toBe(TEXT);
  });
});

test('LZ4 in blocks that look back into the one before', () => {
  const text = 'Down again! '.repeat(10_000);
  expect(decompressLz4(Buffer.from(LINKED, 'base64'), 200_000).toString()).toBe(text);
});

describe('Snappy', () => {
  // Length, a literal of twelve bytes, and seven copies of it from twelve bytes before: the last one is shorter.
  const copy = (length: number) => [((length - 1) << 2) | 2, 12, 0];
  const block = Buffer.from([
    0xe0,
    0x03,
    11 << 2,
    ...Buffer.from('Down again! '),
    ...[64, 64, 64, 64, 64, 64, 64, 20].flatMap(copy),
  ]);

  test('a block', () => expect(decompressSnappy(block, MOST).toString()).toBe(TEXT));

  test('blocks in the frame of Java clients', () => {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(block.length);
    const frame = Buffer.concat([
      Buffer.from('\u0082SNAPPY\0', 'latin1'),
      Buffer.alloc(8),
      size,
      block,
      size,
      block,
    ]);
    expect(decompressSnappy(frame, MOST).toString()).toBe(TEXT + TEXT);
  });

  test('a copy of one byte, far lengths and near offsets', () => {
    const bytes = Buffer.from([8, 0 << 2, 0x61, (3 << 2) | 1, 1]);
    expect(decompressSnappy(bytes, MOST).toString()).toBe('a'.repeat(8));
  });
});

describe('what is broken is refused', () => {
  test.each([
    ['a copy of what is not there', [4, 0 << 2, 0x61, (0 << 2) | 1, 9]],
    ['less than was announced', [9, 0 << 2, 0x61]],
    ['a literal that is cut off', [4, 3 << 2, 0x61]],
    ['nothing', []],
  ])('Snappy: %s', (_, bytes) => {
    expect(() => decompressSnappy(Buffer.from(bytes), MOST)).toThrow();
  });

  test('LZ4 without its mark', () =>
    expect(() => decompressLz4(Buffer.from('Down again!'), MOST)).toThrow('not LZ4'));

  test('a batch that grows beyond all measure', () => {
    const bytes = Buffer.from([
      0xff,
      0xff,
      0x03,
      0 << 2,
      0x61,
      ...Array(20)
        .fill([(63 << 2) | 2, 1, 0])
        .flat(),
    ]);
    expect(() => decompressSnappy(bytes, 1_000)).toThrow('more than 1000 bytes');
  });
});

// Written by `lz4 -9 -BD -B4`.
const LINKED =
  'BCJNGERAXhYBAADPRG93biBhZ2FpbiEgDAD/////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////3FAgRG93bt8AAAAPDAD///////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////99UGFpbiEgAAAAAHChIJ0=';
