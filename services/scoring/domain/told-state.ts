import { INTENTS } from '../../contracts/assessment.ts';
import { asKeptNow, type EarlierState } from './earlier-state.ts';
import { HistoryReader } from './history.ts';
import { openedAt } from './open-complaints.ts';
import type { CustomerState } from './profile.ts';

/** What scoring remembers of a customer as a person reads it: lists as lists, intents by name, epoch ms as instants. */
export function toldState(stored: CustomerState | EarlierState): object {
  const { history, open, seen: _, at, attributesAt, ...rest } = asKeptNow(stored);
  return {
    at: instant(at),
    ...rest,
    ...(attributesAt === undefined ? {} : { attributesAt: instant(attributesAt) }),
    history: told(history),
    openComplaintsSince: openedAt(open).map(instant),
  };
}

function told(history: string): readonly object[] {
  const happenings: object[] = [];
  for (const reader = new HistoryReader(history); reader.next(); ) {
    const { at, type, hasMood, mood, intents, transfers, satisfaction, reach, spoke } = reader;
    happenings.push({
      at: instant(at),
      type,
      ...(hasMood ? { mood } : {}),
      ...(intents === 0 ? {} : { intents: INTENTS.filter((_, bit) => (intents & (1 << bit)) !== 0) }),
      ...(transfers === 0 ? {} : { transfers }),
      ...(satisfaction === undefined ? {} : { satisfaction }),
      ...(reach === undefined ? {} : { reach }),
      ...(spoke ? { spoke } : {}),
    });
  }
  return happenings;
}

const instant = (at: number): string => new Date(at).toISOString();
