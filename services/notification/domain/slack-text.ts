/** Limits of Slack's Block Kit, in characters: https://docs.slack.dev/reference/block-kit/blocks */
export const SLACK_LIMITS = {
  header: 150,
  section: 3000,
  field: 2000,
  context: 2000,
  buttonText: 75,
  buttonValue: 2000,
  blocks: 50,
  /** `text` beside blocks; Slack truncates beyond 40,000, readers much earlier. */
  fallback: 300,
} as const;

/**
 * Text that Slack shows as it is. The three characters with a meaning in mrkdwn's control sequences are
 * escaped, so no customer can mention a channel or plant a link; halves of surrogate pairs become �.
 */
export const escapeSlack = (text: string): string =>
  text.toWellFormed().replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** One line: a quote that spans lines would leave its quotation mark behind. */
export const oneLine = (text: string): string => text.replace(/\s+/gu, ' ').trim();

/** At most `max` UTF-16 units, ending in … when cut; never cuts a surrogate pair or an escaped character. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  let end = max - 1;
  const last = text.charCodeAt(end - 1);
  if (last >= 0xd800 && last <= 0xdbff) end -= 1;
  const entity = text.lastIndexOf('&', end);
  if (entity >= 0 && end - entity < LONGEST_ENTITY) {
    const semicolon = text.indexOf(';', entity);
    if (semicolon >= end) end = entity;
  }
  return `${text.slice(0, end)}…`;
}

/** `&amp;` */
const LONGEST_ENTITY = 5;

/** Joins whole lines as long as they fit; the rest is counted, not cut in half. */
export function fitLines(lines: readonly string[], max: number): string {
  const text = lines.join('\n');
  if (text.length <= max) return text;
  const kept: string[] = [];
  let length = 0;
  for (const line of lines) {
    if (length + line.length + 1 > max - ROOM_FOR_REST) break;
    kept.push(line);
    length += line.length + 1;
  }
  if (kept.length === 0) return cut(text, max);
  return `${kept.join('\n')}\n… and ${lines.length - kept.length} more`;
}

const ROOM_FOR_REST = 30;
