import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HOUR } from '../../platform/time/clock.ts';
import { findSequences, hasCome, longestMs } from './sequences.ts';
import { ruleSetOf, ruleText } from './test-story.ts';
import type { RememberedSignal } from './window-state.ts';

const set = ruleSetOf(
  ruleText(
    'chain',
    `  listen: [complaint.received]
  sequence:
    - {event: complaint.received, as: a}
    - {event: payment.failed, as: b, where: {product: "{a.product}", amount: {gte: 2}}, within: 4h}
    - {absent: contact.logged, where: {complaint_id: "{a.complaint_id}"}, for: 6h@24x7}
  when: {event.channel: {exists: true}}`,
  ),
);
const chain = set.byId.get('chain')?.sequence;
if (chain === undefined) throw new Error('the rule has a sequence');

/** The same question, asked as one would on paper: every pair, the earliest partner, then every contact. */
function plainly(signals: readonly RememberedSignal[]): string[] {
  const found: string[] = [];
  for (const [i, a] of signals.entries()) {
    if (a.type !== 'complaint.received') continue;
    const partners = signals.filter(
      (b, j) =>
        j > i &&
        b.type === 'payment.failed' &&
        b.at <= a.at + 4 * HOUR &&
        a.fields?.product !== undefined &&
        b.fields?.product === a.fields.product &&
        Number(b.fields?.amount ?? -1) >= 2,
    );
    const [b] = partners;
    if (b === undefined) continue;
    const contact = signals.some(
      (c, j) =>
        j > signals.indexOf(b) &&
        c.type === 'contact.logged' &&
        c.at <= b.at + 6 * HOUR &&
        a.fields?.complaint_id !== undefined &&
        c.fields?.complaint_id === a.fields.complaint_id,
    );
    found.push(`${a.id}-${b.id}${contact ? ' answered' : ''}`);
  }
  return found;
}

const signal = fc.record({
  type: fc.constantFrom('complaint.received' as const, 'payment.failed' as const, 'contact.logged' as const),
  hour: fc.integer({ min: 0, max: 12 }),
  product: fc.constantFrom('dsl', 'tv', undefined),
  amount: fc.integer({ min: 0, max: 4 }),
  complaint: fc.constantFrom('k1', 'k2', undefined),
});

test('sequences are found as one would find them on paper', () => {
  fc.assert(
    fc.property(fc.array(signal, { maxLength: 14 }), (said) => {
      const signals = said
        .map(({ type, hour, product, amount, complaint }, index): RememberedSignal => {
          const fields = {
            ...(product === undefined ? {} : { product }),
            amount,
            ...(complaint === undefined ? {} : { complaint_id: complaint }),
          };
          return { id: `s${index}`, type, at: hour * HOUR, fields };
        })
        .sort((a, b) => a.at - b.at);
      const found = findSequences(chain, signals).map((one) => {
        const answered = hasCome(chain, one, signals, one.last.at + 6 * HOUR);
        return `${one.first.id}-${one.last.id}${answered ? ' answered' : ''}`;
      });
      expect(found).toEqual(plainly(signals));
    }),
  );
});

test.each([
  [{ amount: 4 * HOUR, unit: 'ms', clock: 'wall', text: '4h@24x7' }, 4 * HOUR],
  [{ amount: 2, unit: 'business_days', clock: 'business', text: '2bd' }, 18 * 24 * HOUR],
  [{ amount: 8 * HOUR, unit: 'ms', clock: 'business', text: '8h' }, 18 * 24 * HOUR],
] as const)('signals are kept for as long as %j can last', (length, ms) => {
  expect(longestMs(length)).toBe(ms);
});
