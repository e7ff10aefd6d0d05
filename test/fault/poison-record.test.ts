import { expect, test } from 'vitest';
import { z } from 'zod';
import type { AlertCommand } from '../../services/contracts/alert.ts';
import type { Complaint } from '../../services/contracts/sources.ts';
import { StorageUnavailable } from '../../services/platform/event-log/event-log.ts';
import type { PartitionStore } from '../../services/platform/keyed-process/state-store.ts';
import { testPipeline } from '../../services/platform/keyed-process/test-pipeline.ts';
import { SECOND } from '../../services/platform/time/clock.ts';
import { storeWith } from './controls/store-with.ts';
import { openStage, START, type Stage } from './support/stage.ts';

const KEY = 'complains-again:c1';
const at = new Date(START).toISOString();
const good = `{"id": "good", "customerId": "ada", "occurredAt": "${at}", "text": "fine"}`;

test.each([
  ['NaN', `{"id": "x", "customerId": "ada", "occurredAt": NaN}`, 400, /JSON/i],
  ['text that is cut short', '{"id": "x", "customerId": "ada", "text": "bro', 400, /JSON/i],
  [
    'an unpaired surrogate',
    `{"id": "x", "customerId": "ada", "occurredAt": "${at}", "text": "\\ud83d"}`,
    422,
    /text: .*unpaired surrogate/,
  ],
  [
    'a NUL byte',
    `{"id": "x", "customerId": "ada", "occurredAt": "${at}", "text": "a\\u0000b"}`,
    422,
    /text: .*NUL byte at character 2/,
  ],
  ['a number that is too large', `{"id": "x", "customerId": "ada", "occurredAt": 1e400}`, 422, /occurredAt/],
  [
    'a time in the far future',
    '{"id": "x", "customerId": "ada", "occurredAt": "2099-01-01T00:00:00Z"}',
    422,
    /occurredAt/,
  ],
  [
    'a time before 2000',
    '{"id": "x", "customerId": "ada", "occurredAt": "1970-01-01T00:00:00Z"}',
    422,
    /occurredAt/,
  ],
  [
    'a prototype',
    `{"id": "x", "customerId": "ada", "occurredAt": "${at}", "__proto__": {"text": "x"}}`,
    422,
    /__proto__/,
  ],
  ['nothing', '', 400, /empty|JSON/i],
])(
  '%s over HTTP is refused with its place, and the next record is taken',
  async (_, body, status, detail) => {
    const stage = await openStage();
    const answer = await stage.ask('POST', '/v1/complaints', body);
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(detail);
    expect(answer.text).not.toContain('    at ');
    expect((await stage.ask('POST', '/v1/complaints', good)).status).toBe(202);
  },
);

test.each([
  ['five megabytes of text', 5 * 1024 * 1024],
  ['nine megabytes of text', 9 * 1024 * 1024],
])('%s are refused as too large', async (_, size) => {
  const stage = await openStage();
  const body = `{"id": "x", "customerId": "ada", "occurredAt": "${at}", "text": "${'x'.repeat(size)}"}`;
  const answer = await stage.ask('POST', '/v1/complaints', body);
  expect(answer.status).toBe(413);
  expect(answer.text).toMatch(/too large|bytes/);
});

test('among good records, a bad one is refused alone', async () => {
  const stage = await openStage();
  const lines = [good, '{"id": "bad"', good.replace('"good"', '"better"')].join('\n');
  const answer = await stage.ask('POST', '/v1/complaints', lines, { 'content-type': 'application/x-ndjson' });
  expect(JSON.parse(answer.text)).toMatchObject({ accepted: 2, rejected: 1 });
});

/** What a producer may write to the topic itself, behind the gateway's back. */
const poison: readonly (readonly [string, unknown])[] = [
  [
    'text that is a number, so that a handler throws a TypeError',
    { id: 'x', customerId: 'eve', occurredAt: START, text: 5 },
  ],
  ['no value at all', null],
  ['a list', []],
  ['an empty object', {}],
  ['a customer that is an object', { id: 'x', customerId: { toString: 1 }, occurredAt: START }],
  ['a time that is text', { id: 'x', customerId: 'eve', occurredAt: 'yesterday', text: 'broken' }],
  ['a time beyond all calendars', { id: 'x', customerId: 'eve', occurredAt: 9e15, text: 'broken' }],
  [
    'five megabytes of text',
    { id: 'x', customerId: 'eve', occurredAt: START, text: 'broken '.repeat(750_000) },
  ],
  ['an unpaired surrogate', { id: 'x', customerId: 'eve', occurredAt: START, text: '\ud83d' }],
  ['a NUL byte in the customer', { id: 'x', customerId: 'e\0ve', occurredAt: START, text: 'broken' }],
];

test.each(poison)('in the topic: %s; the next customer is served within five seconds', async (_, value) => {
  const stage = await openStage();
  const { pipeline } = stage.tocsin;
  await pipeline.store.log.publish('complaints', [{ id: 'poison', key: 'eve', value: value as Complaint }]);
  const began = performance.now();
  await stage.raise('c1');

  expect(performance.now() - began).toBeLessThan(5 * SECOND);
  expect(stage.slack.messages).toHaveLength(1);
  expect(await stage.json('/v1/ledger')).toMatchObject({ meets: true, waiting: 0 });
  expect((await stage.ask('GET', '/readyz')).status).toBe(200);
});

test('what does not fit the schema is set aside with its reason, where an operator finds it', async () => {
  const stage = await openStage();
  const value = { id: 'x', customerId: 'eve', occurredAt: START, text: 5 } as unknown as Complaint;
  await stage.tocsin.pipeline.store.log.publish('complaints', [{ id: 'poison', key: 'eve', value }]);
  await stage.settle();

  expect(await parked(stage)).toMatchObject([
    {
      process: 'ingestion',
      topic: 'complaints',
      reason: 'invalid_record',
      detail: expect.stringMatching(/^text: wrong_type/),
    },
  ]);
  expect(await stage.metric('tocsin_events_dead_lettered_total')).toBe(1);
});

test('a TypeError of a handler sets its own input aside; the alert goes on', async () => {
  const stage = await openStage();
  await stage.raise('c1');
  const value = null as unknown as AlertCommand;
  await stage.tocsin.pipeline.store.log.publish('alert-commands', [{ id: 'poison', key: KEY, value }]);
  const began = performance.now();
  expect((await stage.order(KEY, 'acknowledge', { by: 'm02' })).status).toBe(200);

  expect(performance.now() - began).toBeLessThan(5 * SECOND);
  expect(await parked(stage)).toMatchObject([
    {
      process: 'alerting',
      topic: 'alert-commands',
      reason: 'handler_error',
      detail: expect.stringMatching(/^TypeError/),
    },
  ]);
  expect(await stage.json('/v1/ledger')).toMatchObject({ meets: true, waiting: 0 });
});

test('control: an input whose failure counts as the disk’s is tried for ever, and nobody behind it is served', async () => {
  const pipeline = testPipeline({ between: blaming });
  await pipeline.publish('eve: poison', 'ada: fine');
  for (let tries = 0; tries < 3; tries += 1) {
    await expect(pipeline.runner.pass()).rejects.toThrow('blamed on the disk');
  }
  expect(pipeline.state('ada')).toBeUndefined();
  pipeline.dispose();
});

const blaming = (store: PartitionStore): PartitionStore =>
  storeWith(store, {
    commit: async (commit, now) => {
      const isPoison = JSON.stringify(commit.facts).includes('poison');
      if (isPoison) throw new StorageUnavailable('io_error', 'blamed on the disk');
      return store.commit(commit, now);
    },
  });

async function parked(stage: Stage): Promise<readonly unknown[]> {
  const answer = z.object({ letters: z.array(z.unknown()) });
  return answer.parse(await stage.json('/v1/dead-letters')).letters;
}
