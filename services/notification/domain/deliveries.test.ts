import { expect, test } from 'vitest';
import { DAY, HOUR, MINUTE, SECOND } from '../../platform/time/clock.ts';
import {
  acknowledged,
  anAlert,
  CHANNEL,
  closed,
  LATE,
  LEAD_MAIL,
  OPEN,
  SETTINGS,
  Story,
  T0,
} from '../test-support/an-alert.ts';

const ID = 'repeat-complaint:c-7#1';
const POST = `${ID}/1:opened/slack:#retention`;
const FALLBACK = `${POST}+email:team-lead`;

/** Raised, and its message stands in the channel. */
function standing(): Story {
  const story = new Story();
  story.event('raised', anAlert(), OPEN);
  story.delivered(`${POST}/1`);
  return story;
}

test('a raised alert is posted once to each address that its step names', () => {
  const story = new Story();
  const twice = [CHANNEL, { ...CHANNEL, target: 'slack:team' }, LEAD_MAIL];
  story.event('raised', anAlert(), { ...OPEN, targets: twice });
  expect(story.waiting).toEqual([`${POST}/1`, `${ID}/1:opened/email:team-lead/1`]);
  expect(story.queued.get(`${POST}/1`)?.order.form).toEqual({ type: 'post' });
});

test.each(['draft', 'shadow', 'retired'] as const)('a %s alert tells nobody', (stage) => {
  const story = new Story();
  const step = story.event('raised', anAlert({ stage }), OPEN);
  expect(step).toEqual({ outcome: { type: 'skipped', reason: 'not_live' } });
});

test('a canary alert tells people', () => {
  const story = new Story();
  story.event('raised', anAlert({ stage: 'canary' }), OPEN);
  expect(story.waiting).toHaveLength(1);
});

test('the same event arriving twice tells once', () => {
  const story = new Story();
  story.event('raised', anAlert(), OPEN, 1);
  expect(story.event('raised', anAlert(), OPEN, 1).outcome).toEqual({ type: 'skipped', reason: 'repeated' });
});

test('what was held back changes no message', () => {
  const story = standing();
  story.event('held_back', anAlert({ evidenceCount: 9 }));
  expect(story.waiting).toEqual([]);
});

test('a later step answers in the thread of the message and updates it', () => {
  const story = standing();
  story.event('escalated', anAlert({ rung: 1 }), { ...LATE, targets: [CHANNEL] });
  expect(story.waiting).toEqual([`${ID}/update.2/slack:#retention/1`, `${ID}/2:ack_by/slack:#retention/1`]);
  const [update, reply] = [...story.queued.values()].map(({ order }) => order.form);
  expect(update).toEqual({ type: 'update', ref: { address: 'C1', id: '1.0' } });
  expect(reply).toEqual({ type: 'reply', to: { address: 'C1', id: '1.0' } });
});

test('a step that comes while the message is being posted waits for it, then answers in its thread', () => {
  const story = new Story();
  story.event('raised', anAlert(), OPEN);
  story.event('escalated', anAlert({ rung: 1 }), { ...LATE, targets: [CHANNEL] });
  expect(story.waiting).toEqual([`${POST}/1`]);
  story.delivered(`${POST}/1`);
  expect(story.waiting).toEqual([`${ID}/update.2/slack:#retention/1`, `${ID}/2:ack_by/slack:#retention/1`]);
});

test('many changes while one update is under way become one more update with the newest content', () => {
  const story = standing();
  for (const count of [2, 3, 4]) story.event('evidence_added', anAlert({ evidenceCount: count }));
  expect(story.waiting).toEqual([`${ID}/update.2/slack:#retention/1`]);
  story.event('acknowledged', acknowledged(anAlert()));
  story.delivered(`${ID}/update.2/slack:#retention/1`);
  expect(story.waiting).toEqual([`${ID}/update.5/slack:#retention/1`]);
  expect(JSON.stringify(story.queued.get(`${ID}/update.5/slack:#retention/1`)?.order.content)).toContain(
    'Taken by ana',
  );
  story.delivered(`${ID}/update.5/slack:#retention/1`);
  expect(story.waiting).toEqual([]);
});

test('an update that is tried again carries what is true then', () => {
  const story = standing();
  story.event('evidence_added', anAlert({ evidenceCount: 2 }));
  story.event('acknowledged', acknowledged(anAlert()));
  story.failed(`${ID}/update.2/slack:#retention/1`);
  const again = story.queued.get(`${ID}/update.2/slack:#retention/2`)?.order;
  expect(JSON.stringify(again?.content)).toContain('Taken by ana');
  story.delivered(`${ID}/update.2/slack:#retention/2`);
  expect(story.waiting).toEqual([]);
});

test('once all is delivered, only where the messages stand is remembered', () => {
  expect(standing().state).toEqual({
    seq: 1,
    cycles: { [ID]: { messages: { '#retention': { ref: { address: 'C1', id: '1.0' } } }, deliveries: {} } },
  });
});

test('a failed attempt is repeated with growing waits, each the same when worked out again', () => {
  const waits = () => {
    const story = new Story();
    story.event('raised', anAlert(), OPEN);
    return [1, 2, 3, 4].map((attempt) => {
      story.failed(`${POST}/${attempt}`);
      const wait = (story.queued.get(`${POST}/${attempt + 1}`)?.dueAt ?? 0) - story.now;
      story.now += wait;
      return wait;
    });
  };
  const [first = 0, second = 0, third = 0, fourth = 0] = waits();
  expect(first).toBeGreaterThanOrEqual(0.8 * SECOND);
  expect(first).toBeLessThanOrEqual(1.2 * SECOND);
  expect(second).toBeGreaterThan(first);
  expect(third).toBeGreaterThan(second);
  expect(fourth).toBeGreaterThan(third);
  expect(waits()).toEqual([first, second, third, fourth]);
});

test('a retry is not earlier than the channel asked for', () => {
  const story = new Story();
  story.event('raised', anAlert(), OPEN);
  story.failed(`${POST}/1`, { reason: 'rate_limited', retryAfterMs: 9 * MINUTE });
  expect(story.queued.get(`${POST}/2`)?.dueAt).toBe(T0 + 9 * MINUTE);
});

test('after an uncertain attempt the next one knows that it may be a repeat', () => {
  const story = new Story();
  story.event('raised', anAlert(), OPEN);
  story.failed(`${POST}/1`, { outcome: 'uncertain', reason: 'timeout' });
  expect(story.queued.get(`${POST}/2`)?.order.mayBeRepeat).toBe(true);
});

test('the first failure readies the other way for half of the time; a success stands it down', () => {
  const story = new Story();
  story.event('raised', anAlert(), OPEN);
  story.failed(`${POST}/1`);
  expect(story.queued.get(`${FALLBACK}/1`)?.dueAt).toBe(T0 + 15 * MINUTE);
  expect(story.queued.get(`${FALLBACK}/1`)?.order.channel).toBe('email');
  story.delivered(`${POST}/2`);
  expect(story.waiting).toEqual([]);
  expect(story.facts).toEqual([]);
});

test('a target that will never work is given up at once, visibly, and the other way is taken', () => {
  const story = new Story();
  story.event('raised', anAlert(), OPEN);
  story.failed(`${POST}/1`, { reason: 'target_unknown', retriable: false });
  expect(story.facts).toMatchObject([{ deliveryId: POST, outcome: 'gave_up', reason: 'target_unknown' }]);
  expect(story.queued.get(`${FALLBACK}/1`)?.dueAt).toBe(T0);
});

test('a target that proves hopeless later pulls the readied other way forward', () => {
  const story = new Story();
  story.event('raised', anAlert(), OPEN);
  story.failed(`${POST}/1`);
  story.now += SECOND;
  story.failed(`${POST}/2`, { reason: 'target_unknown', retriable: false });
  expect(story.waiting).toEqual([`${FALLBACK}/2`]);
  expect(story.queued.get(`${FALLBACK}/2`)?.dueAt).toBe(T0 + SECOND);
});

test('a refused token sends the other way at once and goes on trying', () => {
  const story = new Story();
  story.event('raised', anAlert(), OPEN);
  story.failed(`${POST}/1`, { reason: 'unauthorized', retryAfterMs: 5 * MINUTE });
  expect(story.queued.get(`${FALLBACK}/1`)?.dueAt).toBe(T0);
  expect(story.queued.get(`${POST}/2`)?.dueAt).toBe(T0 + 5 * MINUTE);
});

test('the other way that worked ends a reminder, but not the message that carries the buttons', () => {
  const story = new Story();
  story.event('raised', anAlert(), OPEN);
  story.failed(`${POST}/1`, { reason: 'unauthorized' });
  story.delivered(`${FALLBACK}/1`);
  expect(story.waiting).toEqual([`${POST}/2`]);

  const mail = new Story();
  mail.event('raised', anAlert(), { ...OPEN, targets: [LEAD_MAIL] });
  mail.failed(`${ID}/1:opened/email:team-lead/1`, { reason: 'unauthorized' });
  mail.delivered(`${ID}/1:opened/email:team-lead+slack:team-lead/1`);
  expect(mail.waiting).toEqual([]);
  expect(mail.facts).toMatchObject([{ outcome: 'gave_up', reason: 'superseded' }]);
});

test('a message that the other way posted to Slack is updated like any other', () => {
  const story = new Story();
  story.event('raised', anAlert(), { ...OPEN, targets: [LEAD_MAIL] });
  story.failed(`${ID}/1:opened/email:team-lead/1`, { reason: 'rejected', retriable: false });
  story.event('acknowledged', acknowledged(anAlert()));
  story.outcome(`${ID}/1:opened/email:team-lead+slack:team-lead/1`, { ref: { address: 'D1', id: '5.0' } });
  expect([...story.queued.values()].map(({ order }) => order.form)).toEqual([
    { type: 'update', ref: { address: 'D1', id: '5.0' } },
  ]);
});

test('whoever the same step tells on the other channel as well needs no second way', () => {
  const story = new Story();
  story.event('escalated', anAlert(), LATE);
  story.failed(`${ID}/2:ack_by/slack:#retention/1`, { reason: 'target_unknown', retriable: false });
  expect(story.waiting).toEqual([`${ID}/2:ack_by/email:team-lead/1`]);
});

test('a delivery is tried until the next deadline, and its end is a fact', () => {
  const story = new Story({ ...SETTINGS, fallbackFor: () => undefined });
  story.event('raised', anAlert(), OPEN);
  expect(story.queued.get(`${POST}/1`)?.order.expiresAt).toBe(T0 + 30 * MINUTE);
  story.now = T0 + 29 * MINUTE;
  story.failed(`${POST}/1`, { retryAfterMs: HOUR });
  expect(story.waiting).toEqual([]);
  expect(story.facts).toMatchObject([{ outcome: 'gave_up', reason: 'expired' }]);
});

test('without a deadline ahead a delivery is tried for a day', () => {
  const story = new Story();
  story.event('raised', anAlert({ deadlines: {} }), OPEN);
  expect(story.queued.get(`${POST}/1`)?.order.expiresAt).toBe(T0 + DAY);
});

test('acknowledging cancels a reminder to acknowledge that has not left, and says so', () => {
  const story = standing();
  story.event('escalated', anAlert({ rung: 1 }), LATE);
  story.event('acknowledged', acknowledged(anAlert({ rung: 1 })));
  expect(story.waiting).toEqual([`${ID}/update.2/slack:#retention/1`]);
  expect(story.facts.map(({ deliveryId, reason }) => [deliveryId, reason])).toEqual([
    [`${ID}/2:ack_by/slack:#retention`, 'superseded'],
    [`${ID}/2:ack_by/email:team-lead`, 'superseded'],
  ]);
});

test('acknowledging does not cancel the opening message: the channel still has to know', () => {
  const story = new Story();
  story.event('raised', anAlert(), OPEN);
  story.event('acknowledged', acknowledged(anAlert()));
  expect(story.waiting).toEqual([`${POST}/1`]);
});

test('closing cancels whatever has not left', () => {
  const story = new Story();
  story.event('raised', anAlert(), { ...OPEN, targets: [CHANNEL, LEAD_MAIL] });
  story.failed(`${POST}/1`);
  story.event('closed', closed(anAlert()));
  expect(story.waiting).toEqual([]);
  expect(story.facts.map(({ reason }) => reason)).toEqual(['superseded', 'superseded']);
});

test('a post that was cancelled too late is set right as soon as it is known to stand', () => {
  const story = new Story();
  story.event('raised', anAlert(), OPEN);
  const order = story.queued.get(`${POST}/1`)?.order;
  story.event('closed', closed(anAlert()));
  if (order !== undefined) story.settle(order, { ref: { address: 'C1', id: '1.0' } });
  const [update] = [...story.queued.values()];
  expect(update?.order.form).toEqual({ type: 'update', ref: { address: 'C1', id: '1.0' } });
  expect(JSON.stringify(update?.order.content)).toContain('Closed by ana');
});

test('a reopened alert is a new cycle with a message of its own, while the old one gets its last update', () => {
  const story = standing();
  story.event('closed', closed(anAlert()));
  const second = anAlert({ alertId: 'repeat-complaint:c-7#2', cycle: 2 });
  story.event('reopened', second, OPEN);
  expect(story.waiting).toEqual([
    `${ID}/update.2/slack:#retention/1`,
    'repeat-complaint:c-7#2/1:opened/slack:#retention/1',
  ]);
  story.failed(`${ID}/update.2/slack:#retention/1`);
  expect(JSON.stringify(story.queued.get(`${ID}/update.2/slack:#retention/2`)?.order.content)).toContain(
    'Closed by ana',
  );
  story.delivered(`${ID}/update.2/slack:#retention/2`);
  story.delivered('repeat-complaint:c-7#2/1:opened/slack:#retention/1', '2.0');
  expect(Object.keys(story.state?.cycles ?? {})).toEqual(['repeat-complaint:c-7#2']);
});

test('a message that somebody deleted is posted anew at the next step', () => {
  const story = standing();
  story.event('evidence_added', anAlert({ evidenceCount: 2 }));
  story.failed(`${ID}/update.2/slack:#retention/1`, { reason: 'target_unknown', retriable: false });
  story.event('escalated', anAlert({ rung: 1 }), { ...LATE, targets: [CHANNEL] });
  const [post] = [...story.queued.values()];
  expect(post?.order.form).toEqual({ type: 'post' });
});

test('an outcome of an attempt that is no longer the current one changes nothing', () => {
  const story = new Story();
  story.event('raised', anAlert(), OPEN);
  const first = story.queued.get(`${POST}/1`)?.order;
  story.failed(`${POST}/1`);
  if (first === undefined) throw new Error('nothing was queued');
  expect(story.settle(first, { outcome: 'failed', reason: 'timeout', retriable: true })).toEqual({
    outcome: { type: 'skipped', reason: 'repeated' },
  });
});

test('an alert that fires in the thousands of steps keeps its state small', () => {
  const story = standing();
  for (let n = 0; n < 200; n += 1) {
    story.event('escalated', anAlert({ rung: n }), { ...LATE, step: `2:ack_by+${n}` });
    for (const id of story.waiting) story.delivered(id);
    for (const id of story.waiting) story.delivered(id);
  }
  expect(JSON.stringify(story.state).length).toBeLessThan(300);
});
