import type { Evidence } from '../../contracts/alert-request.ts';
import type { Assessment } from '../../contracts/assessment.ts';
import { CHANNELS, SOURCES } from '../../contracts/sources.ts';
import type { RememberedSignal, Waiting, WindowState } from './window-state.ts';

/** What past signals are judged by. */
export interface Known {
  readonly state: WindowState;
  readonly latest: Waiting['latest'];
  readonly customerId: string;
}

/** A past signal with what is known of the customer now. Its text is gone; its quote may be left. */
export function assessmentOf(
  signal: RememberedSignal,
  { latest, customerId }: Known,
  now: number,
): Assessment {
  const { id, type, at, fields = {} } = signal;
  return {
    ...latest,
    id,
    customerId,
    assessedAt: now,
    intents: [],
    signal: {
      id,
      type,
      customerId,
      quarantined: customerId.startsWith('quarantine:'),
      occurredAt: at,
      receivedAt: at,
      source: wordOf(SOURCES, fields.source),
      channel: wordOf(CHANNELS, fields.channel),
      ...(typeof fields.product === 'string' ? { product: fields.product } : {}),
      ...(typeof fields.region === 'string' ? { region: fields.region } : {}),
    },
  };
}

/** Every signal that is judged later has these; the first word stands in for one of an older version. */
const wordOf = <W extends string>(words: readonly [W, ...W[]], found: unknown): W =>
  words.find((word) => word === found) ?? words[0];

export function evidenceOfRemembered(signal: RememberedSignal, { quoted }: WindowState): Evidence {
  const { id, type, at, fields = {} } = signal;
  return (
    quoted.find(({ signalId }) => signalId === id) ?? {
      signalId: id,
      type,
      occurredAt: at,
      source: wordOf(SOURCES, fields.source),
      channel: wordOf(CHANNELS, fields.channel),
      ...(typeof fields.sentiment === 'number' ? { sentiment: fields.sentiment } : {}),
      words: [],
      intents: [],
    }
  );
}
