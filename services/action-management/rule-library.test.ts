import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { formatProblem } from '../platform/config/yaml-file.ts';
import { DAY, HOUR, MINUTE } from '../platform/time/clock.ts';
import { loadSettings } from '../settings/load-settings.ts';
import { assessed, NAMES, play, type Said, START } from './domain/test-story.ts';
import { loadRuleSet } from './load-rules.ts';
import { fingerprintOf, SHIPPED_FINGERPRINT } from './shipped-rules.ts';

const folder = fileURLToPath(new URL('../../rules', import.meta.url));
const loadedSettings = loadSettings(folder);
if (!loadedSettings.ok) throw new Error(loadedSettings.problems.map(formatProblem).join('\n'));
const { teams, calendars } = loadedSettings.settings;
const loaded = await loadRuleSet(folder, {
  ...NAMES,
  teams: [...teams.byId.keys()],
  people: [...teams.people.keys()],
  calendars: [...calendars.keys()],
});
if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
const { ruleSet } = loaded;

/** The live rules that ask for an alert when this happens, one after the other, and has settled. */
const alertsOf = (story: readonly Partial<Said>[]): string[] => {
  const assessments = story.map((said, index) =>
    assessed({ id: `s${index}`, type: 'complaint.received', at: START + index * HOUR, ...said }),
  );
  const live = play(ruleSet, assessments, { until: START + DAY }).requests.filter(
    ({ stage, held }) => stage === 'live' && !held,
  );
  return [...new Set(live.map(({ ruleId }) => ruleId))].sort();
};

const call = (more: Partial<Said>): Partial<Said> => ({ type: 'call_note.received', ...more });
const gold = { valueTier: 'gold', openComplaints: 2, churnRisk: 0.4 };

test.each<[story: string, signals: readonly Partial<Said>[], rules: readonly string[]]>([
  ['a single complaint', [{ sentiment: -0.5, profile: { valueTier: 'gold', openComplaints: 1 } }], []],
  [
    'a gold customer complains twice',
    [
      { sentiment: -0.5, profile: gold },
      { sentiment: -0.6, profile: gold },
    ],
    ['complaint-repeat-high-value'],
  ],
  ['a call note says the customer wants to leave', [call({ intents: ['leave'] })], ['cancel-intent-in-call']],
  ['a complaint says the customer leaves', [{ intents: ['leave'] }], ['cancel-intent-in-writing']],
  [
    'an angry post with reach',
    [{ type: 'post.published', sentiment: -0.7, signal: { channel: 'social', followers: 48_000 } }],
    ['public-post-with-reach'],
  ],
  [
    'a friendly post with reach',
    [{ type: 'post.published', sentiment: 0.7, signal: { channel: 'social', followers: 48_000 } }],
    [],
  ],
  [
    'an angry post that nobody reads',
    [{ type: 'post.published', sentiment: -0.7, signal: { channel: 'social', followers: 12, shares: 0 } }],
    [],
  ],
  [
    'the contract ends in a month and the mood is bad',
    [{ type: 'contract.ending', profile: { daysToRenewal: 30, sentiment: -0.4 } }],
    ['unhappy-before-renewal'],
  ],
  [
    'the contract ends in a year and the mood is bad',
    [{ type: 'contract.ending', profile: { daysToRenewal: 365, sentiment: -0.4 } }],
    [],
  ],
  [
    'the order of a platinum customer is late',
    [{ type: 'order.delayed', profile: { valueTier: 'platinum' }, signal: { channel: 'crm', daysLate: 6 } }],
    ['order-delayed'],
  ],
  [
    'an order is one day late',
    [{ type: 'order.delayed', profile: { valueTier: 'platinum' }, signal: { channel: 'crm', daysLate: 1 } }],
    [],
  ],
  [
    'the third call with transfers',
    [0, 1, 2].map(() => call({ signal: { transfers: 2 } })),
    ['told-the-story-repeatedly'],
  ],
  [
    'the third call in which the customer repeats the story',
    [0, 1, 2].map(() => call({ intents: ['repeat_story'] })),
    ['told-the-story-repeatedly'],
  ],
  [
    'usage falls and the mood is bad',
    [{ type: 'usage.dropped', profile: { usageTrend: -0.5, sentiment: -0.3 } }],
    ['falling-usage-unhappy'],
  ],
  [
    'usage falls in a good mood',
    [{ type: 'usage.dropped', profile: { usageTrend: -0.5, sentiment: 0.3, complaints30d: 0 } }],
    [],
  ],
  [
    'asks again while the complaint is unanswered',
    [{ profile: { openComplaints: 1 } }, call({ sentiment: -0.4, profile: { openComplaints: 1 } })],
    ['complaint-without-contact'],
  ],
  [
    'a friendly question about something else while a complaint is open',
    [{ profile: { openComplaints: 1 } }, call({ sentiment: 0.4, profile: { openComplaints: 1 } })],
    [],
  ],
  [
    'asks again a day after somebody called',
    [
      { profile: { openComplaints: 1 } },
      { type: 'contact.logged', signal: { reached: true } },
      call({ sentiment: -0.4, profile: { openComplaints: 1, daysSinceContact: 0 } }),
    ],
    [],
  ],
  ['two payments fail', [{ type: 'payment.failed' }, { type: 'payment.failed' }], ['payment-failed-twice']],
  ['one payment fails', [{ type: 'payment.failed' }], []],
  ['a lawyer is named', [{ intents: ['legal', 'regulator'] }], ['legal-or-regulator-threat']],
  [
    'a bad mark after a complaint',
    [
      {
        type: 'survey.answered',
        profile: { complaints30d: 1 },
        signal: { channel: 'email', satisfaction: 1 },
      },
    ],
    ['low-satisfaction-after-contact'],
  ],
  [
    'nothing is known of the customer but a profile',
    [{ type: 'profile.updated', profile: { valueTier: 'gold' } }],
    [],
  ],
])('%s', (_, signals, expected) => {
  expect(alertsOf(signals)).toEqual(expected);
});

test('a customer on legal hold is left alone, and the reason is recorded', () => {
  const note = assessed({
    id: 'n1',
    type: 'call_note.received',
    at: START,
    intents: ['leave'],
    profile: { flags: ['legal_hold'] },
  });
  expect(play(ruleSet, [note]).requests.map(({ held, heldBy }) => [held, heldBy])).toEqual([
    ['mute', 'flags: legal hold (at least one of deceased, legal hold)'],
  ]);
});

test('the rules that come with Tocsin are those that are known to pass: a start does not check them again', async () => {
  const found = await fingerprintOf(folder);
  // Once lint and tests are green: write it to SHIPPED_FINGERPRINT.
  expect(SHIPPED_FINGERPRINT).toBe(found);
});

test('the library has 24 rules, ten of them live and the others in shadow until somebody promotes them', () => {
  const live = ruleSet.rules.filter(({ stage }) => stage === 'live');
  expect(ruleSet.rules.length).toBeGreaterThanOrEqual(24);
  expect(live.length).toBeGreaterThanOrEqual(10);
  expect(ruleSet.rules.filter(({ stage }) => stage === 'shadow').length).toBeGreaterThanOrEqual(1);
});

test.each(ruleSet.rules)(
  '$id tells its team when it opens and somebody else when nobody reacts',
  ({ plan, scope }) => {
    expect(plan.escalation[0]).toMatchObject({ at: 'opened', template: 'open' });
    expect(plan.escalation.some(({ at, unless }) => at !== 'opened' && unless !== undefined)).toBe(true);
    const deadlines = scope === 'segment' ? ['ack_by', 'close_by'] : ['ack_by', 'contact_by'];
    expect(Object.keys(plan.deadlines)).toEqual(expect.arrayContaining(deadlines));
  },
);

test('signals of one customer within minutes cost one judgement each', () => {
  const many = Array.from({ length: 100 }, (_, n) =>
    assessed({ id: `k${n}`, type: 'complaint.received', at: START + n * MINUTE }),
  );
  // One rule waits for what comes late, while there is place.
  expect(new Set(play(ruleSet, many).outcomes)).toEqual(new Set(['settles', 'handled']));
  expect(play(ruleSet, many).state.newestAt).toBeLessThan(START + DAY);
});
