import { expect, test } from 'vitest';
import { SECOND } from '../../services/platform/time/clock.ts';
import { FAST_RULES } from './support/fast-rules.ts';
import { type Fingerprint, takeFingerprint } from './support/fingerprint.ts';
import { messagesAt } from './support/messages.ts';
import { openStage, START, type Stage } from './support/stage.ts';
import { customerId, type Sending, SILVER, thousandRecords } from './support/thousand-records.ts';

/** How often and in which way everything is said. */
interface Manner {
  /** How a record is sent. */
  readonly send: (stage: Stage, sending: Sending) => Promise<void>;
  /** What happens besides, once everything was said. */
  readonly besides?: (stage: Stage) => Promise<void>;
  readonly orders: number;
}

const once = { send: overHttp, orders: 1 } satisfies Manner;

test('every request twice, every order ten times: the same as once, down to the ledger', async () => {
  const twice = await outcomeOf({
    send: async (stage, sending) => {
      await overHttp(stage, sending);
      await overHttp(stage, sending);
    },
    orders: 10,
  });
  expect(twice).toEqual(await outcomeOf(once));
});

test('every record twice in its topic, under another id of the log: the same alerts and messages', async () => {
  const twice = await outcomeOf({
    send: async (stage, sending) => {
      await overHttp(stage, sending);
      await intoTopic(stage, sending, 'again');
    },
    orders: 1,
  });
  const { ledger: _, ...same } = await outcomeOf(once);
  expect(twice).toMatchObject(same);
});

test('every command and every outcome of a message twice in its topic: the same alerts and messages', async () => {
  const twice = await outcomeOf({ ...once, besides: repeatCommandsAndOutcomes });
  const { ledger: _, ...same } = await outcomeOf(once);
  expect(twice).toMatchObject(same);
});

test('a repeat is answered as the repeat it is', async () => {
  const stage = await openStage();
  const record = { id: 'one', occurredAt: START, customerId: 'c1', text: 'broken' };
  expect((await stage.ask('POST', '/v1/complaints', record)).status).toBe(202);
  const repeat = await stage.ask('POST', '/v1/complaints', record);
  expect([repeat.status, JSON.parse(repeat.text)]).toEqual([200, { status: 'repeated', id: 'one' }]);
});

test('control: one complaint under two ids is two complaints, and raises an alert', async () => {
  const stage = await openStage();
  await stage.post('crm-records', {
    customerId: 'c1',
    event: 'profile_updated',
    attributes: { valueTier: 'gold' },
  });
  for (const id of ['one', 'two']) await stage.post('complaints', { id, customerId: 'c1', text: 'broken' });
  await stage.settle();
  expect(await stage.facts('alert-requests')).toHaveLength(1);
});

interface Outcome extends Fingerprint {
  readonly messages: readonly string[];
  readonly faults: readonly string[];
}

async function outcomeOf({ send, orders, besides }: Manner): Promise<Outcome> {
  const stage = await openStage({ rules: FAST_RULES });
  for (const sending of thousandRecords(START)) await send(stage, sending);
  await stage.settle();
  for (const customer of SILVER) {
    const key = `silver-complains-again:${customerId(customer)}`;
    for (let n = 0; n < orders; n += 1) {
      await stage.order(key, 'acknowledge', { by: 'm01' }, { 'idempotency-key': `ack ${key}` });
    }
  }
  await stage.advance(20 * SECOND);
  await besides?.(stage);
  await stage.advance(20 * SECOND);
  const { print, faults } = await takeFingerprint(stage);
  expect(faults).toEqual([]);
  expect(print.events.length).toBeGreaterThan(100);
  return { ...print, faults, messages: messagesAt(stage.slack, stage.smtp) };
}

async function overHttp(stage: Stage, { source, records }: Sending): Promise<void> {
  const { status, text } = await stage.ask('POST', `/v1/${source}`, [...records]);
  expect([200, 202], text).toContain(status);
}

async function intoTopic(stage: Stage, { source, records }: Sending, prefix: string): Promise<void> {
  const inTopic = (await stage.facts(source)).filter(({ id }) => records.some((record) => record.id === id));
  await stage.tocsin.pipeline.store.log.publish(
    source,
    inTopic.map((value) => ({ id: `${prefix} ${value.id}`, key: value.customerId ?? value.id, value })),
  );
}

async function repeatCommandsAndOutcomes(stage: Stage): Promise<void> {
  const { log } = stage.tocsin.pipeline.store;
  for (const topic of ['alert-commands', 'notification-outcomes'] as const) {
    const values = await stage.facts(topic);
    expect(values.length).toBeGreaterThan(0);
    await log.publish(
      topic,
      values.map((value) => ({ id: `again ${value.id}`, key: value.alertKey, value })),
    );
  }
}
