import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SHIPPED_RULES } from '../../services/embedded/rules-folder.ts';
import { ManualClock } from '../../services/platform/time/clock.ts';
import { FakeSlack } from '../support/fake-slack.ts';
import { OtlpCollector } from '../support/otlp-collector.ts';
import { onlyTheseRules } from '../support/rules-folder.ts';
import { newPlace, openSixServices } from './support/six-services.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SENDER = '00f067aa0ba902b7';
const RULE = 'cancel-intent-in-writing.rule.yaml';

test("one trace leads from the sender's request through the six services to the message in Slack", async () => {
  const collector = await OtlpCollector.start();
  const slack = await FakeSlack.start();
  const rules = mkdtempSync(join(tmpdir(), 'tocsin-rules-'));
  onlyTheseRules(rules, { [RULE]: readFileSync(join(SHIPPED_RULES, RULE), 'utf8') });
  onTestFinished(async () => {
    await collector.stop();
    await slack.stop();
    rmSync(rules, { recursive: true, force: true });
  });
  const { stage, apps, stop } = await openSixServices({
    place: await newPlace(2),
    clock: new ManualClock(Date.now()),
    rules,
    env: {
      TOCSIN_SLACK_TOKEN: 'xoxb-test',
      TOCSIN_SLACK_API_URL: slack.apiUrl,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    },
  });
  const answer = await apps.ingestion.inject({
    method: 'POST',
    url: '/v1/complaints',
    headers: { traceparent: `00-${TRACE}-${SENDER}-01`, tracestate: 'crm=4711' },
    payload: {
      id: 'r-1',
      customerId: 'c-4711',
      occurredAt: Date.now(),
      text: 'I want to cancel my contract.',
    },
  });
  expect(answer.statusCode).toBe(202);
  await stage.settle();
  expect(await stop()).toEqual([]);

  const sent = collector.spans.find(({ name }) => name === 'send slack');
  if (sent === undefined) throw new Error('nothing was sent');
  const way = collector.way(sent);
  expect([way[0]?.traceId, way[0]?.parentSpanId]).toEqual([TRACE, SENDER]);
  expect(sent.traceState).toBe('crm=4711');
  expect(way.map(({ service, name }) => `${service}: ${name}`)).toEqual([
    'tocsin-ingestion: POST /v1/complaints',
    'tocsin-ingestion: consume complaints',
    'tocsin-ingestion: decide ingestion',
    'tocsin-scoring: consume signals',
    'tocsin-scoring: decide scoring',
    'tocsin-action-management: consume assessments',
    'tocsin-action-management: decide action-management',
    'tocsin-alerting: consume alert-requests',
    'tocsin-alerting: decide alerting',
    'tocsin-notification: consume alerts',
    'tocsin-notification: decide notification',
    'tocsin-notification: send slack',
  ]);
  const services = collector.spans.filter(({ traceId }) => traceId === TRACE).map(({ service }) => service);
  expect(new Set(services)).toContain('tocsin-loop-closure');
  expect(new Set(services).size).toBe(6);
  for (const personal of ['c-4711', 'cancel my', 'r-1']) expect(collector.raw).not.toContain(personal);
});
