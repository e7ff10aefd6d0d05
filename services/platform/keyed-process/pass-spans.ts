import type { Topic } from '../../contracts/topics.ts';
import type { Span, TraceContext, Tracing } from '../tracing/tracing.ts';
import type { Outcome, TopicRecord } from './keyed-process.ts';
import type { OwnedTimer } from './state-store.ts';

/**
 * What is seen of one pass in traces: a span for each record, timer or second try, below it one for each decision of a
 * process and one for the commit. A decision that another one led to lies below that.
 *
 * Nothing is seen of a pass that was not committed: it is done again.
 */
export class PassSpans {
  readonly #tracing: Tracing;
  /** What turns the clock that only goes forward into instants. */
  readonly #epoch = Date.now() - performance.now();
  readonly #consumed: Span[] = [];
  readonly #ends: (() => void)[] = [];
  #recorded = false;
  #deciding = 0;

  constructor(tracing: Tracing) {
    this.#tracing = tracing;
  }

  /** Begins with a record; answers what comes of it carries on. */
  consume({ topic, partition, offset, trace }: TopicRecord<Topic>): TraceContext | undefined {
    return this.#begin(`consume ${topic}`, trace, () => ({
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': String(partition),
      'messaging.kafka.offset': offset,
    }));
  }

  /** Whatever had set it was over long ago: a timer begins a trace. */
  fire({ process, name }: OwnedTimer): TraceContext | undefined {
    return this.#begin(`timer ${process}`, undefined, () => ({ 'tocsin.timer': name }));
  }

  redeliver(process: string): TraceContext | undefined {
    return this.#begin(`redeliver ${process}`, undefined, () => ({}));
  }

  /** A process is about to be asked. */
  deciding(): void {
    if (this.#recorded) this.#deciding = this.#now();
  }

  /** It has decided; answers what the facts and effects of its step carry on. */
  decided(process: string, topic: string, { type, reason }: Outcome, cause: TraceContext | undefined) {
    if (!this.#recorded) return cause;
    const span = this.#tracing.begin(`decide ${process}`, cause, { at: this.#deciding });
    const at = this.#now();
    this.#ends.push(() =>
      span.end(
        {
          'tocsin.process': process,
          'messaging.destination.name': topic,
          'tocsin.outcome': type,
          ...(reason === undefined ? {} : { 'tocsin.reason': reason }),
        },
        { at, failed: type === 'deadLetter' ? reason : undefined },
      ),
    );
    return span.context;
  }

  /** The pass is stored, by a commit that began at this reading of `performance.now()`. */
  committed(began: number): void {
    const at = this.#now();
    for (const { context } of this.#consumed) {
      this.#tracing.begin('commit', context, { at: this.#epoch + began }).end(undefined, { at });
    }
    for (const end of this.#ends) end();
  }

  #begin(
    name: string,
    parent: TraceContext | undefined,
    attributes: () => Record<string, string | number>,
  ): TraceContext | undefined {
    const span = this.#tracing.begin(name, parent, { kind: 'consumer', at: this.#now() });
    this.#recorded = span.recorded;
    if (span.recorded) {
      this.#consumed.push(span);
      this.#ends.push(() => span.end(attributes()));
    }
    return span.context;
  }

  #now(): number {
    return this.#epoch + performance.now();
  }
}
