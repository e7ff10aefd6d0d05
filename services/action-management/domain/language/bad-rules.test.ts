import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DAY, HOUR } from '../../../platform/time/clock.ts';
import { NAMES } from '../test-story.ts';
import { LIMITS } from './limits.ts';
import { parseRule } from './parse-rule.ts';

const FOLDER = new URL('../../../../test/fixtures/rules/', import.meta.url);
const DEFAULTS = { allowedLatenessMs: 6 * HOUR, maxEventAgeMs: DAY, severity: 'P3' } as const;
const names = { ...NAMES, rules: ['example', 'product-complaint-spike'] };

const problemsOf = (file: string, text: string): string[] => {
  const read = parseRule(file, text, names, DEFAULTS);
  return read.ok ? [] : read.problems.map(({ line, column, message }) => `${line}:${column}: ${message}`);
};

/** Each file is `good.yaml` with one fault, which its name says. */
const FAULTS: readonly [fault: string, message: string][] = [
  ['alias-bomb', '1:1: aliases expand too far: Excessive alias count indicates a resource exhaustion attack'],
  ['before-the-opening', '13:12: got "opened - 1h": nothing happens before the opening'],
  [
    'business-days-around-the-clock',
    '10:41: got "2bd", but the calendar 24x7 has no business days; write 2d',
  ],
  ['business-days-in-window', '7:63: got "10bd": business days only make sense in a time box; write 10d'],
  ['condition-empty-list', '9:10: all: got [], expected a list of conditions'],
  [
    'condition-without-operator',
    '9:25: profile.value_tier: got "gold", expected an operator such as {eq: text}',
  ],
  ['custom-tag', '3:32: Unresolved tag: tag:yaml.org,2002:js/function; tags are not allowed here'],
  ['date-compared', '9:26: renewal_at is a date; "lt" does not apply to it; allowed: exists'],
  [
    'days-in-business-calendar',
    '10:58: got "4d", but a day of the calendar "business" is ambiguous; write 4bd for the end of a business day, or 4d@24x7 for elapsed time',
  ],
  [
    'dedupe-key-without-customer',
    '14:26: without {customer_id} alerts of different customers would become one; add it',
  ],
  [
    'dedupe-key-without-rule',
    '14:26: without {rule.id} the alerts of other rules would join this one; start with "{rule.id}:"',
  ],
  ['duplicate-key', '6:3: Map keys must be unique'],
  [
    'duration-without-unit',
    '10:41: spec.timebox.ack_by: got 30, expected a time box such as 30m, 4h, 3bd or 24h@24x7',
  ],
  ['field-without-prefix', '9:5: unknown field "churn_risk"; write profile.churn_risk'],
  ['literal-of-another-type', '9:31: churn_risk: got "0.7", expected a number'],
  ['literal-out-of-range', '9:31: churn_risk: got 70, but it only ever lies between 0 and 1'],
  ['milestone-without-deadline', '13:12: "close_by" has no deadline in this rule; add close_by to timebox'],
  ['missing-when', '5:3: spec.when: is missing, expected a mapping of keys to values'],
  ['not-a-duration', '10:41: got "half an hour", expected a time box such as 30m, 4h, 3bd or 24h@24x7'],
  [
    'notify-unknown-role',
    '13:29: got "slack:asignee", expected slack:#channel, slack:assignee, slack:team, slack:team-lead or a person; did you mean "assignee"?',
  ],
  ['notify-without-channel', '13:29: got "#retention", expected slack:… or email:…; allowed: slack, email'],
  [
    'operator-of-another-type',
    '9:26: value_tier is a string; "gte" does not apply to it; allowed: eq, ne, in, not_in, contains, matches, exists',
  ],
  ['other-key', '5:9: got "product"; the key of a customer rule is [customer_id]; allowed: customer_id'],
  [
    'owner-of-unknown-field',
    '11:16: "profile.acount_manager" cannot name a person; did you mean "account_manager"?',
  ],
  ['owner-without-fallback', '11:11: an owner from the profile may be unknown or away; add fallback: team/…'],
  [
    'pattern-not-re2',
    '9:27: got "(?=cancel)", not a regular expression of RE2 (no look-around, no back references): error parsing regexp: invalid or unsupported Perl syntax: `(?=`',
  ],
  ['pattern-too-long', '9:27: 201 characters; at most 200 are allowed'],
  ['route-never-reached', '11:33: never reached: the entry before it has no "if" and takes everything'],
  ['route-without-last', '11:11: no owner when no "if" holds; add a last entry without "if"'],
  [
    'settle-in-a-segment',
    '15:11: "event.channel" is of a single signal, and not remembered until then; count such signals in a window with where',
  ],
  [
    'settle-longer-than-segments-remember',
    '15:11: got "6h"; possible is up to 2 hours, which is 12 times the shortest window, as much as a segment remembers',
  ],
  [
    'settle-on-risk-change',
    '14:11: "risk_change" depends on the order in which signals arrive; use profile.churn_risk instead',
  ],
  [
    'settle-on-text',
    '14:11: "text" is not remembered until then; ask for sentiment, intents or category instead',
  ],
  [
    'settle-too-long',
    '14:11: got "7h"; possible is up to 6 hours, which is the allowed_lateness of _defaults.yaml: what comes later raises nothing anyway',
  ],
  ['severity-without-last', '14:14: no severity when no "if" holds; add a last entry without "if"'],
  ['step-without-effect', '13:7: a step must notify somebody or reassign the alert'],
  ['too-deep', '9:58: nested deeper than 8 levels'],
  ['unknown-calendar', '10:23: unknown calendar "busines"; did you mean "business"?'],
  ['unknown-channel', '9:33: channel: unknown value "sociale"; did you mean "social"?'],
  ['unknown-event-field', '9:5: unknown field "event.chanel"; did you mean "event.channel"?'],
  [
    'unknown-intent',
    '9:30: intents: unknown value "leaving"; allowed: leave, competitor, legal, regulator, press, manager, repeat_story, broken_promise, praise, help',
  ],
  ['unknown-key', '6:3: unknown key "windos"; did you mean "windows"?'],
  [
    'unknown-milestone',
    '13:12: got "ack_at", expected a milestone, as in contact_by or contact_by - 1h; did you mean "ack_by"?',
  ],
  ['unknown-operator', '9:22: unknown operator "gtee"; did you mean "gte"?'],
  [
    'unknown-outcome',
    '14:29: spec.close.outcomes.1: got "chruned", expected one of saved, not_at_risk, churned, unreachable, false_alarm; did you mean "churned"?',
  ],
  ['unknown-pause', '10:73: unknown state "snozed"; did you mean "snoozed"?'],
  [
    'unknown-placeholder',
    '14:14: unknown placeholder "{profile.value_teir}"; did you mean "profile.value_tier"?',
  ],
  ['unknown-profile-field', '9:5: unknown field "profile.churn_rsk"; did you mean "profile.churn_risk"?'],
  [
    'unknown-rule-inhibits',
    '14:29: unknown rule "product-complaint-spik"; did you mean "product-complaint-spike"?',
  ],
  [
    'unknown-severity',
    '14:20: spec.severity.0.set: got "P0", expected one of P1, P2, P3, P4; did you mean "P1"?',
  ],
  [
    'unknown-signal-type',
    '5:12: spec.listen.0: got "complaint.recieved", expected one of complaint.received, complaint.resolved, call_note.received, contact.logged, post.published, profile.updated, order.delayed, payment.failed, usage.dropped, contract.ending, price.raised, outage.reported, survey.answered, purchase.made, identity.joined, identity.separated; did you mean "complaint.received"?',
  ],
  [
    'unknown-team-in-route',
    '11:16: unknown team "social"; allowed: retention, social-care, complaints, billing',
  ],
  ['unknown-team', '3:48: unknown team "retentoin"; did you mean "retention"?'],
  ['unknown-template', '13:60: unknown template "opn"; did you mean "open"?'],
  ['unknown-window', '9:5: unknown field "complaint_14d"; did you mean "complaints_14d"?'],
  [
    'unquoted-placeholder-in-flow',
    '11:22: a placeholder in braces must be quoted, for example "owner:{profile.account_manager}": YAML reads braces as a map',
  ],
  [
    'unquoted-placeholder',
    '14:30: a placeholder in braces must be quoted, for example "owner:{profile.account_manager}": YAML reads braces as a map',
  ],
  ['window-called-all', '7:5: a window cannot be called "all": conditions use the word otherwise'],
  [
    'window-field-not-a-number',
    '7:62: fn: avg cannot use the field "category"; allowed: transfers, duration_seconds, satisfaction, followers, shares, amount, days_late, sentiment, risk_score, risk_change',
  ],
  ['window-field-unknown', '7:62: unknown field "sentimnt"; did you mean "sentiment"?'],
  ['window-field-with-prefix', '7:62: unknown field "event.sentiment"; in a window write sentiment'],
  ['window-too-long', '7:63: got "400d"; a window reaches back 180 days at most'],
  ['window-where-on-profile', '7:76: "profile.value_tier" is not a field of a signal; use it in when'],
  [
    'window-where-on-text',
    '7:76: "text" is not remembered of past signals; filter on sentiment, intents or category instead',
  ],
  [
    'window-where-with-prefix',
    '7:76: unknown field "event.category"; a window filters the signals it counts, so write category',
  ],
  ['window-without-field', '7:21: fn: avg needs a field, for example field: sentiment'],
  ['yaml-no', '14:26: no without quotes is true or false to YAML 1.1 tools; write "no", true or false'],
  ['yaml-on', '3:32: on without quotes is true or false to YAML 1.1 tools; write "on", true or false'],
  ['yaml-sexagesimal', '7:63: 12:30 without quotes is a number to YAML 1.1 tools; write "12:30"'],
  ['baseline-of-a-trend', '7:95: fn: trend has no usual value; a baseline is for count, sum, avg'],
  [
    'baseline-step-does-not-fit',
    '7:98: a step of 90 minutes does not fit windows of 1 hour; one must be a multiple of the other',
  ],
  [
    'baseline-too-fine',
    '7:88: looking back 28 days in steps of 1 minute makes 40320 parts; 2 to 672 are possible',
  ],
  ['canary-share-in-live', '3:93: has no meaning in the stage live; remove it'],
  [
    'fatigue-without-span',
    '14:31: spec.suppress.contact_fatigue.over: is missing, expected a duration such as 30m, 2h, 2h30m or 14d',
  ],
  [
    'ratio-of-unknown-window',
    '9:37: got "complaint_14d", expected a window that is a number; did you mean "complaints_14d"?',
  ],
  ['ratio-without-operator', '9:12: ratio: no operator; add one, such as gte: 3'],
  [
    'segment-asks-for-profile',
    '11:5: "profile.churn_risk" belongs to a customer; a segment rule is about many',
  ],
  ['segment-inhibited', '16:28: only rules about customers can be held back by a segment'],
  [
    'segment-key-not-in-dedupe-key',
    '16:26: without {region} alerts of different segments would become one; add it',
  ],
  [
    'segment-of-customers',
    '5:3: got "customer_id", which makes no segment; a segment is made of product, region or the like; allowed: source, channel, language, product, region, category, direction, agent, network, sentiment_label',
  ],
  [
    'segment-window-trend',
    '9:50: fn: trend is not possible over a segment; allowed: count, sum, avg, distinct',
  ],
  ['segment-storm', '16:21: alerts about segments are few; only rules about customers have storms'],
  [
    'sequence-begins-with-absence',
    '14:14: nothing can be missed before something happened; begin with an event',
  ],
  [
    'sequence-days-in-business-calendar',
    '14:73: got "2d", but a day of the calendar "business" is ambiguous; write 2bd for the end of a business day, or 2d@24x7 for elapsed time',
  ],
  [
    'sequence-of-one',
    '14:13: spec.sequence: got [{"event":"complaint.received","as":"c"}], expected at least two steps',
  ],
  [
    'sequence-step-without-within',
    '14:43: without "within" the step would be waited for without end; add for example within: 3d',
  ],
  [
    'sequence-text-later',
    '9:5: "event.text" is not remembered until the sequence is complete; ask for sentiment, intents or category instead',
  ],
  ['sequence-unheard', '14:22: the rule does not listen to payment.failed; add it to listen'],
  ['sequence-unknown-step', '14:97: unknown placeholder "{d.complaint_id}"; did you mean "c.complaint_id"?'],
  ['sequence-waits-too-long', '14:73: got "90d@24x7"; at most 30bd or 60d are waited for'],
  [
    'storm-without-span',
    '14:21: spec.suppress.storm.over: is missing, expected a duration such as 30m, 2h, 2h30m or 14d',
  ],
];

test.each(FAULTS)('a rule with the fault %s is refused in words, at its place', (fault, message) => {
  const file = `bad.${fault}.yaml`;
  expect(problemsOf(file, readFileSync(new URL(file, FOLDER), 'utf8'))).toEqual([message]);
});

test('every bad file has its expected message', () => {
  const files = readdirSync(FOLDER).filter((name) => name.startsWith('bad.'));
  expect(files.sort()).toEqual(FAULTS.map(([fault]) => `bad.${fault}.yaml`).sort());
});

const good = readFileSync(new URL('good.yaml', FOLDER), 'utf8');

test('the file from which the bad ones are made is good', () => {
  expect(problemsOf('good.yaml', good)).toEqual([]);
});

test('a rule lives in the file that is called after it', () => {
  expect(problemsOf('rules/other.rule.yaml', good)).toEqual([
    '3:16: got "example", but the file is called other.rule.yaml; both must be the same',
  ]);
});

test('a file of a megabyte is refused before it is read', () => {
  expect(problemsOf('good.yaml', `${good}#${'x'.repeat(1_000_000)}`)[0]).toContain(
    `a rule has at most ${LIMITS.ruleFileBytes}`,
  );
});

test('all problems of a file are told at once', () => {
  const text = good.replace('team/retention}]', 'team/retentoin}]').replace('business', 'busines');
  expect(problemsOf('good.yaml', text)).toHaveLength(2);
});

test('too many comparisons, windows and values are refused', () => {
  const many = (count: number, item: (n: number) => string) =>
    Array.from({ length: count }, (_, n) => item(n));
  const comparisons = many(LIMITS.comparisons + 1, () => '{complaints_14d: {gte: 2}}').join(', ');
  const values = many(LIMITS.listValues + 1, (n) => `v${n}`).join(', ');
  const windows = many(LIMITS.windows, (n) => `w${n}: {of: complaint.received, fn: count, over: 1d}`).join(
    '\n    ',
  );
  const when = 'complaints_14d: {gte: 2}\n';
  expect(problemsOf('good.yaml', good.replace(when, `all: [${comparisons}]\n`))[0]).toContain('at most 64');
  expect(problemsOf('good.yaml', good.replace(when, `profile.region: {in: [${values}]}\n`))[0]).toContain(
    'at most 500',
  );
  expect(problemsOf('good.yaml', good.replace('  windows:\n', `  windows:\n    ${windows}\n`))[0]).toContain(
    'at most 16',
  );
});
