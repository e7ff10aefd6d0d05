import { expect, test } from 'vitest';
import type { DeliveryRow } from './alert-view.ts';
import { type AuditRow, auditRowOf } from './audit.ts';
import { at, exampleAssessment, exampleEvent } from './example.ts';
import { tellStory } from './story.ts';

const event = (changes: Parameters<typeof exampleEvent>[0] = {}): AuditRow =>
  auditRowOf(exampleEvent(changes), undefined);

const delivery = (changes: Partial<DeliveryRow> = {}): DeliveryRow => ({
  id: 'd-1/1',
  deliveryId: 'd-1',
  alertKey: 'repeat-complaint:c-1',
  alertId: 'repeat-complaint:c-1#1',
  channel: 'slack',
  address: '#retention',
  template: 'late-ack',
  outcome: 'delivered',
  reason: 'accepted',
  attempt: 1,
  at: at('10:01'),
  dueAt: at('10:00'),
  ...changes,
});

const words = (sources: Partial<Parameters<typeof tellStory>[0]>) =>
  tellStory({ assessments: [], events: [], deliveries: [], ...sources }).map((entry) => entry.words);

test('what the customer said, what Tocsin did and what people did stand in one line of time', () => {
  const story = tellStory({
    assessments: [exampleAssessment()],
    events: [
      event(),
      event({
        seq: 2,
        type: 'contacted',
        at: at('11:00'),
        by: { kind: 'person', id: 'anna' },
        via: 'slack',
        note: 'apologised',
        alert: { status: 'acknowledged' },
      }),
    ],
    deliveries: [delivery()],
  });
  expect(story.map(({ who, actor, words }) => [who, actor, words.split(':')[0]])).toEqual([
    ['customer', undefined, 'complained (e-mail)'],
    ['tocsin', undefined, 'alert raised'],
    ['tocsin', undefined, 'told #retention by Slack (late-ack)'],
    ['person', 'anna', 'spoke to the customer (slack)'],
  ]);
  expect(story[3]?.quote).toBe('apologised');
});

test('what the customer said comes with their words, mood, wish and risk', () => {
  const [line] = tellStory({ assessments: [exampleAssessment()], events: [], deliveries: [] });
  expect(line).toMatchObject({
    quote: 'Second outage this week, I want to <cancel>',
    sentiment: { label: 'negative' },
    wants: ['wants to leave'],
    risk: { score: 71, before: 44, because: ['2 complaints in the last 30 days'] },
  });
});

test('a risk that hardly moved gets no reasons', () => {
  const [line] = tellStory({
    assessments: [exampleAssessment({ riskScoreBefore: 70.9 })],
    events: [],
    deliveries: [],
  });
  expect(line?.risk?.because).toEqual([]);
});

test('details of a signal are said in words', () => {
  const { signal } = exampleAssessment();
  const logged = {
    ...signal,
    type: 'contact.logged',
    channel: 'phone',
    reached: false,
    transfers: 2,
  } as const;
  const delayed = { ...signal, type: 'order.delayed', channel: 'crm', daysLate: 5 } as const;
  expect(
    words({ assessments: [logged, delayed].map((each) => exampleAssessment({ signal: each })) }),
  ).toEqual([
    'was contacted by us (phone): outage, passed on 2 times, did not reach the customer',
    'order was delayed (the CRM): outage, 5 days late',
  ]);
});

test.each([
  [{ type: 'escalated', step: '2:ack_by' } as const, 'escalated: step 2, at ack by'],
  [{ type: 'breached', milestone: 'contact_by' } as const, 'missed a deadline: contact the customer'],
  [
    { type: 'held_back', held: 'mute', heldBy: 'flag deceased' } as const,
    'held back: the rule mutes customers like this one – flag deceased',
  ],
  [{ type: 'refused', refusal: 'outcome_missing' } as const, 'refused: Closing needs an outcome.'],
  [
    {
      type: 'escalated',
      step: '2:ack_by',
      notify: {
        step: '2:ack_by',
        template: 'late-ack',
        targets: [{ target: 'slack:team-lead', channel: 'slack', address: 'U1' }],
      },
    } as const,
    'escalated: told slack U1',
  ],
])('an event is said in words: %j', (changes, wanted) => {
  expect(words({ events: [event(changes)] })).toEqual([wanted]);
});

test("a remark of Tocsin's own is not shown as somebody's words", () => {
  const [line] = tellStory({
    assessments: [],
    events: [event({ note: 'slack:assignee cannot be reached; told #retention instead' })],
    deliveries: [],
  });
  expect(line?.quote).toBeUndefined();
  expect(line?.words).toContain('told #retention instead');
});

test('shadow alerts are no part of the story', () => {
  expect(words({ events: [event({ alert: { stage: 'shadow' } })] })).toEqual([]);
});

test('of messages people hear what arrived, what may have, and what never will', () => {
  const deliveries = [
    delivery({ outcome: 'failed', reason: 'timeout' }),
    delivery({ template: 'update' }),
    delivery({ outcome: 'gave_up', reason: 'superseded' }),
    delivery({ outcome: 'uncertain', reason: 'connection_lost' }),
    delivery({ outcome: 'gave_up', reason: 'target_unknown', channel: 'email', address: 'lead@example.com' }),
  ];
  expect(words({ deliveries })).toEqual([
    'may have told #retention by Slack: the answer was lost',
    'could not tell lead@example.com by e-mail: target unknown',
  ]);
});

test('a pasted thread is cut, without half a character at the end', () => {
  const signal = { ...exampleAssessment().signal, text: 'é😀'.repeat(400) };
  const [line] = tellStory({ assessments: [exampleAssessment({ signal })], events: [], deliveries: [] });
  expect(line?.quote?.length).toBeLessThanOrEqual(600);
  expect(line?.quote?.isWellFormed()).toBe(true);
});
