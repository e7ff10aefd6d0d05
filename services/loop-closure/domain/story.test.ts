import { expect, test } from 'vitest';
import { NO_NAMES } from '../../settings/names.ts';
import type { DeliveryRow } from './alert-view.ts';
import { type AuditRow, auditRowOf } from './audit.ts';
import { at, exampleAssessment, exampleEvent } from './example.ts';
import { type StorySources, tellStory } from './story.ts';

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

const tell = (sources: Partial<StorySources>) =>
  tellStory({ assessments: [], events: [], deliveries: [], wording: { names: NO_NAMES }, ...sources });
const words = (sources: Partial<StorySources>) => tell(sources).map((entry) => entry.words);

test('what the customer said, what Tocsin did and what people did stand in one line of time', () => {
  const story = tell({
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
    ['tocsin', undefined, 'told #retention by Slack (not acknowledged)'],
    ['person', 'anna', 'spoke to the customer (Slack)'],
  ]);
  expect(story[3]?.quote).toBe('apologised');
});

test('what the customer said comes with their words, mood, wish and risk', () => {
  const [line] = tell({ assessments: [exampleAssessment()] });
  expect(line).toMatchObject({
    quote: 'Second outage this week, I want to <cancel>',
    sentiment: { label: 'negative' },
    wants: ['wants to leave'],
    risk: { score: 71, before: 44, because: ['2 complaints in the last 30 days'] },
  });
});

test('a risk that hardly moved gets no reasons', () => {
  const [line] = tell({
    assessments: [exampleAssessment({ riskScoreBefore: 70.9 })],
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
  [{ type: 'breached', milestone: 'contact_by' } as const, 'missed a deadline: speak to the customer'],
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
    'escalated: told U1 by Slack',
  ],
])('an event is said in words: %j', (changes, wanted) => {
  expect(words({ events: [event(changes)] })).toEqual([wanted]);
});

test("a remark of Tocsin's own is not shown as somebody's words", () => {
  const [line] = tell({
    events: [event({ note: 'slack:assignee cannot be reached; told #retention instead' })],
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
  const [line] = tell({ assessments: [exampleAssessment({ signal })] });
  expect(line?.quote?.length).toBeLessThanOrEqual(600);
  expect(line?.quote?.isWellFormed()).toBe(true);
});

test('people are called by their names, and a snooze ends by the clock of the reader', () => {
  const ana = { kind: 'person', id: 'ana' } as const;
  const names = {
    ...NO_NAMES,
    person: (who: string) => (['ana', 'U07ANA'].includes(who) ? 'Ana Ruiz' : who),
    team: () => 'Customer retention',
  };
  const snooze = { until: at('12:00'), reason: 'away', by: ana };
  const story = tell({
    assessments: [exampleAssessment({ signal: { ...exampleAssessment().signal, agent: 'ana' } })],
    events: [
      event({ type: 'snoozed', by: ana, via: 'email', alert: { snooze } }),
      event({ type: 'reassigned', by: ana, alert: { owner: { team: 'retention' } } }),
      event({ type: 'reassigned', by: ana, alert: { owner: { team: 'retention', person: 'ana' } } }),
      event({
        type: 'escalated',
        notify: {
          step: '1:ack_by',
          template: 'late-ack',
          targets: [{ target: 'slack:team-lead', channel: 'slack', address: 'U07ANA' }],
        },
      }),
    ],
    deliveries: [delivery({ address: 'U07ANA' })],
    wording: { names, zone: 'America/Chicago' },
  });
  expect(story.map(({ actor, words: said }) => [actor, said])).toEqual([
    ['Ana Ruiz', 'complained (e-mail): outage'],
    ['Ana Ruiz', 'snoozed (mail): until Fri, 27 Mar 2026, 06:00 GMT-5'],
    ['Ana Ruiz', 'reassigned: to team Customer retention'],
    ['Ana Ruiz', 'reassigned: to Ana Ruiz'],
    [undefined, 'escalated: told Ana Ruiz by Slack'],
    [undefined, 'told Ana Ruiz by Slack (not acknowledged)'],
  ]);
});
