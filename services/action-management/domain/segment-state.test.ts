import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../platform/time/clock.ts';
import { countIn, NO_SEGMENT, type SegmentState, segmentValue } from './segment-state.ts';
import { assessed, ruleSetOf, ruleText, START } from './test-story.ts';

const set = ruleSetOf(
  ruleText(
    'spike',
    `  listen: [complaint.received]
  scope: segment
  key: [product]
  windows:
    now: {of: complaint.received, fn: count, over: 1h}
    people: {of: complaint.received, fn: distinct, field: customer_id, over: 1h}
    money: {of: complaint.received, fn: sum, field: amount, over: 2h, where: {channel: {eq: email}}}
    usual: {of: complaint.received, fn: count, over: 1h, baseline: {lookback: 6h, step: 1h, floor: 0.5}}
    same_hour: {of: complaint.received, fn: count, over: 1h, baseline: {lookback: 3d, step: 1d, take: max}}
  when: {now: {gte: 1}}`,
  ),
);
const [keying] = set.segments.get('complaint.received') ?? [];
if (keying === undefined) throw new Error('the rule has a key');
const { windows } = keying;
const windowOf = (name: string) => {
  const found = windows.find(({ window }) => window.name === name);
  if (found === undefined) throw new Error(`no window ${name}`);
  return found;
};

interface Complaint {
  readonly minute: number;
  readonly customer: number;
  readonly amount: number;
  readonly mail: boolean;
}
const complaint = ({ minute, customer, amount, mail }: Complaint, index: number) => ({
  ...assessed({
    id: `k${index}`,
    type: 'complaint.received',
    at: START + minute * MINUTE,
    signal: { amount, channel: mail ? 'email' : 'phone', customerId: `c${customer}` },
  }),
});
const count = (said: readonly Complaint[]): SegmentState =>
  said.reduce((state, one, index) => countIn(state, complaint(one, index), windows, 6 * HOUR), NO_SEGMENT);

/** Of the complaints whose bucket lies within `ms` before the end of the bucket of `until`. */
function within(said: readonly Complaint[], until: number, ms: number, size: number): readonly Complaint[] {
  const last = Math.floor(until / size);
  return said.filter(({ minute }) => {
    const bucket = Math.floor((START + minute * MINUTE) / size);
    return bucket <= last && bucket > last - ms / size;
  });
}

const complaints = fc.array(
  fc.record({
    minute: fc.integer({ min: 0, max: 5 * 24 * 60 }),
    customer: fc.integer({ min: 1, max: 4 }),
    amount: fc.integer({ min: 1, max: 9 }),
    mail: fc.boolean(),
  }),
  { minLength: 1, maxLength: 60 },
);

test('what a segment counts is what was said, whatever the order within the allowed lateness', () => {
  fc.assert(
    fc.property(complaints, (said) => {
      const inOrder = [...said].sort((a, b) => a.minute - b.minute);
      const state = count(inOrder);
      const until = state.newestAt;
      const now = within(inOrder, until, HOUR, MINUTE);
      expect(segmentValue(windowOf('now'), state, until)).toBe(now.length);
      expect(segmentValue(windowOf('people'), state, until)).toBe(new Set(now.map((k) => k.customer)).size);
      const mails = within(inOrder, until, 2 * HOUR, 2 * MINUTE).filter(({ mail }) => mail);
      const money = mails.reduce((sum, { amount }) => sum + amount, 0);
      expect(segmentValue(windowOf('money'), state, until)).toBe(mails.length === 0 ? undefined : money);
      const isOld = until - (state.since ?? 0) >= 6 * HOUR;
      const hours = [1, 2, 3, 4, 5, 6].map((h) => within(inOrder, until - h * HOUR, HOUR, HOUR).length);
      const mean = hours.reduce((sum, n) => sum + n, 0) / 6;
      expect(segmentValue(windowOf('usual'), state, until)).toBe(isOld ? Math.max(0.5, mean) : undefined);
      const isOlder = until - (state.since ?? 0) >= 3 * DAY;
      const days = [1, 2, 3].map((d) => within(inOrder, until - d * DAY, HOUR, HOUR).length);
      const most = isOlder ? Math.max(...days) : undefined;
      expect(segmentValue(windowOf('same_hour'), state, until)).toBe(most);
    }),
  );
});

test('within the allowed lateness, windows of the past are what they were then, whatever arrived since', () => {
  const shuffled = complaints.chain((said) =>
    fc.tuple(fc.constant(said), fc.shuffledSubarray(said, { minLength: said.length })),
  );
  fc.assert(
    fc.property(shuffled, fc.integer({ min: 0, max: 359 }), ([said, arriving], back) => {
      const recent = said.map((one) => ({ ...one, minute: one.minute % 360 }));
      const state = count(arriving.map((one) => ({ ...one, minute: one.minute % 360 })));
      const end = Math.floor(state.newestAt / MINUTE) - back;
      const until = (end + 1) * MINUTE - 1;
      const now = within(recent, until, HOUR, MINUTE);
      expect(segmentValue(windowOf('now'), state, until)).toBe(now.length);
      expect(segmentValue(windowOf('people'), state, until)).toBe(new Set(now.map((k) => k.customer)).size);
      const last = Math.floor(until / (2 * MINUTE));
      const mails = recent.filter(({ minute, mail }) => {
        const bucket = Math.floor((START + minute * MINUTE) / (2 * MINUTE));
        return mail && bucket > last - 60 && bucket <= last && START + minute * MINUTE <= until;
      });
      const money = mails.reduce((sum, { amount }) => sum + amount, 0);
      expect(segmentValue(windowOf('money'), state, until)).toBe(mails.length === 0 ? undefined : money);
    }),
  );
});

test('a swap of neighbours changes no count', () => {
  const said = [0, 30, 45, 90, 95].map((minute) => ({ minute, customer: minute, amount: 1, mail: true }));
  const swapped = [said[1], said[0], said[2], said[4], said[3]].flatMap((one) => one ?? []);
  const [a, b] = [count(said), count(swapped)];
  for (const window of windows) {
    expect(segmentValue(window, b, b.newestAt)).toEqual(segmentValue(window, a, a.newestAt));
  }
});

test('a segment stays small, however much happens in it', () => {
  const flood = Array.from({ length: 20_000 }, (_, n) => ({
    minute: n / 3,
    customer: n % 3000,
    amount: 1,
    mail: true,
  }));
  const bytes = JSON.stringify(count(flood)).length;
  expect(bytes).toBeLessThan(25_000);
  expect(JSON.stringify(count(flood.slice(0, 1))).length).toBeLessThan(700);
});

test('a window is kept in sixtieths, a usual value in its own length or step', () => {
  expect(['now', 'money', 'usual', 'same_hour'].map((name) => windowOf(name).buckets?.sizeMs)).toEqual([
    MINUTE,
    2 * MINUTE,
    HOUR,
    HOUR,
  ]);
});
