import { expect, test } from 'vitest';
import type { Intent, SentimentLabel } from '../../contracts/assessment.ts';
import { loadScoringSettings } from '../settings.ts';
import { createTextReader } from './read-text.ts';

const settings = loadScoringSettings('rules');
if (!settings.ok) throw new Error(JSON.stringify(settings.problems));
const read = createTextReader(settings.value.lexicon);

type Mood = readonly [text: string, label: SentimentLabel];

/** What the bare lexicon gets wrong. */
const knownFailures: readonly Mood[] = [
  ['I am not at all happy', 'negative'],
  ['not very good', 'negative'],
  ['This isn’t good', 'negative'],
  ["This isn't good", 'negative'],
  ['never had a problem', 'positive'],
  ['no problem, thanks', 'positive'],
  ['Yeah great, another outage. Just great.', 'negative'],
  ['cancel my account', 'negative'],
  ['Your outages make me churn', 'negative'],
  ['I want a refund', 'negative'],
  ['I will switch to a competitor', 'negative'],
  ['Muy mal servicio, no funciona nada y nadie responde', 'unknown'],
];

const negation: readonly Mood[] = [
  ['I was never happy with this', 'negative'],
  ['The agent was not helpful', 'negative'],
  ['It doesn’t work', 'negative'],
  ['Nobody was friendly', 'negative'],
  ['I cannot complain', 'positive'],
  ['not bad at all', 'positive'],
  ['Could not be happier', 'positive'],
  ['I have never been happier with a provider', 'positive'],
  ['Not a problem, all sorted now', 'positive'],
  ['There was nothing good about it', 'negative'],
  ['The problem has been fixed, thank you', 'positive'],
  ['The problem has not been fixed', 'negative'],
  ['My problem is not yet solved', 'negative'],
  ['My issue is still not resolved', 'negative'],
  ['You fixed my problem quickly', 'positive'],
  ['without any issues', 'positive'],
  ['DON’T expect good service here', 'negative'],
];

const contrast: readonly Mood[] = [
  ['The food was good but the service was terrible', 'negative'],
  ['It took a while, but the agent was fantastic', 'positive'],
  ['Nice app. However, it crashes all the time and nobody replies', 'negative'],
  ['Although the wait was long, the staff was wonderful', 'positive'],
];

const irony: readonly Mood[] = [
  ['Great, another delay.', 'negative'],
  ['Thanks for nothing', 'negative'],
  ['Oh wonderful, my flight is cancelled again', 'negative'],
  ['Love how you lost my bag twice', 'negative'],
  ['Way to go, you broke it', 'negative'],
  ['Wow, great job losing my luggage', 'negative'],
  ['Just what I needed, no internet all day', 'negative'],
  ['Great job, the team was friendly', 'positive'],
];

const wishesAndQuestions: readonly Mood[] = [
  ['It would be nice if somebody answered', 'negative'],
  ['What time does the store open?', 'neutral'],
  ['Can you help me with my bill?', 'neutral'],
  ['Please send me the form', 'neutral'],
  ['I need the number of your branch in Leeds', 'neutral'],
];

const spelling: readonly Mood[] = [
  ['sooo goooood', 'positive'],
  ['WORST SERVICE EVER', 'negative'],
  ['ｔｅｒｒｉｂｌｅ service', 'negative'],
  ['#WorstAirlineEver', 'negative'],
  ['#worstserviceever', 'negative'],
  ['😡😡', 'negative'],
  ['thank you ❤️', 'positive'],
  [':-(', 'negative'],
  ['👍🏽', 'positive'],
  ['@awful_air https://example.org/horrible-terrible see this', 'neutral'],
];

const otherLanguages: readonly Mood[] = [
  ['Der Service ist sehr schlecht und niemand antwortet', 'unknown'],
  ['Je suis très déçu par votre service', 'unknown'],
  ['Pessimo servizio, non funziona niente', 'unknown'],
  ['O atendimento é péssimo e não funciona', 'unknown'],
  ['Het internet werkt niet en ik krijg geen antwoord', 'unknown'],
  ['Обслуживание ужасное, ничего не работает', 'unknown'],
  ['サービスがひどい', 'unknown'],
  ['الخدمة سيئة جدا', 'unknown'],
  ['Nie działa i nikt nie odpowiada na moje pytania', 'unknown'],
  ['Hizmet çok kötü ve kimse cevap vermiyor', 'unknown'],
];

test.each([
  ...knownFailures,
  ...negation,
  ...contrast,
  ...irony,
  ...wishesAndQuestions,
  ...spelling,
  ...otherLanguages,
])('"%s" reads %s', (text, label) => {
  expect(read(text).sentiment.label).toBe(label);
});

test('an unknown language has no score at all', () => {
  expect(read('Je ne suis pas content du tout').sentiment).toEqual({ label: 'unknown', words: [] });
  expect(read('terrible', 'de').sentiment).not.toHaveProperty('score');
});

test('the words explain the score: their effects add up to it', () => {
  const { score, words } = read(
    'The agent was friendly but the router is broken and nobody called back',
  ).sentiment;
  const sum = words.reduce((total, word) => total + word.effect, 0);
  expect(sum).toBeCloseTo(score ?? Number.NaN, 1);
  expect(words.every((word) => Math.abs(word.effect) <= Math.abs(words[0]?.effect ?? 0))).toBe(true);
});

test('a negated word is shown with its negator', () => {
  expect(read('I am not at all happy').sentiment.words[0]?.word).toBe('not at all happy');
});

test('a hashtag is cut into words that cover it all, also where a longer word would begin it', () => {
  const label = (text: string) => read(text).sentiment.label;
  expect(label('#badcustomerservice')).toBe('negative');
  expect(label('#badcustomers')).toBe('negative');
  expect(label('#badxyzzy')).toBe('neutral');
});

test('quoted mail and signatures are not read', () => {
  const mail =
    'Thank you, that worked great!\n\nOn Mon, 2 Mar 2026 at 10:00, Support wrote:\n> terrible awful horrible\n> broken';
  expect(read(mail).sentiment.label).toBe('positive');
  expect(read('All good now.\n-- \nDr. Awful, Terrible Ltd').sentiment.label).toBe('positive');
});

test('hostile text is read within a tenth of a second', () => {
  for (const text of [
    'a'.repeat(1e6),
    'not '.repeat(250_000),
    '#'.repeat(1e6),
    ':'.repeat(1e6),
    '\n>'.repeat(5e5),
    '\ud800'.repeat(1e6),
    'want to '.repeat(125_000),
    `#${'theand'.repeat(6)} `.repeat(25_000),
  ]) {
    // The better of two, as the machine has other work.
    const elapsed = [0, 1].map(() => {
      const begun = performance.now();
      read(text);
      return performance.now() - begun;
    });
    expect(Math.min(...elapsed)).toBeLessThan(100);
  }
});

test('the same text reads the same, whatever was read before', () => {
  const once = read('The app keeps crashing, I want to cancel my subscription');
  read('Thank you!!! 😀 #GreatService');
  expect(read('The app keeps crashing, I want to cancel my subscription')).toEqual(once);
});

const intents: readonly (readonly [text: string, intents: readonly Intent[]])[] = [
  ['I want to cancel my contract', ['leave']],
  ['please close my account', ['leave']],
  ['How do I cancel?', ['leave']],
  ['You won’t let me cancel my subscription', ['leave']],
  ['Customer wants to terminate the service', ['leave']],
  ['I am done with you', ['leave']],
  ['Never flying with you again', ['leave']],
  ['We will take our business elsewhere', ['leave']],
  ["I don't want to cancel", []],
  ['I do not want to close my account', []],
  ['I decided not to cancel', []],
  ['You cancelled my flight', []],
  ['Stop the music', []],
  ['I was going to cancel but you fixed it', []],
  ['Another provider offers a better deal', ['competitor']],
  ['You will hear from my lawyer', ['legal']],
  ['I have a power of attorney', []],
  ['I filed a complaint with the ombudsman', ['regulator']],
  ['I will go to the press', ['press']],
  ['Let me speak to your manager', ['manager']],
  ['I have called three times and explained everything again', ['repeat_story']],
  ['Nobody called me back', ['broken_promise']],
  ['You promised me a refund but it never came', ['broken_promise']],
  ['Great service, thank you', ['praise']],
  ['Great service, three hours on hold and nobody answers', []],
  ['Can you help me with my router?', ['help']],
];

test.each(intents)('"%s" shows %j', (text, expected) => {
  const found = read(text).intents.map((each) => each.intent);
  const shown = expected.includes('help') ? found : found.filter((intent) => intent !== 'help');
  expect(shown).toEqual(expected);
});

test("an intent's evidence is in the customer's own words", () => {
  expect(read('Honestly, I WANT TO CANCEL my contract today').intents[0]?.evidence).toBe(
    'WANT TO CANCEL my contract',
  );
});
