import { z } from 'zod';

const SAMPLERS = ['parentbased_always_on', 'parentbased_traceidratio', 'parentbased_always_off'] as const;
const PROTOCOLS = ['http/json', 'http/protobuf'] as const;
const httpUrl = z.url({ protocol: /^https?$/, error: 'expected an http or https URL' });

/** The standard variables of OpenTelemetry, as far as they are read here; the exporter reads its own timeouts and keys. */
export const tracingSettings = z.object({
  /** Root of a collector that takes OTLP over HTTP, for example `http://collector:4318`. Without one nothing is traced. */
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
  /** The whole URL, where it is not `/v1/traces` below that root. */
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl.optional(),
  /** Of each request, `name=value` separated by commas: keys, mostly. */
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .regex(/^\s*([^=,\s]+=[^,]*)(,\s*[^=,\s]+=[^,]*)*$/, 'expected name=value, separated by commas')
    .optional(),
  /** JSON is sent. Collectors take both at the same place, so that the other one may stand here for all of a company. */
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .enum(PROTOCOLS, `expected one of ${PROTOCOLS.join(', ')}`)
    .default('http/json'),
  /** A trace that comes with a record or a request is kept if whoever began it keeps it; of others this many. */
  OTEL_TRACES_SAMPLER: z
    .enum(SAMPLERS, `expected one of ${SAMPLERS.join(', ')}`)
    .default('parentbased_always_on'),
  /** Of `parentbased_traceidratio`: 0 to 1. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number('expected a number from 0 to 1')
    .min(0, 'expected at least 0')
    .max(1, 'expected at most 1')
    .default(1),
  /** `true` switches traces off, whatever else is set. */
  OTEL_SDK_DISABLED: z.enum(['true', 'false'], 'expected true or false').default('false'),
});
export type TracingSettings = z.output<typeof tracingSettings>;

/** Where spans go; nothing when nothing is to be traced. */
export function tracesUrl(settings: TracingSettings): string | undefined {
  if (settings.OTEL_SDK_DISABLED === 'true') return undefined;
  const { OTEL_EXPORTER_OTLP_ENDPOINT: root, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: whole } = settings;
  return whole ?? (root === undefined ? undefined : `${root.replace(/\/+$/, '')}/v1/traces`);
}

/** The part of new traces that is kept. */
export function sampledRatio({
  OTEL_TRACES_SAMPLER: sampler,
  OTEL_TRACES_SAMPLER_ARG: ratio,
}: TracingSettings): number {
  if (sampler === 'parentbased_traceidratio') return ratio;
  return sampler === 'parentbased_always_on' ? 1 : 0;
}

/** Values are percent-encoded, as in W3C baggage. */
export const exportHeaders = ({
  OTEL_EXPORTER_OTLP_HEADERS: text = '',
}: TracingSettings): Record<string, string> =>
  Object.fromEntries(
    text
      .split(',')
      .filter((pair) => pair.includes('='))
      .map((pair) => {
        const [name = '', ...value] = pair.split('=');
        return [name.trim(), decodeURIComponent(value.join('=').trim())];
      }),
  );
