import { SOURCES, type Source, type SourceRecords } from '../../contracts/sources.ts';
import {
  HANDLED,
  type Input,
  type KeyedProcess,
  type Step,
  skipped,
} from '../../platform/keyed-process/keyed-process.ts';
import { ignoreReason, type OwnVoices } from './ignore.ts';
import { parseRecord, type RecordProblem } from './parse-record.ts';
import { toFacts } from './to-signal.ts';

/**
 * Source records → signals. Keeps no state.
 *
 * Anyone may write to the source topics, so each record is checked here again with the gateway's own parser:
 * handled; skipped `own_message` or `auto_submitted`; or a dead letter `no_identity` or `invalid_record`,
 * whose detail names fields and what is allowed, never the value. Time is the log's (`appendedAt`), so that
 * a repeated run yields the same signals.
 */
export function ingestionProcess(own: OwnVoices): KeyedProcess<never> {
  return {
    name: 'ingestion',
    keySpace: 'record',
    inputs: SOURCES,
    onInput: (_, input) => (isSourceInput(input) ? ingest(input, own) : skipped('not_a_source')),
  };
}

type SourceInput = Extract<Input, { readonly topic: Source }>;

const isSourceInput = (input: Input): input is SourceInput => Object.hasOwn(ARE_SOURCES, input.topic);
const ARE_SOURCES: Readonly<Record<Source, true>> = {
  'crm-records': true,
  complaints: true,
  'call-notes': true,
  'social-posts': true,
};

function ingest(input: SourceInput, own: OwnVoices): Step<never> {
  const parsed = parseRecord(input.topic, input.value, input.appendedAt);
  if (!parsed.ok) return invalid(parsed.problems);
  const ignored = ignoreReason(input.topic, parsed.record, own);
  if (ignored !== undefined) return skipped(ignored);
  const emit = toFacts(input.topic, parsed.record as SourceRecords[Source], input.appendedAt);
  if (emit === undefined) return deadLetter('no_identity', 'the record names nobody');
  return { outcome: HANDLED, emit };
}

function invalid(problems: readonly RecordProblem[]): Step<never> {
  const nobody = problems.every((each) => each.field === 'customerId' && each.reason === 'missing');
  const detail = problems
    .map((each) => `${each.field}: ${each.reason}, expected ${each.expected}`)
    .join('; ');
  return deadLetter(nobody ? 'no_identity' : 'invalid_record', detail.slice(0, MAX_DETAIL));
}

/** A dead letter is read by people, one line each. */
const MAX_DETAIL = 1000;

const deadLetter = (reason: 'no_identity' | 'invalid_record', detail: string): Step<never> => ({
  outcome: { type: 'deadLetter', reason, detail },
});
