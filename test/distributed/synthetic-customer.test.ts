import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { SHIPPED_RULES } from '../../services/embedded/rules-folder.ts';
import { ManualClock, MINUTE } from '../../services/platform/time/clock.ts';
import { newPlace, openSixServices, type SixServices } from './support/six-services.ts';

const clock = new ManualClock('2026-03-02T09:00:00Z');
let services: SixServices;
let asked = 0;
const deadMan = createServer((_, answer) => {
  asked += 1;
  answer.writeHead(200).end();
});

beforeAll(async () => {
  await new Promise<void>((resolve) => deadMan.listen(0, '127.0.0.1', resolve));
  services = await openSixServices({
    place: await newPlace(2),
    clock,
    rules: SHIPPED_RULES,
    env: {
      TOCSIN_SYNTHETIC_SECONDS: '1',
      TOCSIN_DEADMAN_URL: `http://127.0.0.1:${(deadMan.address() as AddressInfo).port}/ping`,
    },
  });
});
afterAll(async () => {
  await services?.stop();
  deadMan.close();
});

/** Unix seconds, as Prometheus sees it. */
async function lastSuccess(): Promise<number> {
  const { payload } = await services.apps.ingestion.inject('/metrics');
  return Number(/^tocsin_synthetic_last_success_timestamp_seconds (\d+)/m.exec(payload)?.[1]);
}

test("a made-up customer's record goes through all services; the dead-man hears of it, and no person", async () => {
  await vi.waitFor(() => expect(asked).toBeGreaterThan(0), 60_000);
  clock.advance(5 * MINUTE);
  await vi.waitFor(async () => expect(await lastSuccess()).toBe(clock.now() / 1000), 60_000);
  const alerts = await services.desk.queries.alerts({ status: 'unfinished' }, 10);
  expect(alerts.rows).toEqual([]);
  const shadows = await services.desk.queries.alerts({ status: 'unfinished', stage: 'shadow' }, 10);
  expect(shadows.rows).toMatchObject([{ ruleId: 'synthetic-customer', subject: 'tocsin-synthetic' }]);
});
