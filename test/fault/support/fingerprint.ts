import { z } from 'zod';

/** Asks the API for JSON. */
export interface Asked {
  json(path: string): Promise<unknown>;
}

/** What must be the same after every kill: everything but the instants. */
export interface Fingerprint {
  /** By alert id. */
  readonly alerts: Readonly<Record<string, unknown>>;
  /** One line for each event, sorted; a line that stands twice happened twice. */
  readonly events: readonly string[];
  /** What each stage did how often, except for repeats, timers and messages. */
  readonly ledger: Readonly<Record<string, number>>;
}

/** Things that are wrong whatever the undisturbed run looks like. */
export type Faults = readonly string[];

const summary = z.object({
  alertId: z.string(),
  alertKey: z.string(),
  status: z.string(),
  stage: z.string(),
  severity: z.string(),
  subject: z.string(),
  person: z.string().optional(),
  evidenceCount: z.number(),
  rung: z.number(),
  outcome: z.string().optional(),
  contactedAt: z.string().optional(),
});
const detail = summary.extend({
  because: z.array(z.string()),
  evidence: z.array(z.object({ signalId: z.string() })),
  deadlines: z.array(
    z.object({ deadline: z.string(), metAt: z.string().optional(), breachedAt: z.string().optional() }),
  ),
});
const alertPage = z.object({ alerts: z.array(summary), next: z.string().optional() });
const event = z.object({
  id: z.string(),
  alertKey: z.string(),
  seq: z.number(),
  action: z.string(),
  milestone: z.string().optional(),
  step: z.string().optional(),
  held: z.string().optional(),
  refusal: z.string().optional(),
  commandId: z.string().optional(),
  told: z.string().optional(),
});
type Event = z.output<typeof event>;
const eventPage = z.object({ events: z.array(event), next: z.string().optional() });
const ledgerReport = z.object({
  meets: z.boolean(),
  checks: z.array(z.object({ says: z.string(), left: z.number(), right: z.number(), meets: z.boolean() })),
  entries: z.array(
    z.object({
      stage: z.string(),
      topic: z.string(),
      outcome: z.string(),
      reason: z.string(),
      count: z.number(),
    }),
  ),
  waiting: z.number(),
  deadLetters: z.record(z.string(), z.number()),
});

/** Reads through the API what people would see. */
export async function takeFingerprint(tocsin: Asked): Promise<{ print: Fingerprint; faults: Faults }> {
  const alerts: Record<string, unknown> = {};
  for (const stage of ['live', 'shadow']) {
    for (const { alertId } of await pages(
      tocsin,
      `/v1/alerts?limit=200&stage=${stage}`,
      alertPage,
      (page) => page.alerts,
    )) {
      alerts[alertId] = timeless(
        detail.parse(await tocsin.json(`/v1/alerts/${encodeURIComponent(alertId)}`)),
      );
    }
  }
  const events = await pages(tocsin, '/v1/audit?limit=200', eventPage, (page) => page.events);
  const ledger = ledgerReport.parse(await tocsin.json('/v1/ledger'));
  return {
    print: { alerts, events: events.map(lineOf).toSorted(), ledger: comparable(ledger) },
    faults: [...outOfSequence(events), ...unbalanced(ledger)],
  };
}

async function pages<P extends { readonly next?: string | undefined }, T>(
  tocsin: Asked,
  path: string,
  shape: z.ZodType<P>,
  rowsOf: (page: P) => readonly T[],
): Promise<readonly T[]> {
  const rows: T[] = [];
  let next: string | undefined = '';
  while (next !== undefined) {
    const cursor: string = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`;
    const page: P = shape.parse(await tocsin.json(`${path}${cursor}`));
    rows.push(...rowsOf(page));
    next = page.next;
  }
  return rows;
}

const timeless = ({ evidence, deadlines, contactedAt, ...alert }: z.output<typeof detail>) => ({
  ...alert,
  contacted: contactedAt !== undefined,
  evidence: evidence.map(({ signalId }) => signalId).toSorted(),
  deadlines: deadlines.map(
    ({ deadline, metAt, breachedAt }) =>
      `${deadline}${metAt === undefined ? '' : ' met'}${breachedAt === undefined ? '' : ' missed'}`,
  ),
});

/** Without its number: whether evidence came before or after a milestone depends on the time that a restart took. */
const lineOf = ({ alertKey, action, milestone, step, held, refusal, commandId, told }: Event): string =>
  [alertKey, action, milestone, step, held, refusal, commandId, told]
    .filter((part) => part !== undefined)
    .join(' ');

/** The events of an alert are numbered without a gap, and none is there twice. */
function outOfSequence(events: readonly Event[]): Faults {
  return [...Map.groupBy(events, ({ alertKey }) => alertKey)].flatMap(([alertKey, of]) => {
    const numbers = of.map(({ seq }) => seq).toSorted((a, b) => a - b);
    const expected = of.map((_, index) => index + 1);
    return String(numbers) === String(expected) ? [] : [`events of ${alertKey} are numbered ${numbers}`];
  });
}

function unbalanced({ checks, waiting, deadLetters }: z.output<typeof ledgerReport>): Faults {
  return [
    ...checks
      .filter(({ meets }) => !meets)
      .map(({ says, left, right }) => `${says}: ${left} is not ${right}`),
    ...(waiting === 0 ? [] : [`${waiting} inputs wait`]),
    ...Object.entries(deadLetters).flatMap(([status, count]) =>
      count === 0 ? [] : [`${count} dead letters ${status}`],
    ),
  ];
}

/** How often messages are updated, and how many timers one look finds, depends on the time that things take. */
function comparable({ entries }: z.output<typeof ledgerReport>): Readonly<Record<string, number>> {
  const same = entries.filter(
    ({ stage, topic, outcome }) =>
      topic !== 'timers' &&
      topic !== 'notification-outcomes' &&
      stage !== 'notification' &&
      outcome !== 'repeated',
  );
  return Object.fromEntries(
    same.map(({ stage, topic, outcome, reason, count }) => [`${stage} ${topic} ${outcome} ${reason}`, count]),
  );
}
