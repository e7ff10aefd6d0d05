import { fastify } from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { sign } from '../../../services/ingestion/adapters/access.ts';
import { MAX_BODY_BYTES, registerGateway } from '../../../services/ingestion/adapters/gateway.fastify.ts';
import { INGESTION_API } from '../../../services/ingestion/adapters/openapi.ts';
import { ownVoices } from '../../../services/ingestion/domain/ignore.ts';
import { createGateway } from '../../../services/ingestion/gateway.ts';
import { type Access, OPEN_ACCESS } from '../../../services/ingestion/ports.ts';
import { StorageUnavailable } from '../../../services/platform/event-log/event-log.ts';
import { NOW, openWorld } from './world.ts';

const complaint = { id: 'k1', occurredAt: '2026-11-22T10:00:00Z', customerId: 'c1', text: 'Down again' };
const JSON_TYPE = { 'content-type': 'application/json' };

async function openGateway(access: Access = OPEN_ACCESS) {
  const world = openWorld(ownVoices(['twitter:acme'], []));
  const app = fastify();
  await registerGateway(app, { ...world, access });
  onTestFinished(() => app.close());
  const post = async (
    url: string,
    payload: unknown,
    headers: Readonly<Record<string, string>> = JSON_TYPE,
  ) => {
    const body = typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload);
    const answer = await app.inject({ method: 'POST', url, payload: body, headers });
    mustBeDocumented(url, answer.statusCode, answer.json());
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: answer.json() as Record<string, unknown>,
    };
  };
  const stored = async () =>
    (await world.store.log.read('complaints', 0, 0, 100)).map(({ value }) => value.id);
  return { ...world, app, post, stored };
}

/** Whatever a test of this file is answered stands in the OpenAPI document, body and all. */
function mustBeDocumented(path: string, status: number, body: unknown): void {
  const operation = INGESTION_API.operations.find((one) => one.path === path);
  if (operation === undefined) throw new Error(`${path} is not in the document`);
  const schema = operation.answers[status];
  if (schema === undefined) throw new Error(`${path} answered ${status}, which is not in the document`);
  schema.parse(body);
}

test('a good record is stored before it is answered with 202', async () => {
  const { post, store } = await openGateway();
  expect(await post('/v1/complaints', complaint)).toMatchObject({
    status: 202,
    body: { status: 'accepted', id: 'k1' },
  });
  expect(await store.log.read('complaints', 0, 0, 10)).toMatchObject([
    { key: 'c1', value: { ...complaint, occurredAt: Date.UTC(2026, 10, 22, 10) } },
  ]);
});

test('an unusable e-mail beside a customer id is a warning', async () => {
  const { post } = await openGateway();
  expect(await post('/v1/complaints', { ...complaint, email: 'n/a' })).toMatchObject({
    status: 202,
    body: { status: 'accepted', warnings: [{ field: 'email', reason: 'malformed', found: '"n/a"' }] },
  });
});

test('a repeat is answered as the repeat it is, and not stored again', async () => {
  const { post, stored, counted } = await openGateway();
  await post('/v1/complaints', complaint);
  expect(await post('/v1/complaints', complaint)).toMatchObject({
    status: 200,
    body: { status: 'repeated' },
  });
  expect(await stored()).toEqual(['k1']);
  expect(counted).toEqual(['repeated complaints']);
});

test('the same id from another source is no repeat', async () => {
  const { post } = await openGateway();
  await post('/v1/complaints', complaint);
  expect(await post('/v1/call-notes', complaint)).toMatchObject({ status: 202 });
});

test('a record without an id takes the idempotency key', async () => {
  const { post } = await openGateway();
  const { id: _, ...nameless } = complaint;
  const headers = { ...JSON_TYPE, 'idempotency-key': 'retry-17' };
  expect(await post('/v1/complaints', nameless, headers)).toMatchObject({ body: { id: 'retry-17' } });
  expect(await post('/v1/complaints', nameless, headers)).toMatchObject({ body: { status: 'repeated' } });
  expect(await post('/v1/complaints', [nameless, nameless], headers)).toMatchObject({
    body: { results: [{ id: 'retry-17/0' }, { id: 'retry-17/1' }] },
  });
});

test('our own posts are ignored, and nothing is stored', async () => {
  const { post, store, counted } = await openGateway();
  const own = { id: 'p1', occurredAt: NOW, text: 'Sorry!', handle: '@ACME', network: 'twitter' };
  expect(await post('/v1/social-posts', own)).toMatchObject({
    status: 200,
    body: { status: 'ignored', reason: 'own_message' },
  });
  expect(await store.log.endOffset('social-posts', 0)).toBe(0);
  expect(counted).toEqual(['ignored social-posts own_message']);
});

test('of a batch the good records are taken, and each has its result', async () => {
  const { post, stored } = await openGateway();
  const batch = [complaint, { ...complaint, id: 'k2', text: 5 }, complaint, { ...complaint, id: 'k3' }];
  expect(await post('/v1/complaints', batch)).toMatchObject({
    status: 202,
    body: {
      accepted: 2,
      repeated: 1,
      ignored: 0,
      rejected: 1,
      results: [
        { index: 0, status: 'accepted', id: 'k1' },
        {
          index: 1,
          status: 'rejected',
          errors: [{ field: 'text', reason: 'wrong_type', found: 'number 5' }],
        },
        { index: 2, status: 'repeated', id: 'k1' },
        { index: 3, status: 'accepted', id: 'k3' },
      ],
    },
  });
  expect(await stored()).toEqual(['k1', 'k3']);
});

test('a batch of repeats is answered with 200, one without a good record with 422', async () => {
  const { post } = await openGateway();
  await post('/v1/complaints', complaint);
  expect(await post('/v1/complaints', [complaint])).toMatchObject({ status: 200, body: { repeated: 1 } });
  expect(await post('/v1/complaints', [{}, 5])).toMatchObject({ status: 422, body: { rejected: 2 } });
});

test('NDJSON is read line by line, and a broken line costs itself only', async () => {
  const { post, counted } = await openGateway();
  const lines = `${JSON.stringify(complaint)}\n\n{"id":\n${JSON.stringify({ ...complaint, id: 'k2' })}\n`;
  const answer = await post('/v1/complaints', lines, { 'content-type': 'application/x-ndjson' });
  expect(answer).toMatchObject({ status: 202, body: { accepted: 2, rejected: 1 } });
  expect(answer.body.results).toMatchObject([
    { status: 'accepted', id: 'k1' },
    { status: 'rejected', errors: [{ found: expect.stringMatching(/^line 3, column 7: found the end/) }] },
    { status: 'accepted', id: 'k2' },
  ]);
  expect(counted).toEqual(['rejected complaints not_json']);
});

test.each([
  [
    'broken JSON',
    '{"id":',
    JSON_TYPE,
    400,
    /not JSON: line 1, column 7: found the end of the text, expected a value/,
  ],
  ['an empty body', ' ', JSON_TYPE, 400, /the body is empty/],
  ['an empty array', '[]', JSON_TYPE, 400, /the array is empty/],
  ['a body that is not UTF-8', Buffer.from([0x22, 0xe4, 0x22]), JSON_TYPE, 400, /not UTF-8: byte 1/],
  [
    'a missing id',
    { ...complaint, id: undefined },
    JSON_TYPE,
    422,
    /^id: found nothing, expected text of 1 to 200/,
  ],
  ['a wrong type', { ...complaint, text: 5 }, JSON_TYPE, 422, /^text: found number 5, expected well-formed/],
  [
    'a time before 2000',
    { ...complaint, occurredAt: '1999-01-01T00:00:00Z' },
    JSON_TYPE,
    422,
    /^occurredAt: found "1999/,
  ],
  [
    'a time in the far future',
    { ...complaint, occurredAt: '2126-01-01T00:00:00Z' },
    JSON_TYPE,
    422,
    /^occurredAt/,
  ],
  ['a NUL byte', { ...complaint, text: 'a\0' }, JSON_TYPE, 422, /^text: found a NUL byte at character 2/],
  [
    'an unpaired surrogate',
    `{"id":"k","occurredAt":1,"text":"\\ud83d"}`,
    JSON_TYPE,
    422,
    /unpaired surrogate at character 1/,
  ],
  [
    '5 MB of text',
    { ...complaint, text: 'x'.repeat(5_000_000) },
    JSON_TYPE,
    413,
    /^text: found 5000000 bytes/,
  ],
  ['a body over the limit', 'x'.repeat(MAX_BODY_BYTES + 1), JSON_TYPE, 413, /more than 8388608 bytes/],
  [
    'another content type',
    'id=k1',
    { 'content-type': 'text/plain' },
    415,
    /got "text\/plain", expected application\/json/,
  ],
  [
    'another charset',
    '{}',
    { 'content-type': 'application/json; charset=latin1' },
    415,
    /got charset "latin1"/,
  ],
  ['a compressed body', '{}', { ...JSON_TYPE, 'content-encoding': 'gzip' }, 415, /got "gzip"/],
  ['a bad idempotency key', complaint, { ...JSON_TYPE, 'idempotency-key': 'a b' }, 400, /Idempotency-Key/],
] as const)('%s is refused as problem details', async (_, payload, headers, status, detail) => {
  const { post, stored } = await openGateway();
  const answer = await post('/v1/complaints', payload, headers);
  expect(answer).toMatchObject({
    status,
    body: { status, type: expect.stringContaining('urn:tocsin:problem:') },
  });
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.body.detail).toMatch(detail);
  expect(JSON.stringify(answer.body)).not.toMatch(/at .*\.(ts|js):\d/);
  expect(await stored()).toEqual([]);
});

test('more than ten thousand records in one request are refused', async () => {
  const { post } = await openGateway();
  expect(await post('/v1/complaints', `[${'1,'.repeat(10_000)}1]`)).toMatchObject({ status: 413 });
});

test('while the store takes nothing, the answer is 503 and when to come back', async () => {
  const { metrics, clock } = openWorld();
  const log = { publish: () => Promise.reject(new StorageUnavailable('disk_full', 'no space left')) };
  const gateway = createGateway({ log, clock, metrics, own: ownVoices([], []) });
  const app = fastify();
  await registerGateway(app, { gateway, clock, metrics, access: OPEN_ACCESS });
  const answer = await app.inject({ method: 'POST', url: '/v1/complaints', payload: complaint });
  expect(answer.statusCode).toBe(503);
  expect(answer.headers['retry-after']).toBe('5');
  expect(answer.json()).toMatchObject({ detail: expect.stringContaining('disk_full') });
  await app.close();
});

const KEY = 'ingest-key-0123456789';
const OPS_KEY = 'ops-key-0123456789012';
const SECRET = 'signing-secret-012345';
const LOCKED: Access = { ingestKeys: [KEY], opsKeys: [OPS_KEY], signingSecrets: [SECRET] };
const seconds = String(NOW / 1000);
const signed = (time: string, secret = SECRET) => ({
  ...JSON_TYPE,
  'x-tocsin-signature': `t=${time},v1=${sign(secret, time, JSON.stringify(complaint))}`,
});

test.each([
  ['no key', JSON_TYPE, 401],
  ['a wrong key', { ...JSON_TYPE, authorization: 'Bearer wrong' }, 401],
  ['the key', { ...JSON_TYPE, authorization: `Bearer ${KEY}` }, 202],
  ['an operator’s key', { ...JSON_TYPE, authorization: `Bearer ${OPS_KEY}` }, 202],
  ['a good signature', signed(seconds), 202],
  ['a signature with another secret', signed(seconds, 'another-secret-01234'), 401],
  ['an old signature', signed(String(NOW / 1000 - 301)), 401],
  ['a signature from the future', signed(String(NOW / 1000 + 301)), 401],
  ['a signature that is none', { ...JSON_TYPE, 'x-tocsin-signature': 'v1=abc' }, 401],
  ['a good signature beside a wrong key', { ...signed(seconds), authorization: 'Bearer wrong' }, 401],
])('with keys configured, %s is answered with the right status', async (_, headers, status) => {
  const { post, stored } = await openGateway(LOCKED);
  expect(await post('/v1/complaints', complaint, headers)).toMatchObject({ status });
  expect(await stored()).toEqual(status === 202 ? ['k1'] : []);
});

const order = {
  identity: 'handle:X:@Ada',
  customer_id: 'c1',
  reason: 'shared account',
  by: 'lead@acme.test',
};

test('an operator separates an identity from a customer', async () => {
  const { post, store } = await openGateway(LOCKED);
  const answer = await post('/v1/identities/separate', order, {
    ...JSON_TYPE,
    authorization: `Bearer ${OPS_KEY}`,
  });
  expect(answer.status).toBe(202);
  expect(await store.log.read('identities', 0, 0, 10)).toMatchObject([
    {
      key: 'handle:x:ada',
      value: {
        type: 'separate',
        identity: 'handle:x:ada',
        customerId: 'c1',
        by: { kind: 'person' },
        at: NOW,
      },
    },
  ]);
});

test('a producer’s key does not separate identities', async () => {
  const { post } = await openGateway(LOCKED);
  const headers = { ...JSON_TYPE, authorization: `Bearer ${KEY}` };
  expect(await post('/v1/identities/separate', order, headers)).toMatchObject({ status: 401 });
});

test.each([
  [{ ...order, identity: 'ada' }, /identity: found "ada", expected email:<address>/],
  [{ identity: 'account:K1' }, /expected an object with identity, customerId, reason and by/],
])('the order %j is refused', async (given, detail) => {
  const { post } = await openGateway();
  const answer = await post('/v1/identities/separate', given);
  expect(answer.status).toBe(422);
  expect(answer.body.detail).toMatch(detail);
});
