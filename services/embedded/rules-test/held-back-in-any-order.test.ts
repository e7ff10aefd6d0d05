import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decided,
  delayed,
  heldBack,
  played,
  rule,
  rulesOf,
  type Said,
  shuffled,
} from '../test-support/any-order.ts';

const rules = (settle: string) =>
  rulesOf(
    rule(
      'outage',
      `  listen: [outage.reported]
  scope: segment
  key: [region]
  windows: {people: {of: outage.reported, fn: distinct, field: customer_id, over: 30m}}
  when: {people: {gte: 2}}
  settle: ${settle}`,
    ),
    rule(
      'complains',
      `  listen: [complaint.received]
  when: {event.sentiment: {lt: 0}}
  settle: ${settle}
  suppress: {inhibited_by: [outage]}`,
    ),
    rule(
      'many',
      `  listen: [complaint.received, outage.reported]
  when: {event.sentiment: {lt: 0.5}}
  settle: ${settle}
  suppress: {storm: {max_new: 2, over: 40m, on_exceed: digest}}`,
    ),
  );

const said = shuffled(
  fc.record({
    // Half minutes: beats end at whole ones, and of two things at one instant none is first.
    minute: fc.integer({ min: 0, max: 200 }).map((minute) => minute + 0.5),
    type: fc.constantFrom<Said['type']>('complaint.received', 'outage.reported'),
    customerId: fc.constantFrom('c1', 'c2', 'c3', 'c4'),
    fields: fc.record({ region: fc.constant('north'), sentiment: fc.constantFrom(-0.5, 0.2, 0.9) }),
  }),
  { minLength: 6, maxLength: 18 },
);
const world = (settle: string) => ({ ruleSet: rules(settle), closes: ['north', 'c1', 'c2'] });

const PATIENT = world('2h');
const HASTY = world('0s');

test('among rules that all settle, the same alerts are held back by an open one and by a storm, in any order of arrival', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(delayed(said, fc.integer({ min: 0, max: 119 })), ({ inTime, late }) => {
      const found = played(PATIENT, late);
      expect(decided(found)).toEqual(decided(played(PATIENT, inTime)));
      const held = heldBack(PATIENT, late);
      expect(held).toEqual(heldBack(PATIENT, inTime));
      for (const { alertKey } of found) seen.add(alertKey);
      for (const one of held) seen.add(one.split(' ')[1] ?? '');
    }),
    { numRuns: 200 },
  );
  expect([...seen]).toEqual(expect.arrayContaining(['outage:north', 'many:storm', 'inhibited', 'storm']));
});

test('control: at once, other alerts are held back when signals arrive in another order', () => {
  let different = 0;
  fc.assert(
    fc.property(delayed(said, fc.integer({ min: 0, max: 119 })), ({ inTime, late }) => {
      const keys = (arriving: typeof late) => played(HASTY, arriving).map(({ alertId }) => alertId);
      different += keys(late).join() === keys(inTime).join() ? 0 : 1;
    }),
    { numRuns: 50, seed: 1 },
  );
  expect(different).toBeGreaterThan(0);
});
