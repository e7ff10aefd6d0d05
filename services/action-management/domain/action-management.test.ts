import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../platform/time/clock.ts';
import { createRulesProcess } from './action-management.ts';
import type { RuleSet } from './compile.ts';
import type { Result } from './evaluate.ts';
import { assessed, inputOf, play, ruleSetOf, ruleText, type Said, START } from './test-story.ts';

const SECOND_COMPLAINT = `
  listen: [complaint.received]
  windows:
    complaints_14d: {of: complaint.received, fn: count, over: 14d}
    mood: {of: [complaint.received, call_note.received], fn: avg, field: sentiment, over: 30d}
  when:
    all:
      - profile.value_tier: {in: [gold, platinum]}
      - complaints_14d: {gte: 2}
      - any: [{mood: {lt: -0.3}}, {profile.churn_risk: {gte: 0.7}}]
  severity:
    - {set: P1, if: {profile.churn_risk: {gte: 0.85}}}
    - {set: P2}
  timebox: {calendar: business, ack_by: 30m, contact_by: 4h, close_by: 3bd}
  route:
    - {if: {event.channel: {eq: social}}, to: team/social-care}
    - {to: "owner:{profile.account_manager}", fallback: team/retention}
  escalate:
    - {at: opened, notify: ["slack:assignee", "slack:#retention"]}
    - {at: ack_by, unless: acked, notify: ["email:team-lead"], reassign: next_on_shift}
    - {at: contact_by - 1h, unless: contacted, notify: ["slack:assignee"], template: nudge}
    - {at: close_by, unless: closed, notify: ["slack:team-lead"], repeat: {every: 1bd, max: 3}}
  suppress:
    dedupe_key: "{rule.id}:{customer_id}"
    reopen_within: 3d
    cooldown: 7d
    mute_if: {profile.flags: {any_of: [deceased, in_collections]}}
  playbook:
    - Read the last complaints
    - "Offer for tier {profile.value_tier}, risk {profile.churn_risk}, complaints {complaints_14d}, region {profile.region}"
  close: {requires: [contact.logged, outcome], outcomes: [saved, churned]}`;

const rules = ruleSetOf(ruleText('second-complaint', SECOND_COMPLAINT));
const profile = { valueTier: 'gold', churnRisk: 0.9, accountManager: 'ana' };

const complaint = (id: string, at: number, more: Partial<Said> = {}) =>
  assessed({
    id,
    type: 'complaint.received',
    at,
    sentiment: -0.5,
    profile,
    ...more,
    signal: { text: `words of ${id}`, ...more.signal },
  });

test('the second complaint of a high-value customer asks for an alert', () => {
  const { requests } = play(rules, [complaint('k1', START), complaint('k2', START + HOUR)]);
  expect(requests).toHaveLength(1);
  expect(requests[0]).toMatchObject({
    id: 'second-complaint/k2',
    alertKey: 'second-complaint:c1',
    ruleId: 'second-complaint',
    ruleSetHash: rules.hash,
    stage: 'live',
    subject: 'c1',
    severity: 'P1',
    requestedAt: START + HOUR,
    answerOn: 'email',
    customer: { customerId: 'c1', riskScore: 10, valueTier: 'gold' },
  });
  expect(requests[0]?.held).toBeUndefined();
});

test('the reasons are words that an agent can repeat', () => {
  const { requests } = play(rules, [complaint('k1', START), complaint('k2', START + HOUR)]);
  expect(requests[0]?.because).toEqual([
    'customer tier: gold (one of gold, platinum)',
    'complaints in the last 14 days: 2 (at least 2)',
    'average sentiment of complaints and calls in the last 30 days: −0.5 (below −0.3)',
    'churn risk: 90 % (at least 70 %)',
  ]);
});

test('the plan carries deadlines, ladder, owner, playbook and what closing needs', () => {
  const { requests } = play(rules, [complaint('k1', START), complaint('k2', START + HOUR)]);
  expect(requests[0]?.plan).toEqual({
    calendar: 'business',
    deadlines: {
      ack_by: { amount: 30 * MINUTE, unit: 'ms', clock: 'business', text: '30m' },
      contact_by: { amount: 4 * HOUR, unit: 'ms', clock: 'business', text: '4h' },
      close_by: { amount: 3, unit: 'business_days', clock: 'business', text: '3bd' },
    },
    escalation: [
      {
        id: '1:opened',
        at: 'opened',
        offsetMs: 0,
        notify: ['slack:assignee', 'slack:#retention'],
        template: 'open',
      },
      {
        id: '2:ack_by',
        at: 'ack_by',
        offsetMs: 0,
        unless: 'acked',
        notify: ['email:team-lead'],
        template: 'late-ack',
        reassign: 'next_on_shift',
      },
      {
        id: '3:contact_by',
        at: 'contact_by',
        offsetMs: -HOUR,
        unless: 'contacted',
        notify: ['slack:assignee'],
        template: 'nudge',
      },
      {
        id: '4:close_by',
        at: 'close_by',
        offsetMs: 0,
        unless: 'closed',
        notify: ['slack:team-lead'],
        template: 'breach',
        repeat: { every: { amount: 1, unit: 'business_days', clock: 'business', text: '1bd' }, max: 3 },
      },
    ],
    owner: 'person/ana',
    fallbackOwner: 'team/retention',
    mergeOpen: true,
    reopenWithinMs: 3 * DAY,
    cooldownMs: 7 * DAY,
    playbook: ['Read the last complaints', 'Offer for tier gold, risk 90 %, complaints 2, region not known'],
    closeRequires: ['contact.logged', 'outcome'],
    outcomes: ['saved', 'churned'],
    pauseOn: [],
  });
});

test('the evidence is the signal and those before it that the windows counted, with quotes', () => {
  const call = assessed({
    id: 'n1',
    type: 'call_note.received',
    at: START + MINUTE,
    signal: { text: 'x'.repeat(500) },
  });
  const { requests } = play(rules, [
    complaint('old', START - 40 * DAY),
    complaint('k1', START),
    call,
    complaint('k2', START + HOUR, {
      signal: { text: `${'long '.repeat(100)}`, url: 'https://example.com/k2' },
    }),
  ]);
  expect(requests[0]?.evidence.map(({ signalId }) => signalId)).toEqual(['k1', 'n1', 'k2']);
  expect(requests[0]?.evidence[0]?.quote).toBe('words of k1');
  expect(requests[0]?.evidence[1]?.quote).toHaveLength(160);
  expect(requests[0]?.evidence[2]?.quote?.length).toBeLessThanOrEqual(280);
  expect(requests[0]?.evidence[2]?.url).toBe('https://example.com/k2');
});

test.each([
  [
    'an unknown manager falls to the team',
    { profile: { valueTier: 'gold', churnRisk: 0.9 } },
    { owner: 'team/retention', fallbackOwner: 'team/retention' },
  ],
  [
    'a public word goes to social care',
    { signal: { channel: 'social' as const } },
    { owner: 'team/social-care' },
  ],
])('%s', (_, more, owner) => {
  const { requests } = play(rules, [complaint('k1', START), complaint('k2', START + HOUR, more)]);
  expect(requests[0]?.plan).toMatchObject(owner);
});

test.each([
  ['phone', { preferredChannel: 'phone' as const }],
  ['chat', { preferredChannel: 'chat' as const }],
  ['phone', {}],
])('a CRM record is answered on %s when the profile says %o', (channel, preferred) => {
  const crm = complaint('k2', START + HOUR, {
    profile: { ...profile, ...preferred },
    signal: { channel: 'crm' },
  });
  expect(play(rules, [complaint('k1', START), crm]).requests[0]?.answerOn).toBe(channel);
});

test('severity falls to the entry without "if" when the risk is unknown', () => {
  const known = { profile: { valueTier: 'gold' } };
  const { requests } = play(rules, [complaint('k1', START, known), complaint('k2', START + HOUR, known)]);
  expect(requests[0]?.severity).toBe('P2');
});

test('missing data never fires a rule and is counted as unknown', () => {
  const results: Result[] = [];
  const silent = (id: string, at: number) =>
    assessed({ id, type: 'complaint.received', at, profile: { valueTier: 'gold' } });
  const { requests } = play(rules, [silent('k1', START), silent('k2', START + MINUTE)], {
    onEvaluation: (_, { result }) => results.push(result),
  });
  expect(requests).toEqual([]);
  expect(results).toEqual(['no_match', 'unknown']);
});

test('a muted customer is recorded with the reason and bothers nobody', () => {
  const muted = { profile: { ...profile, flags: ['in_collections'] } };
  const { requests } = play(rules, [complaint('k1', START, muted), complaint('k2', START + HOUR, muted)]);
  expect(requests[0]).toMatchObject({
    held: 'mute',
    heldBy: 'flags: in collections (at least one of deceased, in collections)',
  });
});

test('a signal of yesterday raises nothing, and says why', () => {
  const { requests } = play(rules, [complaint('k1', START), complaint('k2', START + HOUR)], {
    now: ({ assessedAt }) => assessedAt + 25 * HOUR,
  });
  expect(requests[0]).toMatchObject({
    held: 'too_old',
    heldBy: 'happened 25 hours ago; the limit is 1 day',
  });
});

test('an outage of some hours changes nothing: what queued up together still counts together', () => {
  const burst = ruleSetOf(
    ruleText(
      'burst',
      '  listen: [complaint.received]\n  windows: {hour: {of: complaint.received, fn: count, over: 1h}}\n  when: {hour: {gte: 2}}',
    ),
  );
  const { requests } = play(burst, [complaint('k1', START), complaint('k2', START + MINUTE)], {
    now: () => START + 5 * HOUR,
  });
  expect(requests.map(({ held }) => held)).toEqual([undefined]);
});

test('a signal far behind the newest one counts, but raises nothing', () => {
  const late = complaint('k2', START);
  const { requests } = play(rules, [complaint('k1', START + 7 * HOUR), late], {
    now: () => START + 8 * HOUR,
  });
  expect(requests[0]).toMatchObject({
    held: 'late',
    heldBy: "arrived 7 hours behind the customer's newest signal; the limit is 6 hours",
  });
});

test('an old complaint that arrives late is outside the window', () => {
  const { requests } = play(rules, [complaint('k1', START - 20 * DAY), complaint('k2', START)]);
  expect(requests).toEqual([]);
});

test('a customer nobody has identified yet is judged like any other', () => {
  const unknown = ruleSetOf(
    ruleText('post', '  listen: [post.published]\n  when: {event.followers: {gte: 5000}}'),
  );
  const post = {
    ...assessed({
      id: 'p1',
      type: 'post.published',
      at: START,
      signal: { quarantined: true, followers: 9000 },
    }),
    customerId: 'quarantine:handle:chirp:bob',
  };
  expect(play(unknown, [post]).requests[0]?.alertKey).toBe('post:quarantine:handle:chirp:bob');
});

const ALWAYS = '  listen: [complaint.received]\n  when: {event.channel: {exists: true}}';

test('a rule in shadow is judged and says so, drafts and retired rules are not judged', () => {
  const set = ruleSetOf(
    ruleText('a-shadow', ALWAYS, 'shadow'),
    ruleText('b-draft', ALWAYS, 'draft'),
    ruleText('c-retired', ALWAYS, 'retired'),
  );
  const { requests } = play(set, [complaint('k1', START)]);
  expect(requests.map(({ alertKey, stage }) => [alertKey, stage])).toEqual([['a-shadow:c1', 'shadow']]);
});

test('a rule that throws is counted and stops no other rule', () => {
  const set = ruleSetOf(ruleText('a-broken', ALWAYS), ruleText('b-good', ALWAYS));
  const broken = {
    ...set,
    listening: new Map(
      [...set.listening].map(([type, list]) => [
        type,
        list.map((rule) =>
          rule.rule.id === 'a-broken'
            ? {
                ...rule,
                when: () => {
                  throw new Error('broken');
                },
              }
            : rule,
        ),
      ]),
    ),
  };
  const results: [string, Result][] = [];
  const { requests } = play(broken, [complaint('k1', START)], {
    onEvaluation: ({ rule }, { result }) => results.push([rule.id, result]),
  });
  expect(results).toEqual([
    ['a-broken', 'error'],
    ['b-good', 'match'],
  ]);
  expect(requests.map(({ ruleId }) => ruleId)).toEqual(['b-good']);
});

test('a rule whose texts throw is an error of this rule, and the signal is judged by the others', () => {
  const set = ruleSetOf(ruleText('a-broken', ALWAYS), ruleText('b-good', ALWAYS));
  const listening = new Map(
    [...set.listening].map(([type, list]) => [
      type,
      list.map((rule) =>
        rule.rule.id === 'a-broken' ? { ...rule, severity: [{ set: 'P1', if: broken }] } : rule,
      ),
    ]),
  );
  const results: [string, Result][] = [];
  const { requests, outcomes } = play({ ...set, listening } as RuleSet, [complaint('k1', START)], {
    onEvaluation: ({ rule }, { result }) => results.push([rule.id, result]),
  });
  expect(results).toEqual([
    ['a-broken', 'error'],
    ['b-good', 'match'],
  ]);
  expect(requests.map(({ ruleId }) => ruleId)).toEqual(['b-good']);
  expect(outcomes).toEqual(['handled']);
});

const broken = (): never => {
  throw new Error('broken');
};

test('the same input gives the same step, so that a crash between judging and storing does no harm', () => {
  const process = createRulesProcess(() => rules);
  const first = process.onInput(undefined, inputOf(complaint('k1', START)), START);
  const again = () =>
    process.onInput(first.state ?? undefined, inputOf(complaint('k2', START + HOUR)), START + HOUR);
  expect(again()).toEqual(again());
});

test('each assessment is judged by exactly one rule set', () => {
  let asked = 0;
  const process = createRulesProcess(() => {
    asked += 1;
    return rules;
  });
  process.onInput(undefined, inputOf(complaint('k1', START)), START);
  expect(asked).toBe(1);
});

test('the order in which signals arrive, and repeats, do not change who is alerted', () => {
  const burst = ruleSetOf(
    ruleText(
      'burst',
      '  listen: [complaint.received]\n  windows: {hour: {of: complaint.received, fn: count, over: 1h}}\n  when: {hour: {gte: 3}}',
    ),
  );
  const alerted = (minutes: readonly number[]) =>
    play(
      burst,
      minutes.map((minute) => complaint(`k${minute}`, START + minute * MINUTE)),
      { now: () => START + 5 * HOUR },
    ).requests.some(({ held }) => held === undefined);
  const minutes = fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 8 });
  const shuffled = minutes.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray([...list, ...list], { minLength: list.length * 2 })),
  );
  fc.assert(
    fc.property(shuffled, ([list, withRepeats]) => {
      expect(alerted(withRepeats)).toBe(alerted([...list].sort((a, b) => a - b)));
    }),
  );
});
