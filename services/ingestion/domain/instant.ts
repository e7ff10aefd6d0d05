/** Earlier instants are taken for a wrong unit or a broken clock: no source we read is older. */
export const EARLIEST_INSTANT = Date.UTC(2000, 0, 1);
/** Later ones are refused outright; contracts end before that. */
export const LATEST_INSTANT = Date.UTC(2100, 0, 1);

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * RFC 3339 text to epoch ms; undefined when it is not a real instant. An offset or `Z` is required: without
 * one the text does not say when it was. Days that do not exist (30 February) are refused, not rolled over.
 */
export function parseRfc3339(text: string): number | undefined {
  const parts = RFC_3339.exec(text);
  if (parts === null) return undefined;
  if (Number(parts[3]) > daysInMonth(Number(parts[1]), Number(parts[2]))) return undefined;
  const instant = Date.parse(text.replace(' ', 'T').toUpperCase());
  return Number.isNaN(instant) ? undefined : instant;
}

/** `month` counts from 1. */
export const daysInMonth = (year: number, month: number): number =>
  new Date(Date.UTC(year, month, 0)).getUTCDate();

/** RFC 3339 UTC text of an instant, for people. */
export const instantText = (instant: number): string =>
  Number.isFinite(instant) && Math.abs(instant) <= 8.64e15
    ? new Date(instant).toISOString()
    : String(instant);
