/** Longest text that is read, in UTF-16 units; what stands further down rarely changes what a message says. */
export const MAX_TEXT_LENGTH = 5000;
/** Looked at before quoted mail is cut away, so that a reply below a long quotation is still found. */
const MAX_RAW_LENGTH = 4 * MAX_TEXT_LENGTH;

/**
 * Brings a text into the one form that the lexicon is written in.
 *
 * Promises: typographic apostrophes and quotes become plain ones, compatibility forms are folded (NFKC),
 * invisible characters and the common HTML entities are gone, quoted mail and signatures are cut, and the
 * result has at most `MAX_TEXT_LENGTH` units. Time is linear in the text and bounded by the cap.
 * Does not change case: capitals are a cue.
 */
export function normaliseText(raw: string): string {
  let text = capAt(raw, MAX_RAW_LENGTH);
  if (text.includes('&')) text = text.replace(ENTITY, (entity) => ENTITIES[entity] ?? entity);
  if (NON_ASCII.test(text)) text = foldCharacters(text);
  if (text.includes('\n')) text = cutQuotedMail(text);
  return capAt(text, MAX_TEXT_LENGTH);
}

// Everything outside plain ASCII; most texts have none and skip the folding.
const NON_ASCII = /[\u0080-\uffff]/;

const ENTITY = /&(?:amp|lt|gt|quot|nbsp|#39|apos);/g;
const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&nbsp;': ' ',
  '&#39;': "'",
  '&apos;': "'",
};

// Before NFKC, which would turn a spacing acute accent into a blank and a combining mark.
const APOSTROPHES = /[\u2018\u2019\u201b\u2032\u00b4\u02bc\uff07]/g;
const QUOTES = /[\u201c\u201d\u201e\u2033\u00ab\u00bb]/g;
const DASHES = /[\u2012-\u2015]/g;
// Zero-width marks, byte order mark, soft hyphen, variation selectors, skin tones (a surrogate pair).
const INVISIBLE = /[\u200b-\u200f\u2060\ufeff\u00ad]|\ufe0e|\ufe0f|\ud83c[\udffb-\udfff]/g;

function foldCharacters(text: string): string {
  return text
    .replace(APOSTROPHES, "'")
    .replace(QUOTES, '"')
    .replace(DASHES, ' - ')
    .replace(INVISIBLE, '')
    .normalize('NFKC');
}

/** Cuts without splitting a surrogate pair. */
function capAt(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splitsPair ? length - 1 : length);
}

/** Everything from such a line on belongs to an earlier mail or to a signature. */
const ENDS_OWN_WORDS: readonly RegExp[] = [
  /^-{2,} ?$/,
  /^_{5,}\s*$/,
  /^-{2,}\s*(?:original message|forwarded message|reply above)/i,
  /^(?:on|am|le|el) .{4,120}(?:wrote|schrieb|écrit|escribió)\s?:\s*$/i,
  /^(?:sent|get|send) (?:from|via) (?:my|outlook|yahoo|mail) ?.{0,40}$/i,
  /^sent from .{2,40}$/i,
];
/** A farewell near the end starts the signature; the line itself is kept, as it may say "thanks". */
const FAREWELL =
  /^(?:(?:kind|best|warm|many) )?(?:regards|wishes|sincerely|yours (?:sincerely|truly|faithfully)|cheers|thanks|thank you|br|rgds)[,.!]?\s*$/i;
const SIGNATURE_LINES = 6;
/** A mail header block, as some programs quote it. */
const HEADER = /^(?:from|sent|to|cc|date|subject)\s?:\s/i;

function cutQuotedMail(text: string): string {
  const lines = text.split('\n');
  const kept: string[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = (lines[index] ?? '').trim();
    if (line.startsWith('>')) continue;
    if (line.length <= 160 && endsOwnWords(line, (lines[index + 1] ?? '').trim())) {
      if (kept.length > 0) break;
      continue;
    }
    kept.push(line);
    if (lines.length - index <= SIGNATURE_LINES && kept.length > 1 && FAREWELL.test(line)) break;
  }
  return kept.join('\n');
}

const endsOwnWords = (line: string, next: string): boolean =>
  ENDS_OWN_WORDS.some((pattern) => pattern.test(line)) || (HEADER.test(line) && HEADER.test(next));
