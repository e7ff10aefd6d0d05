import { afterAll, expect, test, vi } from 'vitest';
import { SHIPPED_RULES } from '../../services/embedded/rules-folder.ts';
import { ManualClock } from '../../services/platform/time/clock.ts';
import { newPlace, openSixServices, type SixServices } from './support/six-services.ts';

const PARTITIONS = 2;
const CUSTOMERS = 16;
const clock = new ManualClock('2026-03-02T09:00:00Z');
let services: SixServices | undefined;
afterAll(() => services?.stop());

/** Every sample of a metric, of each instance of alerting: its labels and its value. */
async function shown(name: string): Promise<readonly (readonly (readonly [string, number])[])[]> {
  return Promise.all(
    (services?.each.alerting ?? []).map(async (app) => {
      const { payload } = await app.inject('/metrics');
      return [...payload.matchAll(new RegExp(`^${name}\\{(.*)\\} (.*)$`, 'gm'))].map(
        ([, labels = '', value]) => [labels, Number(value)] as const,
      );
    }),
  );
}

const openAlerts = async (): Promise<readonly number[]> =>
  (await shown('tocsin_alerts_open')).map((samples) => samples.reduce((sum, [, value]) => sum + value, 0));
const summed = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

test('alerts that are open, and lag, are shown by whoever owns their partition, also after a restart', async () => {
  const place = await newPlace(PARTITIONS);
  services = await openSixServices({ place, clock, rules: SHIPPED_RULES });
  const records = Array.from({ length: CUSTOMERS }, (_, n) => ({
    id: `k${n}`,
    customerId: `c${n}`,
    occurredAt: clock.now(),
    text: 'I will cancel my contract.',
  }));
  await services.stage.accept('complaints', records);
  await services.stage.settle();
  const before = summed(await openAlerts());
  expect(before).toBeGreaterThanOrEqual(CUSTOMERS);
  await services.stop();

  services = await openSixServices({ place, clock, rules: SHIPPED_RULES, instances: { alerting: 2 } });
  await vi.waitFor(async () => expect(summed(await openAlerts())).toBe(before), 30_000);
  expect((await openAlerts()).filter((count) => count === 0)).toEqual([]);

  const group = `group="${place.names.group('alerting')}"`;
  const lags = (await shown('tocsin_kafka_consumer_lag_messages')).flat();
  const topics = ['alert-requests', 'alert-commands', 'contact-proofs', 'signals', 'customer-loops'];
  const places = topics.flatMap((topic) =>
    ['0', '1'].map((partition) => `topic="${topic}",partition="${partition}"`),
  );
  expect(lags.map(([labels]) => labels).sort()).toEqual(
    places.map((where) => `service="alerting",${group},${where}`).sort(),
  );
  expect(lags.filter(([, value]) => value !== 0)).toEqual([]);
});
