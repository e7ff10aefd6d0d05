/** Speeds of two readers on the same texts in the same run. */
export interface SentimentSpeed {
  readonly textsPerSecond: number;
  /** The bare `sentiment` package. */
  readonly rawTextsPerSecond: number;
  /** 1 would be as fast as the bare package. */
  readonly ratioToRaw: number;
}

/** Small enough that a pause of the machine hits one chunk in one round, not the whole figure. */
const CHUNK = 250;

/**
 * Compares a reader with the bare one: chunk by chunk in turn, `rounds` times over, the best time of each chunk.
 *
 * `clock` gives milliseconds. The first round warms up and may still be the best.
 */
export function compareSpeed(
  texts: readonly string[],
  read: (text: string) => unknown,
  readRaw: (text: string) => unknown,
  rounds: number,
  clock: () => number,
): SentimentSpeed {
  let ownMs = 0;
  let rawMs = 0;
  for (let from = 0; from < texts.length; from += CHUNK) {
    const chunk = texts.slice(from, from + CHUNK);
    let own = Number.POSITIVE_INFINITY;
    let raw = Number.POSITIVE_INFINITY;
    for (let round = 0; round < rounds; round++) {
      own = Math.min(own, timeOf(chunk, read, clock));
      raw = Math.min(raw, timeOf(chunk, readRaw, clock));
    }
    ownMs += own;
    rawMs += raw;
  }
  return {
    textsPerSecond: Math.round((texts.length / ownMs) * 1000),
    rawTextsPerSecond: Math.round((texts.length / rawMs) * 1000),
    ratioToRaw: Math.round((rawMs / ownMs) * 1000) / 1000,
  };
}

function timeOf(texts: readonly string[], read: (text: string) => unknown, clock: () => number): number {
  const begun = clock();
  for (const text of texts) read(text);
  return clock() - begun;
}

/**
 * Messages of the usual length and kind, put together from parts, the same for the same seed: tweets, remarks, a
 * mail now and then, with names, order numbers, links, hashtags and misspellings between the words.
 */
export function madeUpTexts(count: number, seed: number): readonly string[] {
  let state = seed >>> 0;
  const pick = (list: readonly string[]): string => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return list[Math.floor((state / 2 ** 32) * list.length)] ?? '';
  };
  return Array.from({ length: count }, (_, index) =>
    [
      pick(OPENINGS),
      pick(MIDDLES),
      pick(TURNS),
      pick(DETAILS),
      pick(ENDINGS),
      index % 3 === 0 ? `#${index}` : '',
    ]
      .filter((part) => part !== '')
      .join(' '),
  );
}

const OPENINGS = [
  '@company why is',
  '@company thanks for',
  'Hi, I have been waiting for',
  "I can't believe",
  'Just got',
  'Still no news about',
  'My neighbour Katarzyna told me about',
  'Called on Tuesday concerning',
  'RT @friend:',
  'Whoever designed',
];
const MIDDLES = [
  'my order from last week',
  'the new app that keeps crashing',
  'an agent to call me back',
  'such quick help with my bill',
  'the modem in Leicester',
  'a parcel with three porcelain plates',
  'the September invoice for account 4711-22',
  'gate B17 at Heathrow',
];
const TURNS = ['', '', ', but', ', and', '. However', ' because', ' although'];
const DETAILS = [
  'the technician never showed up',
  'everybody at the counter was friendly and explained it twice',
  'somebody transferred me from billing to retention and back again',
  'your chat answered within a minute',
  "I haven't heard anything since Thursday https://example.org/t/38fh2",
  'it took Georgina exactly eleven minutes',
  'this is the second time in October',
  'the tracking page says Dortmund, then nothing',
];
const ENDINGS = [
  'not happy at all!',
  'great job :)',
  'please help?',
  'never again. Switching provider #fail',
  'and it works perfectly',
  'three hours on hold now 😡',
  'thx guys',
  'I want to cancel my contract',
  'see attached screenshot',
  'cheers from Aberdeen',
];
