import { describe, expect, test } from 'vitest';
import { productionFiles } from './source-tree.ts';
import { foreignWrites } from './writers.ts';

test('every topic has one writer', () => {
  expect(productionFiles().flatMap(foreignWrites)).toEqual([]);
});

describe('a second writer is found', () => {
  test.each([
    ['in a step', "return { outcome: HANDLED, emit: [{ topic: 'alerts', key, value }] };"],
    ['in a call', "await log.publish('alerts', records);"],
    ['in a call with a type', "await log.publish<'alerts'>(\n  'alerts', records);"],
  ])('%s', (_, text) => {
    expect(foreignWrites({ path: 'services/scoring/service.ts', text })).toHaveLength(1);
    expect(foreignWrites({ path: 'services/alerting/service.ts', text })).toEqual([]);
  });
});

test('reading a topic is not writing it', () => {
  const text = "if (input.topic === 'alerts') return; // topic: 'alerts'\nconst inputs = ['alerts'];";
  expect(foreignWrites({ path: 'services/scoring/service.ts', text })).toEqual([]);
});
