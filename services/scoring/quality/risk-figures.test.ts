import { expect, test } from 'vitest';
import { judgeDraws, judgeRisk } from './risk-figures.ts';

const judge = (probabilities: readonly number[], labels: readonly number[]) =>
  judgeRisk(Float64Array.from(probabilities), Uint8Array.from(labels));

test('a model that knows has an area of 1 and the greatest possible lift', () => {
  const labels = Array.from({ length: 100 }, (_, row) => (row < 20 ? 1 : 0));
  const figures = judge(
    labels.map((label) => (label === 1 ? 0.99 : 0.01)),
    labels,
  );
  expect(figures).toMatchObject({ n: 100, outcomes: 20, auc: 1, liftTop10: 5, brier: 0.0001 });
});

test('a model that says the same of everybody ranks nobody, whatever the order of the rows', () => {
  const labels = Array.from({ length: 100 }, (_, row) => (row < 20 ? 1 : 0));
  expect(judge(new Array(100).fill(0.2), labels)).toMatchObject({ auc: 0.5, liftTop10: 1, brier: 0.16 });
});

test('the Brier score after recalibration leaves what no redrawing could mend', () => {
  // Right order, far too timid: pooled as drawn, 0 and 1 would be exact.
  const figures = judge([0.4, 0.45, 0.55, 0.6], [0, 0, 1, 1]);
  expect([figures.brier, figures.brierIfRecalibrated]).toEqual([0.18125, 0]);
});

test('intervals hold the figure and are the same each time', () => {
  const labels = Array.from({ length: 200 }, (_, row) => (row % 3 === 0 ? 1 : 0));
  const probabilities = labels.map((label, row) => 0.3 + 0.2 * label + ((row * 7) % 11) / 40);
  const [one, other] = [judge(probabilities, labels), judge(probabilities, labels)];
  expect(one).toEqual(other);
  const [low, high] = one.interval95.auc;
  expect(low).toBeLessThan(one.auc);
  expect(high).toBeGreaterThan(one.auc);
});

test('the reliability table has ten groups of the same size, from the least likely up', () => {
  const labels = Array.from({ length: 100 }, (_, row) => (row >= 50 ? 1 : 0));
  const { reliability } = judge(
    labels.map((_, row) => row / 100),
    labels,
  );
  expect(reliability).toHaveLength(10);
  expect(reliability[0]).toEqual({ rows: 10, foreseen: 0.045, happened: 0 });
  expect(reliability[9]).toEqual({ rows: 10, foreseen: 0.945, happened: 1 });
});

test('a customer with the same row three times is one witness, not three', () => {
  const labels = Array.from({ length: 200 }, (_, row) => (row % 3 === 0 ? 1 : 0));
  const probabilities = labels.map((label, row) => 0.3 + 0.2 * label + ((row * 7) % 11) / 20);
  const thrice = <T>(of: readonly T[]): T[] => [...of, ...of, ...of];
  const customers = Int32Array.from(thrice([...labels.keys()]));
  const judged = judgeRisk(
    Float64Array.from(thrice(probabilities)),
    Uint8Array.from(thrice(labels)),
    customers,
  );
  const asRows = judge(thrice(probabilities), thrice(labels));
  const width = ({ interval95 }: typeof asRows): number => interval95.auc[1] - interval95.auc[0];
  expect(judged.auc).toBe(asRows.auc);
  expect(width(judged)).toBeGreaterThan(0.75 * width(judge(probabilities, labels)));
  expect(width(asRows)).toBeLessThan(0.75 * width(judged));
});

test('fold by fold, a model that is bolder than another does not hide that each ranks its own well', () => {
  const labels = Array.from({ length: 40 }, (_, row) => (row % 4 === 0 ? 1 : 0));
  const foldOf = Uint8Array.from(labels, (_, row) => (row < 20 ? 0 : 1));
  const probabilities = labels.map((label, row) => (row < 20 ? 0.1 : 0.6) + 0.2 * label);
  expect(judge(probabilities, labels).auc).toBeLessThan(0.8);
  const draw = { probabilities: Float64Array.from(probabilities), foldOf };
  const { figures, crossValidated } = judgeDraws([draw], Uint8Array.from(labels));
  expect(figures).toMatchObject({ auc: 1, liftTop10: 4, interval95: { auc: [1, 1] } });
  expect(crossValidated.allTogether).toMatchObject({ auc: judge(probabilities, labels).auc });
});

test('of several draws the figures are means, and predictions are never averaged', () => {
  const labels = Uint8Array.from({ length: 40 }, (_, row) => row % 2);
  const foldOf = Uint8Array.from(labels, (_, row) => (row < 20 ? 0 : 1));
  const right = Float64Array.from(labels, (label) => 0.4 + 0.2 * label);
  // Wrong about some, and far less bold: averaged with the other draw, everybody would stand right.
  const wrong = Float64Array.from(labels, (label, row) =>
    row < 4 ? 0.51 - 0.02 * label : 0.49 + 0.02 * label,
  );
  const draws = [right, wrong].map((probabilities) => ({ probabilities, foldOf }));
  const alone = draws.map((draw) => judgeDraws([draw], labels).figures);
  const { figures, crossValidated } = judgeDraws(draws, labels);
  expect(alone[1]?.auc).toBeLessThan(1);
  expect(figures.auc).toBeCloseTo((1 + (alone[1]?.auc ?? 0)) / 2, 4);
  expect(figures.brier).toBeCloseTo(((alone[0]?.brier ?? 0) + (alone[1]?.brier ?? 0)) / 2, 5);
  expect(crossValidated).toMatchObject({ draws: 2, auc: [alone[1]?.auc, 1] });
});
