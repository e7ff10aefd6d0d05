import type { Complaint } from '../../services/contracts/sources.ts';
import type { Publishable } from '../../services/platform/event-log/event-log.ts';
import type { Emit } from '../../services/platform/keyed-process/keyed-process.ts';

/** A complaint by its id; everything else about it does not matter here. */
export const complaint = (id: string, text = `text of ${id}`): Publishable<'complaints'> => ({
  id,
  key: `c-${id}`,
  value: complaintValue(id, text),
});

export const complaintValue = (id: string, text: string): Complaint => ({
  id,
  customerId: `c-${id}`,
  occurredAt: 1_772_000_000_000,
  text,
});

/** A fact to append, with no meaning of its own. */
export const fact = (id: string): Emit => ({
  topic: 'complaints',
  key: `c-${id}`,
  value: complaintValue(id, `text of ${id}`),
});

export const callNoteFact = (id: string): Emit => ({
  topic: 'call-notes',
  key: `c-${id}`,
  value: { id, customerId: `c-${id}`, occurredAt: 1_772_000_000_000 },
});

/** Enough text that the file must grow to store it; it does not compress. */
export const bulky = (bytes: number): string => {
  let text = '';
  for (let step = 1; text.length < bytes; step++) text += ((step * 2_654_435_761) >>> 0).toString(36);
  return text;
};
