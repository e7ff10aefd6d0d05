import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { openTocsin, readSettings, type Tocsin } from '../../../services/embedded/tocsin.ts';
import { type Logger, silentLogger } from '../../../services/platform/logging/logger.ts';
import { createRegistry } from '../../../services/platform/metrics/registry.ts';
import { ManualClock } from '../../../services/platform/time/clock.ts';
import { watchSpans } from '../../../services/platform/tracing/span-watch.ts';
import { FakeSlack } from '../../support/fake-slack.ts';
import { OtlpCollector } from '../../support/otlp-collector.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SENDER = '00f067aa0ba902b7';

interface Site {
  readonly tocsin: Tocsin;
  readonly slack: FakeSlack;
  readonly registry: Registry;
  complain(headers?: Record<string, string>): Promise<void>;
  close(): Promise<readonly unknown[]>;
}

async function site(env: Record<string, string>, log: Logger = silentLogger): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-traces-'));
  const slack = await FakeSlack.start();
  const registry = createRegistry();
  const tocsin = await openTocsin({
    folder,
    settings: readSettings({
      TOCSIN_SLACK_TOKEN: 'xoxb-test',
      TOCSIN_SLACK_API_URL: slack.apiUrl,
      ...env,
    }),
    clock: new ManualClock('2026-03-02T10:00:00Z'),
    rulesAreTrusted: true,
    url: 'http://127.0.0.1:8080',
    log,
    registry,
  });
  onTestFinished(async () => {
    await tocsin.lifecycle.close(5_000);
    await slack.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  let complaints = 0;
  return {
    tocsin,
    slack,
    registry,
    complain: async (headers = {}) => {
      complaints += 1;
      const payload = {
        id: `r-${complaints}`,
        customerId: 'c-4711',
        occurredAt: Date.parse('2026-03-02T09:59:00Z'),
        text: 'I want to cancel my contract, says Aunt Agatha.',
      };
      const answer = await tocsin.app.inject({ method: 'POST', url: '/v1/complaints', headers, payload });
      expect(answer.statusCode).toBe(202);
      await tocsin.pipeline.settle();
    },
    close: () => tocsin.lifecycle.close(5_000),
  };
}

async function collecting(): Promise<OtlpCollector> {
  const collector = await OtlpCollector.start();
  onTestFinished(() => collector.stop());
  return collector;
}

test("one trace leads from the sender's request over every decision to the message in Slack", async () => {
  const collector = await collecting();
  const { complain, close } = await site({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20key',
  });
  await complain({ traceparent: `00-${TRACE}-${SENDER}-01`, tracestate: 'crm=4711' });
  expect(await close()).toEqual([]);

  const sent = collector.spans.find(({ name }) => name === 'send slack');
  if (sent === undefined) throw new Error('nothing was sent');
  expect(sent.attributes).toMatchObject({ 'tocsin.outcome': 'accepted', 'tocsin.template': 'open' });
  const [first, ...others] = collector.way(sent);
  expect([first?.traceId, first?.parentSpanId, first?.service]).toEqual([TRACE, SENDER, 'tocsin']);
  expect(sent.traceState).toBe('crm=4711');
  expect([first, ...others].map((span) => span?.name)).toEqual([
    'POST /v1/complaints',
    'consume complaints',
    'decide ingestion',
    'decide scoring',
    'decide action-management',
    'decide alerting',
    'decide notification',
    'send slack',
  ]);
  const traced = collector.spans.filter(({ traceId }) => traceId === TRACE);
  expect(traced.filter(({ name }) => name === 'commit').length).toBeGreaterThan(0);
  // What came of sending it is consumed in the same trace.
  expect(traced.map(({ name }) => name)).toContain('consume notification-outcomes');
  const skipped = traced.find(({ attributes }) => attributes['tocsin.outcome'] === 'skipped');
  expect(skipped?.attributes['tocsin.reason']).toMatch(/^[a-z_]+$/);

  expect(collector.requests[0]).toMatchObject({ path: '/v1/traces', headers: { 'x-key': 'a key' } });
  for (const personal of ['c-4711', 'Agatha', 'cancel my', 'r-1'])
    expect(collector.raw).not.toContain(personal);
});

test('of traces that nobody else has begun the ratio is kept, and what a sender keeps is kept', async () => {
  const collector = await collecting();
  const { complain, close } = await site({
    OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0',
  });
  await complain();
  await complain({ traceparent: `00-${TRACE}-${SENDER}-00` });
  await complain({ traceparent: 'a-lie' });
  await complain({ traceparent: `00-${TRACE}-${SENDER}-01` });
  await close();
  expect(new Set(collector.spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
  expect(collector.spans.filter(({ name }) => name === 'POST /v1/complaints')).toHaveLength(1);
});

test.each(['down', 'silent', 'refusing'] as const)(
  'a collector that is %s costs spans, and nothing else',
  async (how) => {
    const collector = await collecting();
    const { url } = collector;
    collector.behave(how === 'down' ? 'ok' : how);
    if (how === 'down') await collector.stop();
    const lines: object[] = [];
    const log = { ...silentLogger, warn: (fields: object) => lines.push(fields) };
    const { tocsin, slack, registry, complain, close } = await site(
      { OTEL_EXPORTER_OTLP_ENDPOINT: url },
      log,
    );
    await complain();
    expect(slack.callsOf('chat.postMessage').length).toBeGreaterThan(0);
    expect((await tocsin.app.inject('/v1/alerts')).statusCode).toBe(200);
    expect(await close()).toEqual([]);
    if (how !== 'refusing') return;
    expect(await fates(registry)).toMatchObject({ delivered: 0, not_delivered: expect.toSatisfy(isSome) });
    expect(lines).toHaveLength(1);
  },
);

const isSome = (count: number): boolean => count > 10;

async function fates(registry: Registry): Promise<Record<string, number>> {
  const metric = await registry.getSingleMetric('tocsin_trace_spans_total')?.get();
  return Object.fromEntries(metric?.values.map(({ labels, value }) => [labels.fate, value]) ?? []);
}

test('spans are counted by what became of them, and their loss is told once a minute', async () => {
  const registry = createRegistry();
  const lines: object[] = [];
  const log = { ...silentLogger, warn: (fields: object) => lines.push(fields) };
  const told = watchSpans(registry, log, 'http://key@collector:4318/v1/traces');
  told('delivered', 512);
  for (let count = 0; count < 100; count += 1) told('queue_full', 1);
  told('not_delivered', 512, new Error('connect ECONNREFUSED'));
  expect(lines).toEqual([{ lost: 1, reason: 'queue_full', collector: 'collector:4318' }]);
  expect(await fates(registry)).toEqual({ delivered: 512, not_delivered: 512, queue_full: 100 });
});

test.each([
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' },
    'OTEL_EXPORTER_OTLP_ENDPOINT: got "collector:4317", expected an http',
  ],
  [{ OTEL_TRACES_SAMPLER_ARG: '7' }, 'OTEL_TRACES_SAMPLER_ARG: got "7", expected at most 1'],
  [
    { OTEL_TRACES_SAMPLER: 'always' },
    'OTEL_TRACES_SAMPLER: got "always", expected one of parentbased_always_on',
  ],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'secret' }, 'OTEL_EXPORTER_OTLP_HEADERS: got a value that is not shown'],
  [
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    'OTEL_EXPORTER_OTLP_PROTOCOL: got "grpc", expected one of http/json',
  ],
])('%j is refused', (env, words) => {
  expect(() => readSettings(env)).toThrow(words);
});

/** A Node of its own, which says what of OpenTelemetry it has loaded once Tocsin is open. */
const OPEN_AND_TELL = `
  const { registerHooks } = await import('node:module');
  const loaded = new Set();
  registerHooks({ resolve: (name, context, next) => (loaded.add(name), next(name, context)) });
  const { openTocsin, readSettings } = await import('./services/embedded/tocsin.ts');
  const { systemClock } = await import('./services/platform/time/clock.ts');
  const [, folder, env] = process.argv;
  const settings = readSettings({ TOCSIN_LOG_LEVEL: 'silent', ...JSON.parse(env) });
  await openTocsin({ folder, settings, clock: systemClock, url: 'http://127.0.0.1:8080' });
  process.stdout.write(JSON.stringify([...loaded].filter((name) => /^@opentelemetry.(sdk|exporter)/.test(name))));
  process.exit(0);
`;

test.each([
  ['without a collector nothing of OpenTelemetry is loaded', {}, []],
  [
    'control: with one it is',
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' },
    expect.arrayContaining(['@opentelemetry/sdk-trace']),
  ],
])('%s', (_, env, loaded) => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-traces-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const args = ['--input-type=module', '-e', OPEN_AND_TELL, folder, JSON.stringify(env)];
  expect(JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))).toEqual(loaded);
});
