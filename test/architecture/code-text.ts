const COMMENT = String.raw`\/\*[\s\S]*?\*\/|\/\/[^\n]*`;
const QUOTED = String.raw`'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"`;
const TEMPLATE = String.raw`\x60(?:\\.|[^\x60\\])*\x60`;
const TOKEN = new RegExp(`(${COMMENT})|(${QUOTED})|(${TEMPLATE})`, 'g');

/** The source without its comments; what is quoted stays. */
export function withoutComments(source: string): string {
  return source.replace(TOKEN, (token, comment) => (comment === undefined ? token : ' '));
}

/**
 * The source without comments and without quoted text: only what runs. Of a template the expressions stay.
 * Good enough for walls; it does not know regular expression literals that hold a quotation mark.
 */
export function codeOnly(source: string): string {
  return source.replace(TOKEN, (token, comment, quoted) => {
    if (comment !== undefined) return ' ';
    if (quoted !== undefined) return "''";
    return [...token.matchAll(/\$\{([^}]*)\}/g)].map(([, expression]) => `(${expression})`).join(' ');
  });
}
