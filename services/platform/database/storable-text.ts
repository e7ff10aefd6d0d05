/**
 * Text as PostgreSQL can store it. It knows neither NUL nor halves of surrogate pairs; both may stand in what a
 * source sends as a key. They are written as `\0` and `\uXXXX`, and a backslash as two.
 */
export function storable(text: string): string {
  if (!text.includes('\\') && !text.includes('\0') && text.isWellFormed()) return text;
  return text.replace(NOT_STORABLE, (found) => {
    if (found === '\\') return '\\\\';
    if (found === '\0') return '\\0';
    return `\\u${found.charCodeAt(0).toString(16)}`;
  });
}

/** The text that `storable` was given. */
export function restored(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(\\|0|u[0-9a-f]{4})/g, (_, escaped: string) => {
    if (escaped === '\\') return '\\';
    return escaped === '0' ? '\0' : String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
  });
}

const NOT_STORABLE = /\\|\0|\p{Surrogate}/gu;
