import { expect, test } from 'vitest';
import { HOUR, MINUTE } from '../../platform/time/clock.ts';
import { createRulesProcess } from './action-management.ts';
import { assessed, inputOf, play, ruleSetOf, ruleText, START } from './test-story.ts';
import { MAX_WAITING } from './waits.ts';
import { MAX_SIGNALS } from './window-state.ts';

const bad = (settle: string) =>
  ruleSetOf(
    ruleText(
      'bad-on-average',
      `  listen: [complaint.received]
  windows: {mood: {of: [complaint.received, call_note.received], fn: avg, field: sentiment, over: 2h}}
  when: {mood: {lt: -0.3}}
  settle: ${settle}`,
    ),
  );
const rules = bad('10m');

/** What happened at a minute and arrives later, told as if it were by now. */
const said = (
  id: string,
  minute: number,
  sentiment: number,
  arrives = minute,
  type = 'complaint.received',
) => ({
  ...assessed({
    id,
    type: type as 'complaint.received',
    at: START + minute * MINUTE,
    sentiment,
    signal: { text: `words of ${id}`, receivedAt: START + arrives * MINUTE },
  }),
  assessedAt: START + arrives * MINUTE,
});
const note = (id: string, minute: number, sentiment: number, arrives = minute) =>
  said(id, minute, sentiment, arrives, 'call_note.received');

const after = (minutes: number) => ({ until: START + minutes * MINUTE });

test('a signal is judged when the time has passed since it happened, and not before', () => {
  const early = play(rules, [said('k1', 0, -0.5)], after(9));
  expect(early.outcomes).toEqual(['settles']);
  expect(early.requests).toEqual([]);
  const { requests, outcomes } = play(rules, [said('k1', 0, -0.5)], after(10));
  expect(outcomes).toEqual(['settles', 'handled']);
  expect(requests).toMatchObject([
    {
      id: 'bad-on-average/k1',
      requestedAt: START + 10 * MINUTE,
      because: ['average sentiment of complaints and calls in the last 2 hours: −0.5 (below −0.3)'],
      evidence: [{ signalId: 'k1', quote: 'words of k1', occurredAt: START }],
    },
  ]);
});

test('what comes late within that time counts where it belongs', () => {
  const kindNote = note('n1', -5, 0.5, 4);
  expect(play(rules, [said('k1', 0, -0.5), kindNote], after(60)).requests).toEqual([]);
  const kindNoteAfterwards = note('n1', 1, 0.5);
  expect(play(rules, [said('k1', 0, -0.5), kindNoteAfterwards], after(60)).requests).toHaveLength(1);
});

test('one that comes too late for its own time waits as long again, and is judged before those after it', () => {
  const { requests } = play(rules, [said('k2', 10, -0.5), said('k1', 5, -0.4, 18)], after(60));
  expect(requests.map(({ id, requestedAt }) => [id, requestedAt])).toEqual([
    ['bad-on-average/k1', START + 20 * MINUTE],
    ['bad-on-average/k2', START + 20 * MINUTE],
  ]);
  const alone = play(rules, [said('k1', 0, -0.5, 30)], after(60));
  expect(alone.requests.map(({ requestedAt }) => requestedAt)).toEqual([START + 40 * MINUTE]);
});

test('what was judged already is judged again with what comes later than that', () => {
  const { requests } = play(rules, [said('k1', 10, -0.1), note('n1', 0, -0.9, 25)], after(60));
  expect(requests).toMatchObject([
    {
      id: 'bad-on-average/n1',
      because: ['average sentiment of complaints and calls in the last 2 hours: −0.5 (below −0.3)'],
    },
  ]);
});

test('a signal is not late because the customer said more while it was waited with', () => {
  const { requests } = play(bad('6h'), [said('k1', 0, -0.5), note('n1', 6 * 60, -0.9)], after(13 * 60));
  expect(requests.map(({ held }) => held)).toEqual([undefined]);
});

test('one that would raise nothing anyway is not waited with', () => {
  const { requests, outcomes } = play(
    rules,
    [note('n1', 7 * 60, -0.9), said('k1', 0, -0.5, 7 * 60 + 1)],
    after(8 * 60),
  );
  expect(outcomes).toEqual(['handled', 'handled']);
  expect(requests).toMatchObject([{ id: 'bad-on-average/k1', held: 'late' }]);
});

test('it is judged by the set that is in force when the time has passed, and by a rule that is gone not at all', () => {
  const stricter = ruleSetOf(
    ruleText(
      'bad-on-average',
      `  listen: [complaint.received]
  windows: {mood: {of: [complaint.received, call_note.received], fn: avg, field: sentiment, over: 2h}}
  when: {mood: {lt: -0.9}}`,
    ),
  );
  const none = ruleSetOf(ruleText('another', '  listen: [purchase.made]\n  when: {event.amount: {gt: 0}}'));
  const results: string[] = [];
  const given = {
    ...after(60),
    onEvaluation: (_: unknown, { result }: { result: string }) => void results.push(result),
  };
  const reloaded = (later: typeof rules) =>
    play((now) => (now < START + 5 * MINUTE ? rules : later), [said('k1', 0, -0.5)], given);
  expect(reloaded(stricter)).toMatchObject({ requests: [], outcomes: ['settles', 'handled'] });
  expect(results).toEqual(['no_match']);
  expect(reloaded(none)).toMatchObject({ requests: [], outcomes: ['settles', 'rule_gone'] });
});

test('a customer who never stops is judged at once when all places are taken, and no signal is forgotten unjudged', () => {
  const flood = Array.from({ length: MAX_SIGNALS + 100 }, (_, n) => said(`k${n}`, n / 60, -0.5));
  const { state, outcomes, requests } = play(rules, flood, after(5));
  expect(Object.keys(state.waiting?.timers ?? {})).toHaveLength(MAX_WAITING);
  expect(outcomes.filter((outcome) => outcome === 'settles')).toHaveLength(MAX_WAITING);
  expect(requests).toHaveLength(flood.length - MAX_WAITING);
  expect(JSON.stringify(state).length).toBeLessThan(40_000);
  expect(new Set(play(rules, flood, after(60)).requests.map(({ id }) => id)).size).toBe(flood.length);
});

test('the same timer gives the same step, and the state survives storage as JSON', () => {
  const { state } = play(rules, [said('k1', 0, -0.5), said('k2', 3, -0.5)], after(4));
  const stored = JSON.parse(JSON.stringify(state));
  expect(stored).toEqual(state);
  const fire = (from: typeof state) =>
    createRulesProcess(() => rules).onTimer?.(
      from,
      { key: 'c1', name: 'settle/bad-on-average/k1', dueAt: START + 10 * MINUTE },
      START + 3 * HOUR,
    );
  expect(fire(stored)).toEqual(fire(state));
  expect(fire(state)?.emit).toHaveLength(1);
  const unlike = createRulesProcess(() => rules).onInput(state, inputOf(said('k1', 0, -0.5)), START + HOUR);
  expect(unlike.outcome).toEqual({ type: 'skipped', reason: 'repeated' });
});

test('a sequence is judged when the time has passed since it was complete, by the signals that complete it first', () => {
  const chain = ruleSetOf(
    ruleText(
      'chain',
      `  listen: [complaint.received]
  sequence: [{event: complaint.received}, {event: call_note.received, as: n, within: 1h}]
  when: {n.sentiment: {lt: 0}}
  settle: 10m`,
    ),
  );
  const story = [said('k1', 0, -0.5), note('n2', 20, -0.5), note('n1', 15, 0.5, 24)];
  expect(play(chain, story, after(29)).requests).toEqual([]);
  expect(play(chain, story, after(60)).requests).toEqual([]);
  const [judged] = play(chain, story.slice(0, 2), after(60)).requests;
  expect(judged).toMatchObject({ id: 'chain/k1', requestedAt: START + 30 * MINUTE });
});

test('an absence waits for what had come in time and arrives late', () => {
  const unanswered = ruleSetOf(
    ruleText(
      'unanswered',
      `  listen: [complaint.received]
  sequence: [{event: complaint.received}, {absent: contact.logged, for: 1h@24x7}]
  when: {event.channel: {exists: true}}
  settle: 10m`,
    ),
  );
  const contact = (minute: number, arrives: number) => said('c1', minute, 0, arrives, 'contact.logged');
  expect(play(unanswered, [said('k1', 0, -0.5), contact(59, 69)], after(120)).requests).toEqual([]);
  const tooLate = play(unanswered, [said('k1', 0, -0.5), contact(61, 61)], after(120)).requests;
  expect(tooLate.map(({ requestedAt }) => requestedAt)).toEqual([START + 70 * MINUTE]);
});
