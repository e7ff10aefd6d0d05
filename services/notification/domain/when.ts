/** Instants in words, on somebody's clock: `Mon 23 Nov, 14:30 CET`. */
export function inZone(instant: number, zone: string): string {
  const format = formatOf(zone) ?? formatOf('UTC');
  return format === undefined ? new Date(instant).toISOString() : format.format(instant);
}

/** The day alone, with its year: `18 Oct 2027`. */
export const dateInZone = (instant: number, zone: string): string =>
  (formatOf(zone, 'date') ?? formatOf('UTC', 'date'))?.format(instant) ??
  new Date(instant).toISOString().slice(0, 10);

/** The same on a customer's clock; nothing when the customer's zone is not one we know. */
export function inCustomersZone(instant: number, zone: string | undefined): string | undefined {
  if (zone === undefined) return undefined;
  return formatOf(zone)?.format(instant);
}

/** `in 25 min`, `2 h ago`: for people who are in a hurry, in the largest unit that says enough. */
export function fromNow(instant: number, now: number): string {
  const minutes = Math.round(Math.abs(instant - now) / 60_000);
  if (minutes === 0) return 'just now';
  const amount =
    minutes < 120
      ? `${minutes} min`
      : minutes < 48 * 60
        ? `${Math.round(minutes / 60)} h`
        : `${Math.round(minutes / 1440)} days`;
  return instant >= now ? `in ${amount}` : `${amount} ago`;
}

// Building a formatter costs some 50 µs, using it under 2 µs. Only zones that exist are kept: some 600.
const formats = {
  instant: new Map<string, Intl.DateTimeFormat>(),
  date: new Map<string, Intl.DateTimeFormat>(),
};

function formatOf(zone: string, shape: keyof typeof SHAPES = 'instant'): Intl.DateTimeFormat | undefined {
  const known = formats[shape].get(zone);
  if (known !== undefined) return known;
  try {
    const format = new Intl.DateTimeFormat('en-GB', { ...SHAPES[shape], timeZone: zone });
    if (formats[shape].size < MOST_ZONES) formats[shape].set(zone, format);
    return format;
  } catch (error) {
    // A zone comes from a CRM; one that does not exist is "unknown", not a failure.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const MOST_ZONES = 1000;
const SHAPES = {
  instant: {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  },
  date: { day: 'numeric', month: 'short', year: 'numeric' },
} as const satisfies Readonly<Record<string, Intl.DateTimeFormatOptions>>;
