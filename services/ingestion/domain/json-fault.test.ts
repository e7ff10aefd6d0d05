import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonFault } from './json-fault.ts';

test.each([
  ['', 'line 1, column 1: found the end of the text, expected a value'],
  ['{"id":', 'line 1, column 7: found the end of the text, expected a value'],
  ['{"id": x}', 'line 1, column 8: found "x}", expected a value'],
  ['{\n  "id": 1\n  "b": 2\n}', 'line 3, column 3: found "\\"b\\": 2", expected "," or "}"'],
  ['{"id": 1,}', 'line 1, column 10: found "}", expected a name in double quotes'],
  ["{'id': 1}", `line 1, column 2: found "'id': 1}", expected a name in double quotes or "}"`],
  ['{"id" 1}', 'line 1, column 7: found "1}", expected ":"'],
  ['[1, 2', 'line 1, column 6: found the end of the text, expected "," or "]"'],
  ['[1,]', 'line 1, column 4: found "]", expected a value'],
  ['{} {}', 'line 1, column 4: found "{}", expected the end'],
  ['[01]', 'line 1, column 2: found "01]", expected a value or "]"'],
  [
    '{"a": "b\n"}',
    'line 1, column 7: found "\\"b", expected a value, closed on its line, with \\ only in escapes',
  ],
])('%j is refused: %s', (text, expected) => {
  expect(jsonFault(text)).toBe(expected);
});

test('it finds a fault exactly where JSON.parse finds one', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '1',
    '-0.5e3',
    '01',
    'true',
    'nul',
    ' ',
    '\n',
    '"\\u12"',
    '"',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        fc.array(piece).map((pieces) => pieces.join('')),
      ),
      (text) => {
        expect(jsonFault(text) === undefined).toBe(isJson(text));
      },
    ),
    { numRuns: 3000 },
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
