import { expect, test } from 'vitest';
import { INTENTS } from '../../contracts/assessment.ts';
import { extend, HistoryReader } from './history.ts';
import { opened } from './open-complaints.ts';
import { toldState } from './told-state.ts';

const AT = Date.parse('2026-03-02T10:00:00Z');

test('a state is told with its lists, its intents by name and its instants in words', () => {
  const leave = 1 << INTENTS.indexOf('leave');
  const { kept } = extend(
    '',
    { at: AT, type: 'complaint.received', mood: -0.87, intents: leave, spoke: true, via: 'email:a@b' },
    { most: 20, since: 0 },
  );
  const state = {
    at: AT,
    attributes: { contract: 'monthly' },
    attributesAt: AT,
    history: kept,
    open: opened('', { id: 'k-1', at: AT, via: 'email:a@b' }),
    seen: 'AAAAAAAA',
  };
  const instant = '2026-03-02T10:00:00.000Z';
  expect(toldState(state as never)).toEqual({
    at: instant,
    attributes: { contract: 'monthly' },
    attributesAt: instant,
    history: [{ at: instant, type: 'complaint.received', mood: -0.87, intents: ['leave'], spoke: true }],
    openComplaintsSince: [instant],
  });
});

test('a state of the earlier layout is told in the same words', () => {
  const earlier = { at: AT, recent: [{ at: AT, type: 'call.logged' }], open: [], seen: '' };
  expect(toldState(earlier as never)).toMatchObject({ history: [{ type: expect.any(String) }] });
});

test.each(['!', '!12', 'AAAAAAA!', 'x', 'AAAAAAAAB!9'])('reading damaged text %j comes to an end', (text) => {
  let happenings = 0;
  for (const reader = new HistoryReader(text); reader.next() && happenings < 100; ) happenings += 1;
  expect(happenings).toBeLessThan(10);
});
