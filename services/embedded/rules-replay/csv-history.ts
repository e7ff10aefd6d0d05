import { devNull } from 'node:os';
import { basename } from 'node:path';
import type { Source, SourceRecords } from '../../contracts/sources.ts';
import { ignoreReason, NO_OWN_VOICES } from '../../ingestion/domain/ignore.ts';
import { parseRecord } from '../../ingestion/domain/parse-record.ts';
import { type ImportSummary, importFile } from '../../ingestion/import/import-file.ts';
import type { Mapping } from '../../ingestion/import/mapping-file.ts';
import type { Answer } from '../../ingestion/ports.ts';
import type { Emit } from '../../platform/keyed-process/keyed-process.ts';
import { type History, type HistoryRecord, HistoryUnusable, historyOf } from './history.ts';

export interface CsvHistory extends History {
  readonly summary: ImportSummary;
}

/**
 * A file as a history, each row at the time at which it happened, without importing it anywhere. All of it is held in
 * memory.
 */
export async function readCsvHistory(
  file: string,
  source: Source,
  mapping: Mapping | undefined,
  now: number,
): Promise<CsvHistory> {
  const records: HistoryRecord[] = [];
  const seen = new Set<string>();
  const take = (value: unknown): Answer => {
    const parsed = parseRecord(source, value, now);
    if (!parsed.ok) return { status: 'rejected', problems: parsed.problems };
    const { record } = parsed;
    const reason = ignoreReason(source, record, NO_OWN_VOICES);
    if (reason !== undefined) return { status: 'ignored', id: record.id, reason };
    if (seen.has(record.id)) return { status: 'repeated', id: record.id };
    seen.add(record.id);
    records.push({ at: record.occurredAt, fact: factOf(source, record) });
    return { status: 'accepted', id: record.id };
  };
  const result = await importFile({
    source,
    file,
    ...(mapping === undefined ? {} : { mapping }),
    accept: async (_, values) => values.map(take),
    rejectedPath: devNull,
    importedAt: now,
  });
  if (!result.ok) throw new HistoryUnusable(result.problems.join('\n'));
  return { ...historyOf(basename(file), records), summary: result.summary };
}

/** The record's type is that of its source's topic. */
const factOf = (topic: Source, record: SourceRecords[Source]): Emit =>
  ({ topic, key: record.customerId ?? record.id, value: record }) as Emit;
