import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { ReadText } from '../../../services/scoring/domain/read-text.ts';
import { seeded, shuffled } from '../../../services/scoring/fit/risk/random.ts';

/** One sentence, turn or note that a person can label at a glance. */
export interface Unit {
  readonly table: string;
  /** From the table's own columns; a sentence adds its place in the narrative. */
  readonly id: string;
  readonly text: string;
}

/** Part of the texts, by the first net that catches them; each draws its own sample. */
export interface Stratum {
  readonly net: string;
  readonly units: readonly Unit[];
  readonly drawn: readonly Unit[];
}

/**
 * Wide nets of word stems, rarest first: they catch far more than the lexicon does, so that a rare intent comes into the
 * sample at all. What no net catches is sampled too, so that recall is no fiction.
 */
const NETS: Readonly<Record<string, RegExp>> = {
  press: /\bmedia|\bpress|\bnews|\bpublic|twitter|facebook|review|\bpost/i,
  competitor:
    /compet|rival|elsewhere|cheaper|(other|another|different|new) (bank|provider|carrier|company|airline)/i,
  manager: /manager|supervis|\bboss|higher|executive|escalat|in charge|superior/i,
  legal: /\blegal|\blaw|attorney|\bcourt|\bsue|\bsuing|litigat/i,
  leave: /cancel|\bclos|\bleav|switch|terminat|disconnect/i,
  regulator: /cfpb|\bbbb|ombuds|regulat|\bftc|\bfcc|authorit|complain|\breport/i,
  broken_promise: /promis|call.?back|\btold|assured|suppos|\bnever|waiting|\bwould/i,
  repeat_story: /again|times|repeat|several|already|multiple|numerous|different|twice|transfer|every/i,
  praise: /thank|great|\bgood|\blove|excellent|appreciat|\bbest|awesome|\bhappy|helpful/i,
  help: /help|assist|please|\bhow|\bcan |could|\bneed|\?/i,
  none: /(?:)/,
};

const SHORTEST = 15;
const LONGEST = 300;

/** A sample: how many texts of each net. From the sixth on, none that an earlier one drew. */
export interface Draw {
  readonly seed: number;
  readonly says: string;
  readonly perNet: number;
  /** Nets of which more are read, as what they catch was read worst. */
  readonly more?: Readonly<Record<string, number>>;
  readonly after?: readonly Draw[];
  /** Whether sentences of product reviews are drawn from too. From the ninth on. */
  readonly reviews?: boolean;
}

const EARLY: readonly Draw[] = [
  { seed: 1, perNet: 24, says: 'first' },
  { seed: 2, perNet: 12, says: 'second' },
  { seed: 3, perNet: 12, says: 'third' },
  { seed: 4, perNet: 12, says: 'fourth' },
  { seed: 5, perNet: 14, says: 'fifth' },
];
const MORE = { press: 40, broken_promise: 50, repeat_story: 50, help: 30, none: 40 };
const SIXTH: Draw = { seed: 6, perNet: 14, more: MORE, after: EARLY, says: 'sixth' };
const SEVENTH: Draw = { seed: 7, perNet: 20, more: MORE, after: [...EARLY, SIXTH], says: 'seventh' };
const EIGHTH: Draw = {
  seed: 8,
  perNet: 8,
  more: { press: 30, manager: 40, legal: 45, broken_promise: 70, leave: 20, regulator: 15, none: 20 },
  after: [...EARLY, SIXTH, SEVENTH],
  says: 'eighth',
};
const NINTH: Draw = {
  seed: 9,
  perNet: 10,
  more: {
    press: 25,
    manager: 35,
    legal: 45,
    leave: 55,
    regulator: 40,
    broken_promise: 60,
    repeat_story: 30,
    none: 20,
  },
  after: [...EARLY, SIXTH, SEVENTH, EIGHTH],
  reviews: true,
  says: 'ninth',
};
const TENTH: Draw = { ...NINTH, seed: 10, after: [...EARLY, SIXTH, SEVENTH, EIGHTH, NINTH], says: 'tenth' };

/** Texts of each net, few enough that all can be read in an hour. The lexicon was changed for what each showed, after it had been judged. */
export const SAMPLES: readonly Draw[] = [...EARLY, SIXTH, SEVENTH, EIGHTH, NINTH, TENTH];

/** The same sample from the same tables, always. Tables whose licence lets their rows be named. */
export function sampleForIntents(
  folder: string,
  { seed, perNet, more = {}, after = [], reviews = false }: Draw,
): readonly Stratum[] {
  const units = [
    ...sentences(folder),
    ...turns(folder),
    ...notes(folder),
    ...(reviews ? reviewSentences(folder) : []),
  ].filter(({ text }) => text.length >= SHORTEST && text.length <= LONGEST);
  const random = seeded(seed);
  const read = new Set(
    after.flatMap((earlier) => sampleForIntents(folder, earlier).flatMap(({ drawn }) => drawn.map(nameOf))),
  );
  const caught = new Map<string, Unit[]>(Object.keys(NETS).map((net) => [net, []]));
  for (const unit of units) {
    const net = Object.entries(NETS).find(([, pattern]) => pattern.test(unit.text));
    if (net !== undefined && !read.has(nameOf(unit))) caught.get(net[0])?.push(unit);
  }
  return [...caught].map(([net, own]) => {
    const order = shuffled(own.length, random).slice(0, more[net] ?? perNet);
    return {
      net,
      units: own,
      drawn: Array.from(order, (index) => own[index]).filter((unit) => unit !== undefined),
    };
  });
}

/** How often an intent was seen where it is, and where it is not. */
export interface IntentFigures {
  readonly intent: string;
  /** In the sample. */
  readonly labelled: number;
  readonly found: number;
  readonly right: number;
  /** In the whole tables: each text of the sample stands for as many as its net caught for it. */
  readonly precision: number;
  readonly recall: number;
}

/** Compares what the reader shows with labels that people gave, by `table,id`; texts without a label line are left out. */
export function judgeIntents(
  strata: readonly Stratum[],
  labels: ReadonlyMap<string, ReadonlySet<string>>,
  read: ReadText,
): readonly IntentFigures[] {
  const texts = strata.flatMap(({ units, drawn }) => {
    const known = drawn.flatMap((unit) => {
      const said = labels.get(nameOf(unit));
      return said === undefined
        ? []
        : [{ said, shown: new Set<string>(read(unit.text).intents.map(({ intent }) => intent)) }];
    });
    return known.map((text) => ({ ...text, weight: units.length / known.length }));
  });
  const intents = new Set(texts.flatMap(({ said, shown }) => [...said, ...shown]));
  return [...intents].toSorted().map((intent) => {
    const labelled = texts.filter(({ said }) => said.has(intent));
    const found = texts.filter(({ shown }) => shown.has(intent));
    const right = found.filter(({ said }) => said.has(intent));
    const weigh = (some: typeof texts) => some.reduce((sum, { weight }) => sum + weight, 0);
    return {
      intent,
      labelled: labelled.length,
      found: found.length,
      right: right.length,
      precision: weigh(right) / weigh(found),
      recall: weigh(right) / weigh(labelled),
    };
  });
}

const nameOf = ({ table, id }: Unit): string => `${table},${id}`;

type Row = Readonly<Record<string, string>>;

const rowsOf = (folder: string, file: string): readonly Row[] =>
  parse(readFileSync(join(folder, file)), { columns: true, bom: true, relax_column_count: true });

function sentences(folder: string): readonly Unit[] {
  return rowsOf(folder, 'cfpb_complaints.csv').flatMap((row) =>
    (row['Consumer complaint narrative'] ?? '')
      .split(/(?<=[.!?])\s+/)
      .map((text, index) => ({ table: 'cfpb', id: `${row['Complaint ID']}#${index}`, text: oneLine(text) })),
  );
}

const turns = (folder: string): readonly Unit[] =>
  rowsOf(folder, 'multidogo_customer_turns.csv').map((row) => ({
    table: 'multidogo',
    id: `${row.conversationId}#${row.turnNumber}`,
    text: oneLine(row.utterance ?? ''),
  }));

const notes = (folder: string): readonly Unit[] =>
  rowsOf(folder, 'tweetsumm_notes.csv').map((row) => ({
    table: 'tweetsumm',
    id: `${row.conversation_id}#${row.annotator}`,
    text: oneLine(row.customer_note ?? ''),
  }));

const reviewSentences = (folder: string): readonly Unit[] =>
  rowsOf(folder, 'vader_amazonReviewSnippets.csv').map((row) => ({
    table: 'reviews',
    id: row.id ?? '',
    text: oneLine(row.text ?? ''),
  }));

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
