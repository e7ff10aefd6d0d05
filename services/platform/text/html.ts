/**
 * HTML for pages and mails, safe by default: every value put into `html` is escaped, unless it is itself `Html`.
 *
 * Holds for element content and for quoted attributes. It does not hold inside `<script>`, `<style>`, event
 * attributes or unquoted attributes: put nothing there. A URL from outside goes through `httpUrl` first.
 */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What a template may hold. Nothing is written for `undefined`, `null` and `false`. */
export type HtmlPart = Html | string | number | undefined | null | false | readonly HtmlPart[];

/** The tagged template: `` html`<p>${words}</p>` ``. */
export const html = (strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html => {
  let text = strings[0] ?? '';
  for (let i = 0; i < parts.length; i += 1) text += render(parts[i]) + (strings[i + 1] ?? '');
  return new Html(text);
};

/** Takes text as HTML as it stands. Only for text that this program wrote itself. */
export const raw = (text: string): Html => new Html(text);

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\0': '\u{fffd}',
};

/** Text as it must be written in HTML. NUL and halves of surrogate pairs, which HTML cannot hold, become �. */
export const escapeHtml = (text: string): string =>
  text.toWellFormed().replace(/[&<>"'\0]/g, (character) => ENTITIES[character] ?? character);

/** The URL when a browser may safely be sent there: absolute, http or https. Otherwise nothing. */
export const httpUrl = (text: string | undefined): string | undefined => {
  if (text === undefined || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined;
};

const render = (part: HtmlPart): string => {
  if (part === undefined || part === null || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'string') return escapeHtml(part);
  if (typeof part === 'number') return String(part);
  return part.map(render).join('');
};
