/** Whether somebody is a customer, as far as the CRM has said so (`attributes.active`). */
export interface Standing {
  readonly customerId: string;
  /** When they were none, oldest first, epoch ms. An end is absent while it lasts. */
  readonly away: readonly Absence[];
}

export interface Absence {
  readonly from: number;
  readonly to?: number;
}

/** The CRM said then whether somebody is a customer. */
export interface Told {
  readonly customerId: string;
  readonly active: boolean;
  readonly at: number;
}

/** Absences that are remembered. Who leaves more often has long been a case of its own. */
const ABSENCES = 10;

/** What is known once the CRM has said that; the same object when it is nothing new. Nothing was known before the first time. */
export function standingAfter(known: Standing | undefined, { customerId, active, at }: Told): Standing {
  if (known === undefined) return { customerId, away: active ? [] : [{ from: at }] };
  const last = known.away.at(-1);
  const isAway = last !== undefined && last.to === undefined;
  if (active !== isAway) return known;
  const away = active
    ? [...known.away.slice(0, -1), { from: last?.from ?? at, to: at }]
    : [...known.away.slice(1 - ABSENCES), { from: at }];
  return { customerId, away };
}

/** Whether they were a customer then. */
export const wasCustomer = ({ away }: Standing, at: number): boolean =>
  !away.some(({ from, to }) => from <= at && (to === undefined || at < to));
