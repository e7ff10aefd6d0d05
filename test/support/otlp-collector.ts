import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A span as it was sent, in the words of OTLP's JSON. */
export interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  /** What the sender's own systems keep in it. */
  readonly traceState?: string;
  readonly name: string;
  readonly service: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A collector of traces over real HTTP: takes OTLP as JSON, and misbehaves on order. */
export class OtlpCollector {
  readonly spans: SentSpan[] = [];
  /** Everything that was sent, as text. */
  raw = '';
  readonly requests: { readonly path: string; readonly headers: NodeJS.Dict<string | string[]> }[] = [];
  #behaviour: 'ok' | 'silent' | 'refusing' = 'ok';
  readonly #server = createServer(async (request, response) => {
    const body = await text(request);
    this.requests.push({ path: request.url ?? '', headers: request.headers });
    if (this.#behaviour === 'silent') return;
    if (this.#behaviour === 'refusing') {
      response.writeHead(400).end();
      return;
    }
    this.raw += body;
    this.spans.push(...spansOf(JSON.parse(body) as ExportRequest));
    response.setHeader('content-type', 'application/json').end('{}');
  });

  static async start(): Promise<OtlpCollector> {
    const collector = new OtlpCollector();
    await new Promise<void>((resolve) => collector.#server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    // A listening TCP server has an address with a port.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** `silent`: requests are taken and never answered. `refusing`: all are wrong. */
  behave(how: 'ok' | 'silent' | 'refusing'): void {
    this.#behaviour = how;
  }

  /** From the first span of a trace down to this one. */
  way(span: SentSpan): readonly SentSpan[] {
    const above = this.spans.find(({ spanId }) => spanId === span.parentSpanId);
    return above === undefined ? [span] : [...this.way(above), span];
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
}

interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<SentSpan, 'attributes' | 'service'> & {
        readonly attributes: readonly Attribute[];
      })[];
    }[];
  }[];
}

const spansOf = ({ resourceSpans }: ExportRequest): SentSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        ...span,
        service: String(valuesOf(resource.attributes)['service.name']),
        attributes: valuesOf(span.attributes),
      })),
    ),
  );

const valuesOf = (attributes: readonly Attribute[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]));
