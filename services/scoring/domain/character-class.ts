/** What a character does to the words around it. */
export const SPACE = 0;
export const LETTER = 1;
export const DIGIT = 2;
export const APOSTROPHE = 3;
export const SENTENCE_END = 4;
export const CLAUSE_END = 5;
export const HASH = 6;
export const AT = 7;
export const OTHER = 8;

/** The class of a UTF-16 unit. Halves of surrogate pairs (most emoji) are `OTHER`. */
export const classOf = (code: number): number => (code < 128 ? (ASCII[code] ?? OTHER) : beyondAscii(code));

/** Letter or digit of the Latin alphabet, as handles and addresses are made of. */
export const isPlainWordCharacter = (code: number): boolean =>
  code < 128 && (ASCII[code] === LETTER || ASCII[code] === DIGIT);

const ASCII = classifyAscii();

function classifyAscii(): Uint8Array {
  const classes = new Uint8Array(128).fill(OTHER);
  const mark = (characters: string, kind: number) => {
    for (const character of characters) classes[character.charCodeAt(0)] = kind;
  };
  for (let code = 0; code <= 32; code++) classes[code] = SPACE;
  mark('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', LETTER);
  mark('0123456789', DIGIT);
  mark("'", APOSTROPHE);
  mark('.!?\n', SENTENCE_END);
  mark(',;:()[]{}', CLAUSE_END);
  mark('#', HASH);
  mark('@', AT);
  return classes;
}

function beyondAscii(code: number): number {
  if (code === 0xa0 || code === 0x3000 || (code >= 0x2000 && code <= 0x200a)) return SPACE;
  if (code === 0x3002) return SENTENCE_END;
  if (code >= 0xd800 && code <= 0xdfff) return OTHER;
  // 0x2000–0x2bff are punctuation, arrows and the older emoji; × and ÷ stand among the letters.
  if (code < 0xc0 || code === 0xd7 || code === 0xf7 || (code >= 0x2000 && code <= 0x2bff)) return OTHER;
  return LETTER;
}
