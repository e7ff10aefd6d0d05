import { Counter, type Registry } from 'prom-client';
import type { Logger } from '../logging/logger.ts';

/** What became of a span: the collector took it, it did not, or too many waited for it already. */
export const SPAN_FATES = ['delivered', 'not_delivered', 'queue_full'] as const;
export type SpanFate = (typeof SPAN_FATES)[number];

/** A collector that is down for a night must not fill the log. */
const TELL_EVERY_MS = 60_000;

/** Counts spans by what became of them, and logs those that were lost: at most a line a minute. */
export function watchSpans(
  registry: Registry,
  log: Logger,
  url: string,
): (fate: SpanFate, count: number, error?: Error) => void {
  const spans = new Counter({
    name: 'tocsin_trace_spans_total',
    help: 'Spans of traces, by what became of them: those that are not delivered are lost.',
    labelNames: ['fate'],
    registers: [registry],
  });
  for (const fate of SPAN_FATES) spans.inc({ fate }, 0);
  // The rest of a URL may hold a key.
  const collector = new URL(url).host;
  let lost = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  return (fate, count, error) => {
    spans.inc({ fate }, count);
    if (fate === 'delivered') return;
    lost += count;
    if (performance.now() - toldAt < TELL_EVERY_MS) return;
    log.warn(
      { lost, reason: fate, error: wordsOf(error), collector },
      'spans are lost; the pipeline goes on',
    );
    toldAt = performance.now();
    lost = 0;
  };
}

/** Errors of connections to several addresses of one host have a code and no message. */
function wordsOf(error: Error | undefined): string | undefined {
  if (error === undefined) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  return (error.message || String(code ?? error.name)).slice(0, 200);
}
