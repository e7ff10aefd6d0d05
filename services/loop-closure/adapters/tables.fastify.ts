import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { CSV_MARK, type CsvCell, csvLine } from '../../platform/text/csv.ts';
import type { Page } from '../ports.ts';

/** Rows read at a time. */
const PAGE_ROWS = 500;

/** Answers with a table that a spreadsheet opens, as a file of that name. */
export const sendTable = (
  reply: FastifyReply,
  name: string,
  head: readonly string[],
  rows: AsyncIterable<readonly CsvCell[]> | Iterable<readonly CsvCell[]>,
): FastifyReply =>
  reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name}"`)
    .send(Readable.from(lines(head, rows)));

async function* lines(
  head: readonly string[],
  rows: AsyncIterable<readonly CsvCell[]> | Iterable<readonly CsvCell[]>,
): AsyncGenerator<string> {
  yield CSV_MARK + csvLine(head);
  for await (const row of rows) yield csvLine(row);
}

/** Every row of a list, page by page: as many as there are, without holding them all. */
export async function* everyRow<Row>(
  read: (limit: number, cursor: string | undefined) => Promise<Page<Row>>,
): AsyncGenerator<Row> {
  let cursor: string | undefined;
  do {
    const page: Page<Row> = await read(PAGE_ROWS, cursor);
    yield* page.rows;
    cursor = page.next;
  } while (cursor !== undefined);
}
