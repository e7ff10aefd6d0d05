import { SIGNAL_TYPES, type SignalType } from '../../contracts/signal.ts';
import { markOf, PackedReader, packBits, packInstant, packNumber, writeOut } from './packed.ts';

/** One thing that happened to a customer. */
export interface Happening {
  readonly at: number;
  readonly type: SignalType;
  /** Mood of its text, −1…1. */
  readonly mood?: number | undefined;
  /** Intents as a set of bits, in the order of `INTENTS`. */
  readonly intents?: number | undefined;
  readonly transfers?: number | undefined;
  readonly satisfaction?: number | undefined;
  /** Followers of the author of a post. */
  readonly reach?: number | undefined;
  /** Whether we spoke to the customer. */
  readonly spoke?: boolean | undefined;
  /** The identity through which it came: what a separation takes back. */
  readonly via?: string | undefined;
}

/**
 * Happenings, oldest first, as packed text: some twelve characters each, 22 for one that came through an identity. Of that a mark
 * is kept, which is enough to take back what came through it.
 */
export type History = string;

const CODES = new Map(SIGNAL_TYPES.map((type, index) => [type, index]));

const MOOD = 1;
const INTENTS = 2;
const TRANSFERS = 4;
const SATISFACTION = 8;
const REACH = 16;
const VIA = 32;
/** Beside the type. */
const SPOKE = 32;

export function pack(happening: Happening): History {
  const { at, type, mood, intents = 0, transfers = 0, satisfaction, reach, spoke = false, via } = happening;
  let kept = 0;
  let fields = '';
  if (mood !== undefined) {
    kept |= MOOD;
    fields += packMood(mood);
  }
  if (intents !== 0) {
    kept |= INTENTS;
    fields += packNumber(intents);
  }
  if (transfers !== 0) {
    kept |= TRANSFERS;
    fields += packNumber(transfers);
  }
  if (satisfaction !== undefined) {
    kept |= SATISFACTION;
    fields += packNumber(satisfaction);
  }
  if (reach !== undefined) {
    kept |= REACH;
    fields += packNumber(reach);
  }
  if (via !== undefined) {
    kept |= VIA;
    fields += markOf(via);
  }
  return packInstant(at) + packBits((CODES.get(type) ?? 0) | (spoke ? SPOKE : 0)) + packBits(kept) + fields;
}

/** Scores are hundredths, or whatever a scorer of somebody else's gives. */
function packMood(mood: number): string {
  const thousandths = Math.round(mood * 1000) + NO_MOOD;
  const isExact = Math.abs(mood) <= 1 && (thousandths - NO_MOOD) / 1000 === mood;
  return isExact ? packNumber(thousandths) : writeOut(mood);
}

/** So that the worst mood is 0. */
const NO_MOOD = 1000;

/** Reads a history from its beginning; its fields are those of the happening that `next` has come to. */
export class HistoryReader {
  readonly #packed: PackedReader;
  /** Where the present happening begins, and the next one. */
  from = 0;
  end = 0;
  at = 0;
  type: SignalType = 'contact.logged';
  hasMood = false;
  /** Only where it has one. */
  mood = 0;
  intents = 0;
  transfers = 0;
  satisfaction: number | undefined;
  reach: number | undefined;
  spoke = false;
  #via = NO_PLACE;

  constructor(history: History) {
    this.#packed = new PackedReader(history);
  }

  next(): boolean {
    const packed = this.#packed;
    if (packed.isAtEnd) return false;
    this.from = packed.place;
    this.at = packed.instant();
    const what = packed.bits();
    const kept = packed.bits();
    this.type = SIGNAL_TYPES[what & ~SPOKE] ?? 'contact.logged';
    this.spoke = (what & SPOKE) !== 0;
    this.hasMood = (kept & MOOD) !== 0;
    if (this.hasMood) this.mood = this.#readMood();
    this.intents = (kept & INTENTS) === 0 ? 0 : packed.number();
    this.transfers = (kept & TRANSFERS) === 0 ? 0 : packed.number();
    this.satisfaction = (kept & SATISFACTION) === 0 ? undefined : packed.number();
    this.reach = (kept & REACH) === 0 ? undefined : packed.number();
    this.#via = (kept & VIA) === 0 ? NO_PLACE : packed.mark();
    this.end = packed.place;
    return true;
  }

  /** Whether it came through the identity with this mark. */
  cameThrough(mark: string): boolean {
    return this.#via !== NO_PLACE && this.#packed.text.startsWith(mark, this.#via);
  }

  #readMood(): number {
    const packed = this.#packed;
    return packed.isWrittenOut ? packed.number() : (packed.number() - NO_MOOD) / 1000;
  }
}

const NO_PLACE = -1;

/** A history in two parts: what is too much or too old to be kept, and the rest. */
export interface Divided {
  readonly over: History;
  readonly kept: History;
}

/**
 * A history with one more happening, at its place in time, after those of the same instant; of all that, the newest `most` that are
 * not older than `since`.
 */
export function extend(
  history: History,
  happening: Happening | undefined,
  { most, since }: { readonly most: number; readonly since: number },
): Divided {
  const reader = new HistoryReader(history);
  const at = happening?.at ?? Number.POSITIVE_INFINITY;
  let count = 0;
  let place = history.length;
  while (reader.next()) {
    if (reader.at > at && reader.from < place) place = reader.from;
    count += 1;
  }
  if (happening === undefined) return divide(history, count - most, since);
  const longer = history.slice(0, place) + pack(happening) + history.slice(place);
  return divide(longer, count + 1 - most, since);
}

function divide(history: History, tooMany: number, since: number): Divided {
  const reader = new HistoryReader(history);
  let place = 0;
  for (let over = tooMany; reader.next() && (over > 0 || reader.at < since); over--) place = reader.end;
  return { over: history.slice(0, place), kept: history.slice(place) };
}

/** A history without what came through an identity. */
export function withoutIdentity(history: History, identity: string): History {
  const mark = markOf(identity);
  const reader = new HistoryReader(history);
  let rest = '';
  while (reader.next()) if (!reader.cameThrough(mark)) rest += history.slice(reader.from, reader.end);
  return rest;
}
