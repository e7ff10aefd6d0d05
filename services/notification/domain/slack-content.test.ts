import { expect, test } from 'vitest';
import type { Alert } from '../../contracts/alert.ts';
import { HOUR, MINUTE } from '../../platform/time/clock.ts';
import { acknowledged, anAlert, closed, SETTINGS, T0 } from '../test-support/an-alert.ts';
import { emailAlert, mailLinksOf, markEmailRepeat } from './email-content.ts';
import type { Block, SlackContent } from './message.ts';
import { readButtonValue } from './slack-action.ts';
import { markSlackRepeat, slackAlert, slackReply } from './slack-content.ts';
import { cut, SLACK_LIMITS } from './slack-text.ts';

const render = (content: SlackContent): readonly string[] => content.blocks.map(wordsOf);

function wordsOf(block: Block): string {
  switch (block.type) {
    case 'header':
      return block.text.text;
    case 'section':
      return block.text?.text ?? (block.fields ?? []).map(({ text }) => text.replace('\n', ': ')).join(' | ');
    case 'context':
      return block.elements.map(({ text }) => text).join();
    case 'actions':
      return block.elements.map(({ text }) => `[${text.text}]`).join(' ');
    case 'divider':
      return '---';
  }
}

test('a raised alert says who, why, what to do, by when and where to answer', () => {
  expect(render(slackAlert(anAlert(), 'open', SETTINGS))).toEqual([
    '🔴 P1 T-7Q4MX · Ada Lopez: A high-value customer complains again',
    '*Open, nobody has taken it yet*\nOwner: ana (retention)',
    'Please take this one. Acknowledge by Mon 23 Nov, 10:30 CET.',
    '*Why*\n• complaints in 14 days: 2 (at least 2)',
    "*In the customer's words*\n> “Useless &lt;again&gt; &amp; nobody calls back”\ncomplaint by email, Mon 23 Nov, 09:00 CET · mood: useless −0.4",
    '*Customer*: Ada Lopez (c-7) | *Value*: gold, 12,400 a year | *Customer for*: 3 years',
    '*Risk of leaving: 82 of 100*\n• +21.4: 2 complaints in the last 30 days',
    '*What to do*\n1. Read the last two complaints\n2. Offer from the gold catalogue',
    "*By when*\n◻️ Acknowledge by *Mon 23 Nov, 10:30 CET* (30m, business time) · customer's clock: Mon 23 Nov, 04:30 GMT-5\n◻️ Speak to the customer by *Mon 23 Nov, 14:00 CET* (4h, business time) · customer's clock: Mon 23 Nov, 08:00 GMT-5",
    'Answer on e-mail · rule `repeat-complaint` · <https://tocsin.example.com/alerts/repeat-complaint%3Ac-7%231|open the alert>',
    '[Acknowledge] [Log contact] [Snooze] [Close]',
  ]);
});

test('an alert that nobody took in time says so wherever it stands', () => {
  const alert = anAlert();
  const { ack_by: box } = alert.deadlines;
  if (box === undefined) throw new Error('the example has a time to acknowledge');
  const late = { ...alert, deadlines: { ...alert.deadlines, ack_by: { ...box, breachedAt: box.dueAt } } };
  expect(render(slackAlert(late, 'open', SETTINGS))[2]).toBe(
    'Nobody has taken this alert. It was due Mon 23 Nov, 10:30 CET. Take it now, or give it to somebody who can.',
  );
});

test('a deadline around the clock is shown on the clock of the team', () => {
  const box = { dueAt: T0, version: 1, text: '24h@24x7', clock: 'wall', calendar: '24x7' } as const;
  const zoneOf = (calendar: string) => (calendar === '24x7' ? 'UTC' : 'Europe/Berlin');
  const words = render(
    slackAlert(anAlert({ deadlines: { close_by: box } }), 'open', { ...SETTINGS, zoneOf }),
  );
  expect(words.join('\n')).toContain(
    'Close the loop by *Mon 23 Nov, 10:00 CET* (24h@24x7, around the clock)',
  );
});

test('an author whom nobody knows is called by their handle', () => {
  const customerId = 'quarantine:handle:chirp:mad_max';
  const customer = { customerId, riskScore: 33, riskContributions: [] };
  const words = render(slackAlert(anAlert({ subject: customerId, customer }), 'open', SETTINGS)).join('\n');
  expect(words).toContain('@mad_max on chirp: A high-value');
  expect(words).toContain('@mad_max on chirp, not known as a customer');
  expect(words).not.toContain('*quarantine:');
});

test('a lock screen shows who, what and by when', () => {
  expect(slackAlert(anAlert(), 'open', SETTINGS).text).toBe(
    'New alert: P1 T-7Q4MX Ada Lopez: A high-value customer complains again – acknowledge by Mon 23 Nov, 10:30 CET',
  );
});

test.each([
  ['an open alert', anAlert(), '[Acknowledge] [Log contact] [Snooze] [Close]'],
  ['a taken alert', acknowledged(anAlert()), '[Log contact] [Snooze] [Close]'],
  [
    'an alert whose customer was spoken to',
    {
      ...acknowledged(anAlert()),
      contact: {
        at: T0,
        by: { kind: 'person', id: 'ana' },
        channel: 'phone',
        reached: true,
        proven: true,
      } as const,
    },
    '[Snooze] [Close]',
  ],
])('%s offers only what can be done next', (_, alert, buttons) => {
  expect(render(slackAlert(alert, 'open', SETTINGS)).at(-1)).toBe(buttons);
});

test('a closed alert says how it ended and offers nothing', () => {
  const shown = render(slackAlert(closed(anAlert()), 'open', SETTINGS));
  expect(shown.slice(0, 2)).toEqual([
    '✅ P1 T-7Q4MX · Ada Lopez: A high-value customer complains again',
    '*Closed by ana, Mon 23 Nov, 11:00 CET: saved, because of billing error*\nOwner: ana (retention)',
  ]);
  expect(shown.join()).not.toContain('[');
});

test('a button carries the alert and what its form offers', () => {
  const actions = slackAlert(anAlert(), 'open', SETTINGS).blocks.at(-1);
  const value = actions?.type === 'actions' ? actions.elements[0]?.value : undefined;
  expect(readButtonValue(value ?? '')).toEqual({
    alertKey: 'repeat-complaint:c-7',
    alertId: 'repeat-complaint:c-7#1',
    label: 'T-7Q4MX',
    outcomes: ['saved', 'churned'],
    answerOn: 'email',
  });
});

const missed = {
  ...anAlert(),
  deadlines: {
    ack_by: {
      dueAt: T0 + 30 * MINUTE,
      version: 1,
      text: '30m',
      clock: 'business',
      calendar: 'office',
      breachedAt: T0 + 30 * MINUTE,
    },
  },
} as const;

test.each([
  [
    'nudge',
    acknowledged(anAlert()),
    '⏰ *Reminder: T-7Q4MX · Ada Lopez*\nStill to do: acknowledge by Mon 23 Nov, 10:30 CET. Taken by: ana (retention).',
  ],
  [
    'late-ack',
    missed,
    '🚨 *Not acknowledged: T-7Q4MX · Ada Lopez*\nNobody has taken this alert. It was due Mon 23 Nov, 10:30 CET. Take it now, or give it to somebody who can.',
  ],
  [
    'breach',
    missed,
    '❗ *Time box missed: T-7Q4MX · Ada Lopez*\nNot done in time: acknowledge. It was due Mon 23 Nov, 10:30 CET. Please step in.',
  ],
  [
    'update',
    acknowledged(anAlert()),
    '🔄 *Changed: T-7Q4MX · Ada Lopez*\nThis alert has changed. Taken by ana, Mon 23 Nov, 10:05 CET.',
  ],
  [
    'a-name-nobody-worded',
    anAlert(),
    '🔔 *New alert: T-7Q4MX · Ada Lopez*\nPlease take this one. Acknowledge by Mon 23 Nov, 10:30 CET.',
  ],
])('the %s reply asks for one thing', (template, alert, expected) => {
  expect(render(slackReply(alert, template, SETTINGS))[0]).toBe(expected);
});

test('a customer can plant no link, no mention and no line break', () => {
  const [evidence] = anAlert().evidence;
  if (evidence === undefined) throw new Error('the builder has evidence');
  const alert = anAlert({
    evidence: [{ ...evidence, quote: '<!channel> <https://evil.example|click>\n> *Closed*' }],
  });
  expect(render(slackAlert(alert, 'open', SETTINGS))[4]).toContain(
    '> “&lt;!channel&gt; &lt;https://evil.example|click&gt; &gt; *Closed*”',
  );
});

test('whatever comes in, the limits of Slack hold', () => {
  const long = '&'.repeat(9000);
  const base = anAlert();
  const [evidence] = base.evidence;
  if (evidence === undefined || base.customer === undefined) throw new Error('the builder has both');
  const alert = anAlert({
    ruleTitle: '😀'.repeat(400),
    because: Array.from({ length: 300 }, () => long),
    evidence: [{ ...evidence, quote: long }],
    customer: { ...base.customer, name: long },
    plan: { ...base.plan, playbook: Array.from({ length: 200 }, (_, n) => `step ${n} ${'x'.repeat(100)}`) },
  });
  for (const block of markSlackRepeat(slackAlert(alert, 'open', SETTINGS)).blocks) {
    if (block.type === 'header') expect(block.text.text.length).toBeLessThanOrEqual(SLACK_LIMITS.header);
    if (block.type === 'section') {
      expect(block.text?.text.length ?? 0).toBeLessThanOrEqual(SLACK_LIMITS.section);
      expect(block.fields?.length ?? 0).toBeLessThanOrEqual(10);
      for (const field of block.fields ?? [])
        expect(field.text.length).toBeLessThanOrEqual(SLACK_LIMITS.field);
    }
  }
});

test.each([
  ['fits', 9, 'fits'],
  ['a&amp;b', 5, 'a…'],
  ['a&amp;b', 6, 'a…'],
  ['a&amp;b', 7, 'a&amp;b'],
  ['ab😀cd', 4, 'ab…'],
])('cutting %j to %d gives %j', (text, max, expected) => {
  expect(cut(text, max)).toBe(expected);
});

test('the mail says as much as the Slack message', () => {
  const mail = emailAlert(anAlert(), 'open', SETTINGS);
  expect(mail.subject).toBe(
    '[P1] New alert: T-7Q4MX Ada Lopez, A high-value customer complains again – acknowledge by Mon 23 Nov, 10:30 CET',
  );
  for (const part of [
    'complaints in 14 days: 2 (at least 2)',
    '"Useless <again> & nobody calls back"',
    'mood: useless −0.4',
    'gold, 12,400 a year',
    'Risk of leaving: 82 of 100',
    '2. Offer from the gold catalogue',
    "customer's clock: Mon 23 Nov, 04:30 GMT-5",
    'Answer on e-mail.',
    'Open the alert: https://tocsin.example.com/alerts/repeat-complaint%3Ac-7%231',
  ]) {
    expect(mail.text).toContain(part);
  }
  expect(mail.html).toContain('“Useless &lt;again&gt; &amp; nobody calls back”');
});

test('a mail has links for what may be done now, for its recipient alone', () => {
  const settings = { ...SETTINGS, mailLinkSecret: 'a secret of the right length' };
  const links = (alert: Alert, to = 'ana@example.com') => mailLinksOf(alert, to, settings, T0);
  expect(links(anAlert())?.actions.map(({ words }) => words)).toEqual([
    'Acknowledge',
    'Log contact',
    'Snooze',
    'Close',
  ]);
  expect(links(acknowledged(anAlert()))?.actions.map(({ words }) => words)).not.toContain('Acknowledge');
  expect(links(closed(anAlert()))).toBeUndefined();
  expect(mailLinksOf(anAlert(), 'ana@example.com', SETTINGS, T0)).toBeUndefined();
  expect(links(anAlert(), 'ben@example.com')?.actions[0]?.url).not.toBe(links(anAlert())?.actions[0]?.url);
  const mail = emailAlert(anAlert(), 'open', settings, links(anAlert()));
  const [first] = links(anAlert())?.actions ?? [];
  expect(mail.text).toContain(`Acknowledge: ${first?.url}`);
  expect(mail.html).toContain(`<a href="${first?.url}"`);
  expect(mail.text).toContain('once, until Mon 30 Nov, 10:00 CET.');
});

test('a long title never costs the subject its due time', () => {
  const { subject } = emailAlert(anAlert({ ruleTitle: 'x'.repeat(500) }), 'open', SETTINGS);
  expect(subject).toMatch(/… – acknowledge by Mon 23 Nov, 10:30 CET$/);
  expect(subject.length).toBeLessThanOrEqual(160);
});

test('a repeat says that it may be one', () => {
  const mail = markEmailRepeat(emailAlert(anAlert(), 'open', SETTINGS));
  expect(mail.text).toMatch(/^This may be a repeat/);
  expect(mail.html).toContain('<p><em>This may be a repeat');
  expect(render(markSlackRepeat(slackReply(anAlert(), 'nudge', SETTINGS))).at(-1)).toContain(
    'may be a repeat',
  );
});

test('a time zone that does not exist is left out, not an error', () => {
  const base = anAlert();
  if (base.customer === undefined) throw new Error('the builder has a customer');
  const alert = anAlert({ customer: { ...base.customer, timezone: 'Mars/Olympus' } });
  expect(render(slackAlert(alert, 'open', SETTINGS)).join()).not.toContain("customer's clock");
});

test('an alert of a segment has no customer to show', () => {
  const { customer: _, ...rest } = anAlert();
  const shown = render(slackAlert({ ...rest, scope: 'segment', subject: 'fibre/south' }, 'spike', SETTINGS));
  expect(shown[0]).toContain('fibre/south');
  expect(shown).toContain('*Segment*: fibre/south');
});

test('a deadline that was met is not asked for again', () => {
  const alert = acknowledged(anAlert());
  const { ack_by, contact_by } = alert.deadlines;
  if (ack_by === undefined || contact_by === undefined) throw new Error('the builder has both');
  const met = { ...alert, deadlines: { ack_by: { ...ack_by, metAt: T0 + HOUR }, contact_by } };
  expect(slackAlert(met, 'nudge', SETTINGS).text).toContain('speak to the customer by Mon 23 Nov, 14:00 CET');
});

const { ack_by: ACK_BY, contact_by: CONTACT_BY } = anAlert().deadlines;
if (ACK_BY === undefined || CONTACT_BY === undefined) throw new Error('the builder has both');
const taken = acknowledged(anAlert());

test.each([
  [
    'taken in time',
    { ack_by: { ...ACK_BY, metAt: T0 }, contact_by: CONTACT_BY },
    'Next: speak to the customer by Mon 23 Nov, 14:00 CET.',
  ],
  [
    'not contacted in time',
    { ack_by: { ...ACK_BY, metAt: T0 }, contact_by: { ...CONTACT_BY, breachedAt: T0 + 4 * HOUR } },
    'Overdue: speak to the customer. It was due Mon 23 Nov, 14:00 CET.',
  ],
])('the message of an alert that was %s says what is next, not that it changed', (_, deadlines, expected) => {
  expect(render(slackAlert({ ...taken, deadlines }, 'update', SETTINGS))[2]).toBe(expected);
});

test('a deadline that was met late is done, and does not hide that it was late', () => {
  const deadlines = { ack_by: { ...ACK_BY, breachedAt: T0 + HOUR, metAt: T0 + 2 * HOUR } };
  expect(render(slackAlert({ ...taken, deadlines }, 'open', SETTINGS)).join()).toContain(
    '☑️ late: Acknowledge by',
  );
  expect(emailAlert({ ...taken, deadlines }, 'open', SETTINGS).text).toContain('– done, but late');
});

test('a renewal is a day with its year', () => {
  const base = anAlert();
  if (base.customer === undefined) throw new Error('the builder has a customer');
  const customer = {
    ...base.customer,
    contract: 'two_year',
    renewalAt: Date.parse('2027-10-18T00:00:00Z'),
    daysToRenewal: 329.2,
  };
  expect(render(slackAlert(anAlert({ customer }), 'open', SETTINGS)).join()).toContain(
    '*Contract*: two year, renews 18 Oct 2027 (329 days)',
  );
});
