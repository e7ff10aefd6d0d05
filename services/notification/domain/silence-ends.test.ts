import { expect, test } from 'vitest';
import type { Silence } from '../../contracts/silence.ts';
import type { Step } from '../../platform/keyed-process/keyed-process.ts';
import { HOUR, MINUTE } from '../../platform/time/clock.ts';
import { NO_NAMES } from '../../settings/names.ts';
import { deliveryOrder } from './message.ts';
import { createSilenceEndsProcess } from './silence-ends.ts';

const START = Date.parse('2026-03-02T08:00:00Z');
const silence: Silence = {
  id: 'S-1',
  product: 'dsl',
  region: 'north',
  by: 'ana',
  reason: 'planned <work>',
  startsAt: START,
  endsAt: START + 4 * HOUR,
};
const process = createSilenceEndsProcess(
  () => ({ slack: '#retention', email: 'r@example.com', zone: 'Europe/Berlin' }),
  { ...NO_NAMES, person: (who) => (who === 'ana' ? 'Ana Ruiz' : who) },
);
const learned = (value: Silence): Step<Silence> =>
  process.onInput(
    undefined,
    { topic: 'silences', key: value.id, value, partition: 0, offset: 0, appendedAt: START },
    START,
  );

test('the end of a silence is announced an hour before, a short one at half of its time', () => {
  expect(learned(silence).timers).toEqual([{ name: 'ends', dueAt: START + 3 * HOUR }]);
  const short = { ...silence, endsAt: START + 30 * MINUTE };
  expect(learned(short).timers).toEqual([{ name: 'ends', dueAt: START + 15 * MINUTE }]);
});

test('a silence that was ended by hand is not announced', () => {
  const ended = learned({ ...silence, endsAt: START + HOUR, endedBy: 'ben' });
  expect(ended).toMatchObject({ state: null, timers: [{ name: 'ends', dueAt: null }] });
});

test('it says what, who, why and until when, in the channel and by mail, once', () => {
  const timer = { keySpace: 'alert', key: 'S-1', name: 'ends', dueAt: START + 3 * HOUR } as const;
  const step = process.onTimer?.(silence, timer, timer.dueAt);
  expect(step?.state).toBeNull();
  const orders = (step?.effects ?? []).map(({ payload }) => deliveryOrder.parse(payload));
  expect(orders.map(({ channel, address }) => [channel, address])).toEqual([
    ['slack', '#retention'],
    ['email', 'r@example.com'],
  ]);
  const [slack, email] = orders;
  expect(slack?.channel === 'slack' && slack.content.text).toBe(
    'Silence S-1 ends on Mon 2 Mar, 13:00 CET: product dsl, region north, made by Ana Ruiz because of "planned <work>". From then on its matches raise alerts again. If they are to stay quiet, make another silence.',
  );
  expect(email?.channel === 'email' && email.content.html).toContain('planned &lt;work&gt;');
  expect(process.onTimer?.(undefined, timer, timer.dueAt).outcome.type).toBe('skipped');
});
