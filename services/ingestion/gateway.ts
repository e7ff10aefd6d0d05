import { createHash } from 'node:crypto';
import type { Source, SourceRecords } from '../contracts/sources.ts';
import type { Publishable } from '../platform/event-log/event-log.ts';
import { show } from './domain/field.ts';
import { IDENTITY_FORMS, leadingIdentity, parseIdentity } from './domain/identity.ts';
import { ignoreReason } from './domain/ignore.ts';
import { parseRecord, type RecordProblem } from './domain/parse-record.ts';
import type { Answer, GatewayDeps } from './ports.ts';

/** An operator's order to take an identity away from a customer who does not own it. */
export interface SeparateOrder {
  readonly identity: string;
  readonly customerId: string;
  readonly reason: string;
  /** User name or e-mail of the person who decides. */
  readonly by: string;
}

export interface Gateway {
  /**
   * Checks each value and stores the good ones with one `publish`; one answer per value, in order.
   *
   * When it resolves, every record answered `accepted` is durable. When it rejects with `StorageUnavailable`,
   * nothing was stored and everything may be sent again. A record is known by its own id; one without an id
   * takes the idempotency key, and its position after it when several came with the same key.
   */
  accept<S extends Source>(
    source: S,
    values: readonly unknown[],
    idempotencyKey?: string,
  ): Promise<readonly Answer[]>;
  /** Takes effect when the identity process reads it; the same order within a millisecond is one order. */
  separate(order: SeparateOrder): Promise<Extract<Answer, { status: 'accepted' | 'repeated' | 'rejected' }>>;
}

export function createGateway(deps: GatewayDeps): Gateway {
  return {
    accept: (source, values, idempotencyKey) => accept(deps, source, values, idempotencyKey),
    separate: (order) => separate(deps, order),
  };
}

async function accept<S extends Source>(
  { log, clock, metrics, own }: GatewayDeps,
  source: S,
  values: readonly unknown[],
  idempotencyKey: string | undefined,
): Promise<readonly Answer[]> {
  const now = clock.now();
  const answers: Answer[] = [];
  const taken: Publishable<S>[] = [];
  const places: number[] = [];
  for (const [index, value] of values.entries()) {
    const parsed = parseRecord(source, withId(value, idempotencyKey, index, values.length), now);
    if (!parsed.ok) {
      answers.push({ status: 'rejected', problems: parsed.problems });
      continue;
    }
    const { record } = parsed;
    const reason = ignoreReason(source, record, own);
    if (reason !== undefined) {
      answers.push({ status: 'ignored', id: record.id, reason });
      continue;
    }
    const { identityProblems: warnings } = parsed;
    answers.push({ status: 'accepted', id: record.id, ...(warnings === undefined ? {} : { warnings }) });
    places.push(index);
    // A source topic's value is that source's record; TypeScript cannot follow the generic key so far.
    taken.push({ id: record.id, key: keyOf(record), value: record } as Publishable<S>);
  }
  const results = taken.length === 0 ? [] : await log.publish(source, taken);
  for (const [index, result] of results.entries()) {
    const place = places[index] ?? -1;
    const answer = answers[place];
    if (result === 'repeated' && answer?.status === 'accepted') {
      answers[place] = { status: 'repeated', id: answer.id };
    }
  }
  // Counted last: a publish that failed is sent again, and must not be counted twice.
  for (const answer of answers) count(metrics, source, answer);
  return answers;
}

/** Records of one customer, or of one unclaimed identity, stay in order. */
const keyOf = (record: SourceRecords[Source]): string =>
  record.customerId ?? leadingIdentity(record) ?? record.id;

function withId(value: unknown, key: string | undefined, index: number, total: number): unknown {
  if (key === undefined || typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const given = 'id' in value ? value.id : undefined;
  if (given !== undefined && given !== null && given !== '') return value;
  return { ...value, id: total === 1 ? key : `${key}/${index}` };
}

function count(metrics: GatewayDeps['metrics'], source: Source, answer: Answer): void {
  if (answer.status === 'repeated') metrics.repeated(source);
  if (answer.status === 'ignored') metrics.ignored(source, answer.reason);
  if (answer.status === 'rejected') metrics.rejected(source, answer.problems[0]?.reason ?? 'malformed');
}

async function separate({ log, clock }: GatewayDeps, order: SeparateOrder) {
  const identity = parseIdentity(order.identity);
  if (identity === undefined) {
    const problems: RecordProblem[] = [
      { field: 'identity', reason: 'malformed', found: show(order.identity), expected: IDENTITY_FORMS },
    ];
    return { status: 'rejected', problems } as const;
  }
  const at = clock.now();
  const id = `separate/${fingerprint(identity, order.customerId, String(at))}`;
  const [result] = await log.publish('identities', [
    {
      id,
      key: identity,
      value: {
        type: 'separate',
        identity,
        customerId: order.customerId,
        by: { kind: 'person', id: order.by },
        reason: order.reason,
        at,
      },
    },
  ]);
  return { status: result ?? 'accepted', id } as const;
}

const fingerprint = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
