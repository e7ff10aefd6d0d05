import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { NO_OWN_VOICES } from '../../services/ingestion/domain/ignore.ts';
import { createGateway } from '../../services/ingestion/gateway.ts';
import { type EventLog, StorageUnavailable } from '../../services/platform/event-log/event-log.ts';
import { runTocsin } from '../support/child-tocsin.ts';
import { canMount, smallDisk } from './support/small-disk.ts';
import { openStage, START, type Stage } from './support/stage.ts';
import { startedTocsin, temporaryFolder } from './support/temporary.ts';

const withDisk = test.skipIf(!canMount);

withDisk(
  'a full disk: 503 with Retry-After, not ready; with room again, all that was accepted is there',
  async () => {
    const disk = smallDisk(16, 8);
    const { url } = await startedTocsin({
      data: join(disk.folder, 'data'),
      env: { TOCSIN_LOG_LEVEL: 'silent' },
    });
    const sender = new Sender(url);

    const refused = await sender.sendUntilRefused();
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await refused.json()).toMatchObject({
      type: 'urn:tocsin:problem:storage-unavailable',
      detail: 'nothing was stored (disk_full); send the same again in 5 seconds',
    });
    await until(async () => (await fetch(`${url}/readyz`)).status === 503);
    expect(await (await fetch(`${url}/readyz`)).json()).toEqual({
      status: 'not_ready',
      reason: 'the data file takes no writes (disk_full)',
    });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);

    disk.throwBallast();
    await sender.repeatWhatWasRefused();
    await until(async () => (await fetch(`${url}/readyz`)).status === 200);
    await until(async () => (await ledger(url)).waiting === 0);

    const { meets, entries } = await ledger(url);
    expect(meets).toBe(true);
    const accepted = entries.filter(
      ({ stage, topic, outcome }) => `${stage} ${topic} ${outcome}` === 'log complaints accepted',
    );
    expect(accepted.map(({ count }) => count)).toEqual([sender.accepted]);
  },
);

withDisk(
  'a disk that is full from the beginning: ends with 1, names the place and says what is missing',
  async () => {
    const disk = smallDisk(1, 1);
    const data = join(disk.folder, 'data');
    const { code, stderr } = await runTocsin(['start', '--data', data, '--port', '0']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^tocsin start: .*tocsin-disk-.*cannot be written \(.*(full|ENOSPC).*\); .*room to write it\n$/,
    );
  },
);

withDisk(
  'a disk that becomes full under an import: ends with 1 in words, and what was stored is there with room again',
  async () => {
    const disk = smallDisk(64, 54);
    const data = join(disk.folder, 'data');
    const file = join(temporaryFolder(), 'many.ndjson');
    const line = (n: number): string =>
      JSON.stringify({
        id: `k${n}`,
        customerId: `c${n}`,
        occurredAt: Date.now(),
        // Random, as a batch of texts that are alike would be compressed to nothing.
        text: randomBytes(3_000).toString('base64'),
      });
    writeFileSync(file, Array.from({ length: 1_500 }, (_, n) => line(n)).join('\n'));

    const { code, stderr } = await runTocsin(['import', 'complaints', file, '--data', data]);
    expect(code).toBe(1);
    expect(stderr).toContain('(disk_full)');
    expect(stderr).not.toContain('    at ');

    disk.throwBallast();
    const again = await runTocsin(['import', 'complaints', file, '--data', data, '--json']);
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ rows: 1_500, rejected: 0 });
    expect((await runTocsin(['ledger', '--data', data])).code).toBe(0);
  },
);

test('a file that may not grow: records and orders are answered with 503, and nothing half done is left', async () => {
  const stage = await openStage();
  await stage.raise('c1');
  const freeDisk = await fillDisk(stage);

  const record = await stage.post('complaints', { id: 'one', customerId: 'c1', text: BULKY });
  expect([record.status, record.headers['retry-after']]).toEqual([503, '5']);
  const order = await stage.order('complains-again:c1', 'acknowledge', { by: 'm02' });
  expect([order.status, order.headers['retry-after']]).toEqual([503, '5']);
  expect(await stage.json('/v1/ledger')).toMatchObject({ meets: true });

  freeDisk();
  expect((await stage.post('complaints', { id: 'one', customerId: 'c1', text: BULKY })).status).toBe(202);
  expect((await stage.order('complains-again:c1', 'acknowledge', { by: 'm02' })).status).toBe(200);
  expect(await stage.json('/v1/ledger')).toMatchObject({ meets: true });
});

test('control: behind a log that answers before it has stored, the gateway accepts what is lost', async () => {
  const stage = await openStage();
  await fillDisk(stage);
  const { pipeline } = stage.tocsin;
  const { log } = pipeline.store;
  const lost: unknown[] = [];
  const hasty: Pick<EventLog, 'publish'> = {
    publish: async (topic, records) => {
      log.publish(topic, records).catch((error: unknown) => lost.push(error));
      return records.map(() => 'accepted');
    },
  };
  const gateway = createGateway({
    log: hasty,
    clock: stage.clock,
    metrics: pipeline.intake,
    own: NO_OWN_VOICES,
  });

  const record = { id: 'one', customerId: 'c1', occurredAt: stage.clock.now(), text: BULKY };
  expect(await gateway.accept('complaints', [record])).toEqual([{ status: 'accepted', id: 'one' }]);

  await until(async () => lost.length === 1);
  expect((await stage.facts('complaints')).map(({ id }) => id)).not.toContain('one');
});

/** Text that does not compress, so that the file must grow to hold it. */
const BULKY = Array.from({ length: 8_000 }, (_, step) => ((step * 2_654_435_761) >>> 0).toString(36)).join(
  '',
);

/** Lets the data file grow no more, and fills what room is left in its pages. Returns how to end that. */
async function fillDisk(stage: Stage): Promise<() => void> {
  const { db, log } = stage.tocsin.pipeline.store;
  const pages = Number(db.prepare('PRAGMA page_count').get()?.page_count);
  db.exec(`PRAGMA max_page_count = ${pages}`);
  let fillers = 0;
  for (const length of [8_000, 2_000, 500, 100, 10, 1]) {
    for (let isFull = false; !isFull; fillers += 1) {
      const value = {
        id: `filler-${fillers}`,
        occurredAt: START,
        customerId: 'c',
        text: BULKY.slice(0, length),
      };
      const publishing = log.publish('complaints', [{ id: value.id, key: 'c', value }]);
      isFull = await publishing.then(() => false, isFullDisk);
    }
  }
  return () => db.exec('PRAGMA max_page_count = 4294967294');
}

function isFullDisk(error: unknown): true {
  if (error instanceof StorageUnavailable && error.reason === 'disk_full') return true;
  throw error;
}

/** A client that keeps account of what it was promised. */
class Sender {
  accepted = 0;
  readonly #url: string;
  #sent = 0;
  #refused: string | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  async sendUntilRefused(): Promise<Response> {
    for (let tries = 0; tries < 2_000; tries += 1) {
      const body = JSON.stringify(this.#batch());
      const answer = await this.#post(body);
      if (answer.status === 503) {
        this.#refused = body;
        return answer;
      }
      await this.#count(answer);
    }
    throw new Error('the disk does not get full');
  }

  async repeatWhatWasRefused(): Promise<void> {
    if (this.#refused === undefined) throw new Error('nothing was refused');
    await this.#count(await this.#post(this.#refused));
  }

  #batch(): readonly object[] {
    return Array.from({ length: 5 }, () => {
      this.#sent += 1;
      const customerId = `c${this.#sent}`;
      return {
        id: customerId,
        customerId,
        occurredAt: Date.now() - 1_000,
        text: `${this.#sent} ${BULKY}`.slice(0, 20_000),
      };
    });
  }

  #post(body: string): Promise<Response> {
    return fetch(`${this.#url}/v1/complaints`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  }

  async #count(answer: Response): Promise<void> {
    const text = await answer.text();
    expect(answer.status, text).toBe(202);
    this.accepted += z.object({ accepted: z.number() }).parse(JSON.parse(text)).accepted;
  }
}

const report = z.object({
  meets: z.boolean(),
  waiting: z.number(),
  entries: z.array(
    z.object({ stage: z.string(), topic: z.string(), outcome: z.string(), count: z.number() }),
  ),
});

const ledger = async (url: string) => report.parse(await (await fetch(`${url}/v1/ledger`)).json());

const LOOK_EVERY_MS = 50;
const AT_MOST_MS = 30_000;

async function until(condition: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + AT_MOST_MS;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error(`not so within ${AT_MOST_MS / 1000} s`);
    await pause(LOOK_EVERY_MS);
  }
}
