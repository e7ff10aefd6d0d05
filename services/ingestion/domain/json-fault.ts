/**
 * Where and why a text is not JSON, in words: `line 2, column 7: found "x", expected a value`.
 *
 * JSON.parse names the place for some faults only, and not in words for people. This walks the text once and
 * is asked only after JSON.parse has refused it; undefined when it finds nothing wrong itself.
 */
export function jsonFault(text: string): string | undefined {
  const open: ('{' | '[')[] = [];
  let wanted: Wanted = 'a value';
  let at = 0;
  while (true) {
    at = skipSpace(text, at);
    const token = tokenAt(text, at);
    if (token === undefined || !fits(token.kind, wanted)) {
      return wanted === 'the end' && at >= text.length ? undefined : inWords(text, at, wanted);
    }
    if (token.kind === '{' || token.kind === '[') open.push(token.kind);
    if (token.kind === '}' || token.kind === ']') open.pop();
    wanted = wantedAfter(token.kind, wanted, open.at(-1));
    at = token.end;
  }
}

type Wanted =
  | 'a value'
  | 'a value or "]"'
  | 'a name in double quotes or "}"'
  | 'a name in double quotes'
  | '":"'
  | '"," or "}"'
  | '"," or "]"'
  | 'the end';

type Kind = '{' | '}' | '[' | ']' | ',' | ':' | 'string' | 'scalar';

function fits(kind: Kind, wanted: Wanted): boolean {
  switch (wanted) {
    case 'a value':
      return isValueStart(kind);
    case 'a value or "]"':
      return isValueStart(kind) || kind === ']';
    case 'a name in double quotes or "}"':
      return kind === 'string' || kind === '}';
    case 'a name in double quotes':
      return kind === 'string';
    case '":"':
      return kind === ':';
    case '"," or "}"':
      return kind === ',' || kind === '}';
    case '"," or "]"':
      return kind === ',' || kind === ']';
    case 'the end':
      return false;
  }
}

const isValueStart = (kind: Kind): boolean =>
  kind === '{' || kind === '[' || kind === 'string' || kind === 'scalar';

function wantedAfter(kind: Kind, before: Wanted, within: '{' | '[' | undefined): Wanted {
  if (kind === '{') return 'a name in double quotes or "}"';
  if (kind === '[') return 'a value or "]"';
  if (kind === ':') return 'a value';
  if (kind === ',') return within === '{' ? 'a name in double quotes' : 'a value';
  if (kind === 'string' && before.startsWith('a name')) return '":"';
  if (within === undefined) return 'the end';
  return within === '{' ? '"," or "}"' : '"," or "]"';
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \n\r\t'.includes(text[at] ?? '')) at += 1;
  return at;
}

const SCALAR = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/y;

/** The token that begins at a place; undefined when none does, or it is broken. */
function tokenAt(text: string, at: number): { readonly kind: Kind; readonly end: number } | undefined {
  const first = text[at];
  switch (first) {
    case undefined:
      return undefined;
    case '{':
    case '}':
    case '[':
    case ']':
    case ',':
    case ':':
      return { kind: first, end: at + 1 };
    case '"': {
      const end = endOfString(text, at + 1);
      return end === undefined ? undefined : { kind: 'string', end };
    }
    default:
      SCALAR.lastIndex = at;
      return SCALAR.test(text) ? { kind: 'scalar', end: SCALAR.lastIndex } : undefined;
  }
}

const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

function endOfString(text: string, from: number): number | undefined {
  let at = from;
  while (at < text.length) {
    const character = text[at] ?? '';
    if (character === '"') return at + 1;
    if (character < ' ') return undefined;
    if (character === '\\') {
      ESCAPE.lastIndex = at;
      if (!ESCAPE.test(text)) return undefined;
      at = ESCAPE.lastIndex;
    } else {
      at += 1;
    }
  }
  return undefined;
}

function inWords(text: string, at: number, wanted: Wanted): string {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - before.lastIndexOf('\n');
  const rest =
    text
      .slice(at, at + 20)
      .split('\n')[0]
      ?.toWellFormed() ?? '';
  const found = at >= text.length ? 'the end of the text' : JSON.stringify(rest);
  const broken = text[at] === '"' && (wanted.startsWith('a name') || wanted.startsWith('a value'));
  const expected = broken ? `${wanted}, closed on its line, with \\ only in escapes` : wanted;
  return `line ${line}, column ${column}: found ${found}, expected ${expected}`;
}
