import { expect, test } from 'vitest';
import { seeded } from './random.ts';
import {
  chanceOfSilence,
  fitRepeatBuying,
  logGamma,
  lowest,
  type RepeatBuying,
  type Visits,
} from './repeat-buying.ts';

/** In weeks, as in table 2 of the paper. */
const PAPER: RepeatBuying = { shape: 0.243, scaleDays: 4.414, leaves: 0.793, stays: 2.426 };

test('the logarithm of the gamma function is that of factorials', () => {
  expect(logGamma(5)).toBeCloseTo(Math.log(24), 9);
  expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 9);
});

test('the lowest place of a bent valley is found', () => {
  const [x, y] = lowest(([a = 0, b = 0]) => (1 - a) ** 2 + 100 * (b - a * a) ** 2 + 1, [-1, 1]);
  expect(x).toBeCloseTo(1, 1);
  expect(y).toBeCloseTo(1, 1);
});

test('who came regularly and is overdue is likelier to stay away than who has just been here', () => {
  const silence = (lastDay: number) => chanceOfSilence(PAPER, { repeats: 5, lastDay, today: 39 }, 26);
  expect(silence(38)).toBeLessThan(0.2);
  expect(silence(15)).toBeGreaterThan(0.8);
});

test('who never came back is not known to have left', () => {
  const silence = chanceOfSilence(PAPER, { repeats: 0, lastDay: 0, today: 39 }, 39);
  expect(silence).toBeCloseTo((43.414 / 82.414) ** 0.243, 9);
});

test('chances learnt from half a year hold in the next', () => {
  const { before, after } = madeUp(4000);
  const model = fitRepeatBuying(before);
  if (model === undefined) throw new Error('nothing was learnt');
  const tenths = before
    .map((visits, index) => ({ chance: chanceOfSilence(model, visits, 180), silent: after[index] === 0 }))
    .toSorted((a, b) => a.chance - b.chance);
  for (let tenth = 0; tenth < 10; tenth++) {
    const own = tenths.slice(tenth * 400, (tenth + 1) * 400);
    const foreseen = own.reduce((sum, { chance }) => sum + chance, 0) / own.length;
    const happened = own.filter(({ silent }) => silent).length / own.length;
    expect(Math.abs(foreseen - happened)).toBeLessThan(0.08);
  }
});

test('of customers who hardly ever come twice nothing is learnt', () => {
  expect(fitRepeatBuying(Array.from({ length: 500 }, () => ({ repeats: 0, lastDay: 0, today: 90 })))).toBe(
    undefined,
  );
});

/** Customers who visit at random, each at a rate of their own, and leave after one visit in four. */
function madeUp(count: number): { before: readonly Visits[]; after: readonly number[] } {
  const random = seeded(7);
  const before: Visits[] = [];
  const after: number[] = [];
  for (let customer = 0; customer < count; customer++) {
    const meanDays = 20 + 200 * random();
    let [repeats, lastDay, later, day] = [0, 0, 0, 0];
    while (random() > 0.25) {
      day += -meanDays * Math.log(1 - random());
      if (day > 360) break;
      if (day <= 180) {
        repeats++;
        lastDay = Math.floor(day);
      } else later++;
    }
    before.push({ repeats, lastDay, today: 180 });
    after.push(later);
  }
  return { before, after };
}
