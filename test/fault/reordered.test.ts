import {
  assert,
  asyncProperty,
  constantFrom,
  integer,
  record,
  shuffledSubarray,
  uniqueArray,
} from 'fast-check';
import { expect, test } from 'vitest';
import { HOUR, MINUTE } from '../../services/platform/time/clock.ts';
import { rule } from './support/rules-folder.ts';
import { openStage, START, type Stage } from './support/stage.ts';

/** Signals may come this much later than the newest one of their customer; see rules/README.md. */
const ALLOWED_LATENESS_MS = 6 * HOUR;

const quiet = `
  timebox: {calendar: 24x7, close_by: 30d}
  escalate: [{at: opened, notify: ["email:team"], template: open}]
`;
const RULES = {
  'three-in-an-hour': rule(
    'three-in-an-hour',
    'live',
    `
  listen: [complaint.received]
  windows: {complaints: {of: complaint.received, fn: count, over: 1h}}
  when: {all: [{profile.value_tier: {eq: gold}}, {complaints: {gte: 3}}]}${quiet}`,
  ),
  'complains-and-calls': rule(
    'complains-and-calls',
    'live',
    `
  listen: [complaint.received, call_note.received]
  windows:
    complaints: {of: complaint.received, fn: count, over: 2h}
    calls: {of: call_note.received, fn: count, over: 2h}
  when: {all: [{complaints: {gte: 1}}, {calls: {gte: 2}}]}${quiet}`,
  ),
  'much-followed': rule(
    'much-followed',
    'live',
    `
  listen: [post.published]
  windows: {reach: {of: post.published, fn: sum, field: followers, over: 3h}}
  when: {reach: {gte: 1000}}${quiet}`,
  ),
};

const happening = record({
  source: constantFrom('complaints', 'call-notes', 'social-posts'),
  /** Minutes after the beginning. */
  minute: integer({ min: 0, max: ALLOWED_LATENESS_MS / MINUTE }),
  followers: constantFrom(10, 400, 700),
});
type Happening = {
  readonly source: 'complaints' | 'call-notes' | 'social-posts';
  readonly minute: number;
  readonly followers: number;
};

/** Up to nine signals of one customer in six hours, in order and in some other order, some of them twice. */
const story = uniqueArray(happening, { minLength: 1, maxLength: 9, selector: ({ minute }) => minute }).chain(
  (signals) =>
    record({
      sorted: constantFrom(signals.toSorted((a, b) => a.minute - b.minute)),
      reordered: shuffledSubarray([...signals, ...signals], { minLength: signals.length }).map((some) => [
        ...some,
        ...signals.filter((one) => !some.includes(one)),
      ]),
    }),
);

/** Which signals an alert quotes is not promised: it is those that were at hand when the rule first matched. */
test('within the allowed lateness, any order and any repeats lead to the same alerts', async () => {
  const stage = await openStage({ rules: RULES });
  stage.clock.moveTo(START + ALLOWED_LATENESS_MS + HOUR);
  let stories = 0;
  await assert(
    asyncProperty(story, async ({ sorted, reordered }) => {
      stories += 1;
      const expected = await alertsAfter(stage, `sorted-${stories}`, sorted);
      const found = await alertsAfter(stage, `reordered-${stories}`, reordered);
      expect(found).toEqual(expected);
    }),
    { numRuns: 150, seed: 20_261_122 },
  );
});

test('control: later than that, a signal counts but raises nothing, so order matters', async () => {
  const stage = await openStage({ rules: RULES });
  stage.clock.moveTo(START + 9 * HOUR);
  const read: Happening = { source: 'social-posts', minute: 0, followers: 1000 };
  const unread: Happening = { source: 'social-posts', minute: 480, followers: 10 };
  const inOrder = await alertsAfter(stage, 'in-order', [read, unread]);
  const tooLate = await alertsAfter(stage, 'too-late', [unread, read]);
  expect(tooLate).not.toEqual(inOrder);
  expect((await stage.facts('alerts')).map(({ held }) => held)).toContain('late');
});

/** What a customer's alerts are like after the signals came in this order. */
async function alertsAfter(
  stage: Stage,
  customerId: string,
  signals: readonly Happening[],
): Promise<unknown> {
  const { gateway, runner } = stage.tocsin.pipeline;
  const profile = {
    id: customerId,
    customerId,
    occurredAt: START - HOUR,
    event: 'profile_updated',
    attributes: { valueTier: 'gold' },
  };
  // Without waiting in between: what is accepted together is stored in the order in which it was handed in.
  const answers = [
    gateway.accept('crm-records', [profile]),
    ...signals.map(({ source, minute, followers }) => {
      const reach = source === 'social-posts' ? { followers } : {};
      const occurredAt = START + minute * MINUTE;
      const record = {
        id: `${customerId}-${minute}`,
        customerId,
        occurredAt,
        text: 'it is broken',
        ...reach,
      };
      return gateway.accept(source, [record]);
    }),
  ];
  const statuses = (await Promise.all(answers)).flat().map(({ status }) => status);
  expect(statuses).not.toContain('rejected');
  await runner.drain();
  const keys = Object.keys(RULES).map((ruleId) => `${ruleId}:${customerId}`);
  const alerts = await Promise.all(keys.map((key) => alertAt(stage, key)));
  return JSON.parse(JSON.stringify(alerts).replaceAll(customerId, 'customer'));
}

async function alertAt(stage: Stage, key: string): Promise<unknown> {
  if ((await stage.ask('GET', `/v1/alerts/${encodeURIComponent(key)}`)).status === 404) return 'none';
  const { alertKey, status, severity } = await stage.alert(key);
  return { alertKey, status, severity };
}
