import type { Source } from '../contracts/sources.ts';
import type { EventLog } from '../platform/event-log/event-log.ts';
import type { Clock } from '../platform/time/clock.ts';
import type { FieldFault } from './domain/field.ts';
import type { IgnoreReason, OwnVoices } from './domain/ignore.ts';
import type { RecordProblem } from './domain/parse-record.ts';

/** What became of one record that was offered. */
export type Answer =
  | {
      readonly status: 'accepted';
      readonly id: string;
      /** E-mails, phones and handles that are not usable and were left aside. */
      readonly warnings?: readonly RecordProblem[];
    }
  /** The same id came from the same source before. Nothing was stored again. */
  | { readonly status: 'repeated'; readonly id: string }
  /** A good record that says nothing about a customer. Not stored. */
  | { readonly status: 'ignored'; readonly id: string; readonly reason: IgnoreReason }
  | { readonly status: 'rejected'; readonly problems: readonly RecordProblem[] };

export const ANSWER_STATUSES = ['accepted', 'repeated', 'ignored', 'rejected'] as const;
export type AnswerStatus = (typeof ANSWER_STATUSES)[number];

/** Takes values as a source sent them; one answer each, in order. See `Gateway.accept`. */
export type Accept = (source: Source, values: readonly unknown[]) => Promise<readonly Answer[]>;

/** Why something was refused before a record could be read from it, beside the faults of fields. */
export type RejectReason = FieldFault | 'not_json' | 'not_utf8' | 'too_large' | 'unauthorized';

/** What the gateway counts. `metrics.ts` has the Prometheus one. */
export interface IntakeMetrics {
  repeated(source: Source): void;
  ignored(source: Source, reason: IgnoreReason): void;
  rejected(source: Source, reason: RejectReason): void;
}

export interface GatewayDeps {
  readonly log: Pick<EventLog, 'publish'>;
  readonly clock: Clock;
  readonly metrics: IntakeMetrics;
  readonly own: OwnVoices;
}

/** Who may post. With neither keys nor secrets everybody may: the server then listens on loopback only. */
export interface Access {
  /** API keys, sent as `Authorization: Bearer <key>`. */
  readonly ingestKeys: readonly string[];
  /** API keys of operators: may also separate identities. */
  readonly opsKeys: readonly string[];
  /** Shared secrets for `X-Tocsin-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`. */
  readonly signingSecrets: readonly string[];
}

export const OPEN_ACCESS: Access = { ingestKeys: [], opsKeys: [], signingSecrets: [] };
