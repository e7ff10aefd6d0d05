import { readFileSync } from 'node:fs';
import type { DeadLetter } from '../contracts/dead-letter.ts';
import { formatProblem } from '../platform/config/yaml-file.ts';
import type { ForeignRecord } from '../platform/event-log/foreign-topics.kafka.ts';
import { partitionOf } from '../platform/event-log/partition-of.ts';
import type { Clock } from '../platform/time/clock.ts';
import type { RecordProblem } from './domain/parse-record.ts';
import type { Gateway } from './gateway.ts';
import { compileMapping, type MapRow } from './import/compile-mapping.ts';
import { type Mapping, parseMapping } from './import/mapping-file.ts';
import type { IntakeMetrics } from './ports.ts';

/** A topic that a company already has, and how its records become ours. */
export interface SourceTopic {
  /** Its name in Kafka. */
  readonly topic: string;
  readonly mapping: Mapping;
}

/** A source topic cannot be read as the settings say; `message` has a line for each problem. */
export class SourceTopicsWrong extends Error {
  override readonly name = 'SourceTopicsWrong';
}

/** Reads `topic=mapping.yaml` settings. Throws `SourceTopicsWrong` with everything that is wrong. */
export function openSourceTopics(settings: readonly string[]): readonly SourceTopic[] {
  const problems: string[] = [];
  const opened = settings.flatMap((setting) => {
    const [, topic = '', file = ''] = /^([^=]+)=(.+)$/.exec(setting) ?? [];
    if (topic === '') {
      problems.push(`TOCSIN_SOURCE_TOPICS: got "${setting}", expected topic=mapping.yaml`);
      return [];
    }
    const mapping = mappingOf(file, problems);
    return mapping === undefined ? [] : [{ topic, mapping }];
  });
  if (problems.length > 0) throw new SourceTopicsWrong(problems.join('\n'));
  return opened;
}

function mappingOf(file: string, problems: string[]): Mapping | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    problems.push(`TOCSIN_SOURCE_TOPICS: ${(error as Error).message}`);
    return undefined;
  }
  const parsed = parseMapping(file, text);
  const compiled = parsed.ok
    ? compileMapping(parsed.value, { name: file, columns: undefined, importedAt: 0 })
    : parsed;
  if (!compiled.ok) problems.push(...compiled.problems.map(formatProblem));
  return parsed.ok && compiled.ok ? parsed.value : undefined;
}

export interface SourceTopicDeps {
  readonly topics: readonly SourceTopic[];
  readonly gateway: Gateway;
  readonly metrics: IntakeMetrics;
  readonly clock: Clock;
  readonly partitions: number;
  /** Keeps a record that cannot become one of ours; the same one again is the same letter. */
  readonly park: (letter: DeadLetter) => Promise<void>;
}

/**
 * Hands records of company topics to the gateway, mapped as rows of files are; the gateway knows repeats by their id.
 *
 * What cannot be read, mapped or accepted is parked as a dead letter of `ingestion` with what there is of it: to be
 * repaired in our own field names and tried again. Resolves once all of it is stored.
 */
export const createSourceTopics =
  (deps: SourceTopicDeps) =>
  async (records: readonly ForeignRecord[]): Promise<void> => {
    for (const topic of new Set(records.map((record) => record.topic))) {
      const known = deps.topics.find((one) => one.topic === topic);
      if (known !== undefined)
        await take(
          deps,
          known,
          records.filter((record) => record.topic === topic),
        );
    }
  };

async function take(
  deps: SourceTopicDeps,
  { topic, mapping }: SourceTopic,
  records: readonly ForeignRecord[],
) {
  const { gateway, metrics, clock } = deps;
  const { source } = mapping;
  const mapRow = mapperOf(mapping, topic, clock.now());
  const offered: { readonly record: ForeignRecord; readonly value: unknown }[] = [];
  for (const record of records) {
    if (!record.read.ok) {
      await park(deps, mapping, record, 'not_decodable', record.read.detail, asBase64(record.bytes));
      continue;
    }
    const mapped = mapRow(record.read.value);
    if (mapped.status === 'record') offered.push({ record, value: mapped.value });
    else if (mapped.status === 'ignored') metrics.ignored(source, mapped.reason);
    else await park(deps, mapping, record, 'invalid_record', inWords(mapped.problems), record.read.value);
  }
  const answers = await gateway.accept(
    source,
    offered.map(({ value }) => value),
  );
  for (const [index, { record, value }] of offered.entries()) {
    const answer = answers[index];
    if (answer?.status !== 'rejected') continue;
    const nobody = answer.problems.every(
      ({ field, reason }) => field === 'customerId' && reason === 'missing',
    );
    await park(
      deps,
      mapping,
      record,
      nobody ? 'no_identity' : 'invalid_record',
      inWords(answer.problems),
      value,
    );
  }
}

/** Compiled anew for each batch: a mapping may ask for the present time. */
function mapperOf(mapping: Mapping, name: string, importedAt: number): MapRow {
  const compiled = compileMapping(mapping, { name, columns: undefined, importedAt });
  if (!compiled.ok) throw new Error(`the mapping of ${name} was usable at the start`);
  return compiled.mapRow;
}

function park(
  { clock, partitions, park: keep }: SourceTopicDeps,
  { source }: Mapping,
  { topic, partition, offset, key }: ForeignRecord,
  reason: DeadLetter['reason'],
  detail: string,
  payload: unknown,
): Promise<void> {
  const id = `ingestion/${topic}/${partition}/${offset}`;
  return keep({
    id,
    process: 'ingestion',
    topic: source,
    key: key === '' ? id : key,
    partition: partitionOf(key, partitions),
    offset,
    reason,
    detail,
    at: clock.now(),
    payload: JSON.stringify(payload),
  });
}

const asBase64 = (bytes: Buffer | null): object => ({
  base64: (bytes ?? Buffer.alloc(0)).subarray(0, KEPT_BYTES).toString('base64'),
});
const KEPT_BYTES = 1024 * 1024;

/** Names of fields and what is allowed, never the value: details are shown in lists. */
const inWords = (problems: readonly RecordProblem[]): string =>
  problems
    .map(({ field, reason, expected }) => `${field}: ${reason}, expected ${expected}`)
    .join('; ')
    .slice(0, MAX_DETAIL);
const MAX_DETAIL = 1_000;
