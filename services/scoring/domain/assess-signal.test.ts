import { expect, test } from 'vitest';
import type { Assessment } from '../../contracts/assessment.ts';
import type { Signal } from '../../contracts/signal.ts';
import type { Input } from '../../platform/keyed-process/keyed-process.ts';
import { DAY } from '../../platform/time/clock.ts';
import { createScorer } from '../service.ts';
import { loadScoringSettings } from '../settings.ts';
import { scoringProcess } from './assess-signal.ts';
import { asKeptNow } from './earlier-state.ts';
import { HistoryReader } from './history.ts';
import type { CustomerState } from './profile.ts';

const settings = loadScoringSettings('rules');
if (!settings.ok) throw new Error(JSON.stringify(settings.problems));
const process = scoringProcess(createScorer(settings.value));

const NOON = Date.parse('2026-03-02T12:00:00Z');
let serial = 0;

const signal = (what: Partial<Signal>): Signal => ({
  id: `complaints/${++serial}`,
  type: 'complaint.received',
  customerId: 'c1',
  quarantined: false,
  occurredAt: NOON,
  receivedAt: NOON,
  source: 'complaints',
  channel: 'email',
  ...what,
});

const input = (value: Signal): Input => ({
  topic: 'signals',
  key: value.customerId,
  value,
  partition: 0,
  offset: 0,
  appendedAt: value.receivedAt,
});

interface Told {
  state: CustomerState | undefined;
  assessments: Assessment[];
  skips: string[];
}

function tell(...signals: Signal[]): Told {
  const told: Told = { state: undefined, assessments: [], skips: [] };
  for (const each of signals) {
    const step = process.onInput(told.state, input(each), NOON);
    if (step.state !== undefined && step.state !== null) told.state = asKeptNow(step.state);
    if (step.outcome.type === 'skipped') told.skips.push(step.outcome.reason);
    for (const emit of step.emit ?? []) if (emit.topic === 'assessments') told.assessments.push(emit.value);
  }
  return told;
}

function lengthOf(state: Parameters<typeof process.onInput>[0]): number {
  let length = 0;
  if (state !== undefined)
    for (const reader = new HistoryReader(asKeptNow(state).history); reader.next(); ) length++;
  return length;
}

const last = (told: Told): Assessment => {
  const assessment = told.assessments.at(-1);
  if (assessment === undefined) throw new Error('nothing was assessed');
  return assessment;
};

const words = (assessment: Assessment): string[] => assessment.riskContributions.map((each) => each.words);

test('the first assessment of a customer has no risk before it', () => {
  const first = last(tell(signal({ text: 'Third outage this week, this is unacceptable' })));
  expect(first).not.toHaveProperty('riskScoreBefore');
  expect(first.sentiment?.label).toBe('negative');
  expect(first.profile).toMatchObject({ complaints30d: 1, openComplaints: 1, contacts30d: 1 });
});

test('an announced intention to leave raises the risk and says so in words', () => {
  const told = tell(
    signal({
      type: 'profile.updated',
      attributes: { valueTier: 'gold', contract: 'monthly', tenureMonths: 4 },
    }),
    signal({
      type: 'call_note.received',
      text: 'Customer wants to cancel the contract and asked for a manager',
    }),
  );
  const assessment = last(told);
  expect(assessment.riskScoreBefore).toBeLessThan(40);
  expect(assessment.riskScore).toBeGreaterThan(70);
  expect(words(assessment)[0]).toBe('said this week that they want to leave');
  expect(words(assessment)).toContain('may leave any month');
  expect(assessment.intents.map((found) => found.intent)).toContain('leave');
  expect(assessment.profile.churnRisk).toBeCloseTo(assessment.riskScore / 100);
});

test('the same signal again is skipped and changes nothing', () => {
  const once = signal({ text: 'broken again' });
  const told = tell(once, once);
  expect(told.skips).toEqual(['repeated']);
  expect(told.assessments).toHaveLength(1);
  expect(lengthOf(told.state)).toBe(1);
});

test('the risk from an intention fades with time', () => {
  const leave = signal({ text: 'I want to cancel my account' });
  const resolved = signal({ type: 'complaint.resolved', complaintId: leave.id, occurredAt: NOON + DAY });
  const later = (days: number) => signal({ type: 'purchase.made', occurredAt: NOON + days * DAY });
  const risks = [2, 20, 60, 120].map((days) => last(tell(leave, resolved, later(days))).riskScore);
  expect(risks).toEqual(risks.toSorted((a, b) => b - a));
  expect(risks[0]).toBeGreaterThan(3 * (risks[3] ?? 0));
});

test('a resolved complaint is no longer open, but still counts as one', () => {
  const complaint = signal({ text: 'no reply for days', complaintId: 'K1' });
  const resolved = signal({ type: 'complaint.resolved', complaintId: 'K1', occurredAt: NOON + DAY });
  expect(last(tell(complaint, resolved)).profile).toMatchObject({ openComplaints: 0, complaints30d: 1 });
});

test('signals in any order of arrival give the same profile and risk', () => {
  const history = [
    signal({ occurredAt: NOON - 40 * DAY, text: 'Great service, thank you so much' }),
    signal({
      occurredAt: NOON - 20 * DAY,
      type: 'call_note.received',
      text: 'Customer is furious',
      transfers: 3,
    }),
    signal({ occurredAt: NOON - 10 * DAY, type: 'contact.logged', direction: 'outbound', reached: true }),
    signal({ occurredAt: NOON, text: 'It is still not working' }),
  ];
  const inOrder = last(tell(...history));
  const reversed = last(tell(...history.toReversed()));
  expect(reversed.profile).toEqual(inOrder.profile);
  expect(reversed.riskScore).toBe(inOrder.riskScore);
  expect(inOrder.profile).toMatchObject({ transfers30d: 3, daysSinceContact: 10, contacts30d: 2 });
});

test('a later CRM record overwrites the fields it names; one that comes late only fills gaps', () => {
  const told = tell(
    signal({ type: 'profile.updated', attributes: { valueTier: 'silver', region: 'north' } }),
    signal({ type: 'profile.updated', occurredAt: NOON + DAY, attributes: { valueTier: 'gold' } }),
    signal({
      type: 'profile.updated',
      occurredAt: NOON - DAY,
      attributes: { valueTier: 'bronze', contract: 'monthly' },
    }),
  );
  expect(last(told).profile).toMatchObject({ valueTier: 'gold', region: 'north', contract: 'monthly' });
});

test('separating an identity takes back what came through it', () => {
  const via = 'handle:x:somebody';
  const told = tell(
    signal({ text: 'my own complaint' }),
    signal({
      type: 'post.published',
      via,
      followers: 90_000,
      text: 'Worst company ever, I am switching provider',
    }),
    signal({ type: 'identity.separated', identity: via }),
  );
  const [own, , separated] = told.assessments;
  expect(separated?.riskScore).toBe(own?.riskScore);
  expect(separated?.profile.sentiment).toBe(own?.profile.sentiment);
});

test('a text in a language without a lexicon leaves the mood unknown', () => {
  const assessment = last(
    tell(signal({ text: 'El servicio es muy malo y nadie me responde', language: 'es' })),
  );
  expect(assessment.sentiment).toEqual({ label: 'unknown', words: [] });
  expect(assessment.profile).not.toHaveProperty('sentiment');
});

test("the company's own words in a CRM event are not taken for the customer's mood", () => {
  const assessment = last(
    tell(signal({ type: 'outage.reported', source: 'crm-records', text: 'Terrible outage in the north' })),
  );
  expect(assessment).not.toHaveProperty('sentiment');
  expect(words(assessment)).toContain('hit by an outage');
});

test('the state of a customer stays small however much happens', () => {
  const many = Array.from({ length: 500 }, (_, day) =>
    signal({ occurredAt: NOON + day * 3600_000, text: 'still waiting for a reply', complaintId: `K${day}` }),
  );
  const few = tell(...many.slice(0, 3)).state;
  const told = tell(...many);
  expect(JSON.stringify(few).length).toBeLessThan(600);
  expect(JSON.stringify(told.state).length).toBeLessThan(2500);
  expect(last(told).riskContributions.length).toBeLessThanOrEqual(6);
});

test('a state that was handed in is never changed', () => {
  const deepFreeze = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  };
  let state: Parameters<typeof process.onInput>[0];
  for (let day = 0; day < 40; day++) {
    const step = process.onInput(
      state,
      input(signal({ occurredAt: NOON + day * DAY, text: 'late again' })),
      NOON,
    );
    state = step.state ?? undefined;
    deepFreeze(state);
  }
  expect(lengthOf(state)).toBe(20);
});
