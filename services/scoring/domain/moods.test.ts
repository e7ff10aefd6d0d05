import { expect, test } from 'vitest';
import { loadScoringSettings } from '../settings.ts';
import { createTextReader } from './read-text.ts';
import { MOODS } from './test-moods.ts';

const settings = loadScoringSettings('rules');
if (!settings.ok) throw new Error(JSON.stringify(settings.problems));
const read = createTextReader(settings.value.lexicon);

/** Read wrong, and known to be. A text that comes out right leaves this list; a new one needs a reason to enter. */
const STILL_WRONG: ReadonlySet<string> = new Set([
  'Setup was not difficult',
  "It's not that I'm unhappy",
  'Nobody can say the service is not good',
  "I don't have no signal, I have no phone at all",
  'Wow, only four transfers this time. Impressive.',
  'So helpful, telling me to restart the router for the tenth time',
  'Nobody picks up the phone',
  'Your driver left the parcel in the rain',
  'I would have been happy with a simple apology',
  'A working connection would be nice',
  'not…happy',
  'Way to treat a loyal customer',
  'There was little the agent could do for me',
  'I have yet to meet an unfriendly person at this bank',
  'It is anything but user friendly',
  'Neither the app nor the website lets me log in',
  'The bug that annoyed me for months is finally gone',
  'We were sceptical, now we are fans',
  'What started as a nightmare ended with a smile',
  'Cheap it is, reliable it is not',
  'The first agent was useless, the second one solved it in minutes',
  'Lovely staff, shame about the fees',
  'Thank you for teaching me never to book with you again',
  'I am sure someone will get back to me by Christmas',
  'Wow, my fourth replacement in a month. Quality product.',
  'Hi team,\n\nI am still without hot water and your engineer has not shown up.\n\nBest wishes,\nAnna Good\nHappy Homes Ltd',
  'Thanks for your email. Sadly none of the steps in it helped.\n\nOn Tue, 3 Mar 2026 at 9:12, Care Team wrote:\n> We are delighted to help you! Have a wonderful day',
]);

const texts = Object.entries(MOODS).flatMap(([kind, moods]) => moods.map((mood) => [kind, ...mood] as const));

test.each(texts.filter(([, text]) => !STILL_WRONG.has(text)))('%s: "%s" reads %s', (_, text, label) => {
  expect(read(text).sentiment.label).toBe(label);
});

test('nine texts in ten come out right', () => {
  const right = texts.filter(([, text, label]) => read(text).sentiment.label === label);
  expect(right.length / texts.length).toBeGreaterThan(0.9);
});

test('what is said to be still wrong is', () => {
  const nowRight = texts.filter(
    ([, text, label]) => STILL_WRONG.has(text) && read(text).sentiment.label === label,
  );
  expect(nowRight).toEqual([]);
});

test.each<readonly [string, string]>([
  ['everything is alright now', 'positive'],
  ['talked very politely', 'positive'],
  ['tq mam, very well explained', 'positive'],
  ['He misguided me twice', 'negative'],
  ['Took too much time to pick up', 'negative'],
  ['very bed experience', 'negative'],
  ['Amount not refunded', 'negative'],
  ['No comments', 'neutral'],
  ['please solve my issue', 'neutral'],
  ['They are unable to resolve my problem', 'negative'],
  ['not good and problem are not solved', 'negative'],
  ["I don't get a refund and it has been two months", 'negative'],
  ['Thanks a lot for solving this', 'positive'],
  ['like a robot', 'negative'],
  ['Need a correct invoice', 'neutral'],
  ['???? ?? ???', 'unknown'],
  ['Never make such false promises', 'negative'],
  ['Please do not send damaged goods', 'negative'],
  ["Don't waste my time", 'negative'],
  ["Don't worry", 'neutral'],
  ['They do not bother to ring', 'negative'],
  ['I pressed the button by mistake', 'neutral'],
  ['Sorry for my mistake, thank you', 'positive'],
  ['This is a humble request', 'neutral'],
  ['From last 15 days nobody calls', 'negative'],
  ['They closed it without asking', 'negative'],
  ['They never had problems and neither had I', 'positive'],
])('a remark after a call: "%s" reads %s', (text, label) => {
  expect(read(text).sentiment.label).toBe(label);
});
