import { MARK, markOf, PackedReader, packBits, packInstant } from './packed.ts';

/**
 * Complaints that nobody has resolved, oldest first, as packed text: when each was received, a mark of its id, and of the identity
 * through which it came.
 */
export type OpenComplaints = string;

/** More open complaints than this make no difference to anybody; the oldest stay, as their age counts. */
const MAX_OPEN = 8;

const NOT_VIA = 0;
const CAME_VIA = 1;

export interface Complaint {
  readonly id: string;
  readonly at: number;
  readonly via?: string | undefined;
}

/** One more, unless it is there. */
export function opened(open: OpenComplaints, { id, at, via }: Complaint): OpenComplaints {
  const mark = markOf(id);
  const reader = new ComplaintReader(open);
  let count = 0;
  let place = open.length;
  let lastFrom = 0;
  while (reader.next()) {
    if (reader.isOf(mark)) return open;
    if (reader.at > at) place = Math.min(place, reader.from);
    lastFrom = reader.from;
    count += 1;
  }
  if (count >= MAX_OPEN && place === open.length) return open;
  const kept = count >= MAX_OPEN ? open.slice(0, lastFrom) : open;
  const packed =
    packInstant(at) + mark + (via === undefined ? packBits(NOT_VIA) : packBits(CAME_VIA) + markOf(via));
  return kept.slice(0, place) + packed + kept.slice(place);
}

export function resolved(open: OpenComplaints, id: string): OpenComplaints {
  const mark = markOf(id);
  return without(open, (reader) => reader.isOf(mark));
}

/** Without what came through an identity. */
export function withoutThrough(open: OpenComplaints, identity: string): OpenComplaints {
  const mark = markOf(identity);
  return without(open, (reader) => reader.cameThrough(mark));
}

export function countOf(open: OpenComplaints): number {
  let count = 0;
  for (const reader = new ComplaintReader(open); reader.next(); ) count += 1;
  return count;
}

/** When each was received, epoch ms. */
export function openedAt(open: OpenComplaints): readonly number[] {
  const times: number[] = [];
  for (const reader = new ComplaintReader(open); reader.next(); ) times.push(reader.at);
  return times;
}

/** When the oldest was received. */
export function oldestAt(open: OpenComplaints): number | undefined {
  const reader = new ComplaintReader(open);
  return reader.next() ? reader.at : undefined;
}

function without(open: OpenComplaints, isMeant: (reader: ComplaintReader) => boolean): OpenComplaints {
  const reader = new ComplaintReader(open);
  let rest = '';
  while (reader.next()) if (!isMeant(reader)) rest += open.slice(reader.from, reader.end);
  return rest.length === open.length ? open : rest;
}

class ComplaintReader {
  readonly #packed: PackedReader;
  from = 0;
  end = 0;
  at = 0;
  #mark = 0;
  #cameVia = false;

  constructor(open: OpenComplaints) {
    this.#packed = new PackedReader(open);
  }

  next(): boolean {
    const packed = this.#packed;
    if (packed.isAtEnd) return false;
    this.from = packed.place;
    this.at = packed.instant();
    this.#mark = packed.mark();
    this.#cameVia = packed.bits() === CAME_VIA;
    if (this.#cameVia) packed.mark();
    this.end = packed.place;
    return true;
  }

  isOf(mark: string): boolean {
    return this.#packed.text.startsWith(mark, this.#mark);
  }

  cameThrough(mark: string): boolean {
    return this.#cameVia && this.#packed.text.startsWith(mark, this.#mark + MARK + 1);
  }
}
