import { BadCursor, type Page } from '../ports.ts';

type SqlRow = Record<string, unknown>;

/** Sorts behind every deadline: an alert that nothing is due for comes last in the queue. */
export const NEVER = Number.MAX_SAFE_INTEGER;

/** One row more than the page was asked for, which says that there is a next page. */
export const pageOf = <Row>(
  rows: readonly SqlRow[],
  limit: number,
  read: (row: SqlRow) => Row,
): Page<Row> => {
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return { rows: page.map(read), ...(last === undefined ? {} : { next: toCursor(last) }) };
};

interface Place {
  readonly sort: number;
  readonly id: string;
}

const toCursor = (row: SqlRow): string =>
  Buffer.from(JSON.stringify([row.sort, row.id ?? ''])).toString('base64url');

/** Sorts behind every id there is: no character is greater than U+10FFFF. */
const LAST_ID = '\u{10ffff}';

export const fromTop = (cursor: string | undefined): Place =>
  cursor === undefined ? { sort: NEVER, id: LAST_ID } : placeOf(cursor);

export const fromBottom = (cursor: string | undefined): Place =>
  cursor === undefined ? { sort: -NEVER, id: '' } : placeOf(cursor);

const placeOf = (cursor: string): Place => {
  const place: unknown = parsed(Buffer.from(cursor, 'base64url').toString());
  if (Array.isArray(place) && Number.isSafeInteger(place[0]) && typeof place[1] === 'string') {
    return { sort: place[0], id: place[1] };
  }
  throw new BadCursor(
    `cursor: got ${JSON.stringify(cursor.slice(0, 80))}, expected the \`next\` of an earlier page`,
  );
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is not a cursor; the caller says so.
    return undefined;
  }
};
