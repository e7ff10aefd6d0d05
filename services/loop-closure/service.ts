import type { Actor, Alert, Refusal } from '../contracts/alert.ts';
import type { Profile } from '../contracts/assessment.ts';
import type { EventLog } from '../platform/event-log/event-log.ts';
import type { TopicRecord } from '../platform/keyed-process/keyed-process.ts';
import { type Clock, DAY, SECOND } from '../platform/time/clock.ts';
import type { Names } from '../settings/names.ts';
import type { AlertRow } from './domain/alert-row.ts';
import { alertView } from './domain/alert-view.ts';
import type { AuditRow } from './domain/audit.ts';
import {
  commandOf,
  type FieldProblem,
  type Order,
  parseOrder,
  type Verb,
  type Via,
} from './domain/command.ts';
import { customerView } from './domain/customer-view.ts';
import { type Kept, keptOf, keptSince } from './domain/kept.ts';
import { type Kpis, kpisOf } from './domain/kpi.ts';
import { type StoryEntry, tellStory } from './domain/story.ts';
import { REFUSAL_WORDS } from './domain/words.ts';
import type { AlertQueries, BusinessClock, CommandWatch, CustomerHistory } from './ports.ts';

/** The keyed processes of this service. */
export const createLoopClosureProcesses = () => ({ alertView, customerView });

export interface DeskDeps {
  readonly log: EventLog;
  readonly queries: AlertQueries;
  readonly history: CustomerHistory;
  readonly watch: CommandWatch;
  readonly business: BusinessClock;
  readonly clock: Clock;
  readonly names: Names;
  /** Default: `SETTLE_TIMEOUT_MS`. */
  readonly settleTimeoutMs?: number;
}

/** What a person wants done, as it came in. */
export interface OrderRequest {
  /** Alert id, label or alert key, as the person named it. */
  readonly alert: string;
  readonly verb: Verb;
  /** Not checked yet. */
  readonly body: unknown;
  readonly by: Actor;
  readonly via: Via;
  readonly clientId?: string;
}

/**
 * What became of an order. `pending`: it is stored and will be obeyed, but its effect could not be seen in time.
 * `repeated`: it had been obeyed before, and nothing happened now.
 */
export type OrderResult =
  | { readonly type: 'done'; readonly row: AlertRow; readonly repeated?: true }
  | { readonly type: 'refused'; readonly row: AlertRow; readonly refusal: Refusal; readonly words: string }
  | { readonly type: 'pending'; readonly row: AlertRow; readonly commandId: string }
  | { readonly type: 'invalid'; readonly problems: readonly FieldProblem[] }
  | { readonly type: 'unknown' }
  | { readonly type: 'ambiguous'; readonly candidates: readonly AlertRow[] };

/** An alert with everything that belongs to it. */
export interface AlertFile {
  readonly row: AlertRow;
  /** The whole alert after its latest event. Absent once the log no longer holds it. */
  readonly alert?: Alert;
  /** All cycles of the same alert key, the latest first. */
  readonly cycles: readonly AlertRow[];
  /** Events of all its cycles, oldest first. */
  readonly events: readonly AuditRow[];
  /** The whole story of its customer, or of the alert itself where it has no customer. */
  readonly story: readonly StoryEntry[];
}

export type AlertFound =
  | { readonly type: 'found'; readonly file: AlertFile }
  | { readonly type: 'unknown' }
  | { readonly type: 'ambiguous'; readonly candidates: readonly AlertRow[] };

export interface CustomerFile {
  readonly customerId: string;
  /** As of the latest assessment. Absent when only alerts are known. */
  readonly profile?: Profile;
  readonly riskScore?: number;
  readonly alerts: readonly AlertRow[];
  readonly story: readonly StoryEntry[];
}

/** What the log and the audit hold of a customer, as it was written then. */
export interface CustomerRecords {
  /** The latest, oldest first. */
  readonly assessments: readonly TopicRecord<'assessments'>[];
  /** Oldest first. */
  readonly events: readonly AuditRow[];
  /** Sets of rules by which the customer's alerts were asked for last. */
  readonly ruleSetHashes: readonly string[];
}

/** How well loops were closed in a period, and what became of customers whose loops were closed before. */
export interface LoopReport extends Kpis {
  readonly kept: readonly Kept[];
}

/** Where people work: finds alerts, tells stories, takes orders. Everything people use stands on it. */
export interface AlertDesk {
  readonly queries: AlertQueries;
  order(request: OrderRequest): Promise<OrderResult>;
  /** `zone`: whose clock the times within words are told by. Default: UTC. */
  alert(name: string, zone?: string): Promise<AlertFound>;
  customer(customerId: string, zone?: string): Promise<CustomerFile | undefined>;
  recorded(customerId: string): Promise<CustomerRecords>;
  kpis(from: number, to: number): Promise<LoopReport>;
  /** Another text whenever an alert has changed. Costs nothing to ask. */
  version(): string;
}

/**
 * How long an answer waits for the effect of an order. Embedded it takes a few milliseconds; two seconds are
 * what a person waits for a button without pressing it again.
 */
export const SETTLE_TIMEOUT_MS = 2 * SECOND;
/** KPIs look back this far unless asked otherwise. */
export const KPI_SPAN_MS = 30 * DAY;

/** Alerts of one customer that their page shows. */
const CUSTOMER_ALERTS = 100;

export const createAlertDesk = (deps: DeskDeps): AlertDesk => ({
  queries: deps.queries,
  order: (request) => takeOrder(deps, request),
  alert: (name, zone) => findAlert(deps, name, zone),
  customer: (customerId, zone) => openCustomer(deps, customerId, zone),
  recorded: (customerId) => readRecorded(deps, customerId),
  kpis: (from, to) => measure(deps, from, to),
  version: () => deps.watch.version(),
});

const takeOrder = async (deps: DeskDeps, ordered: OrderRequest): Promise<OrderResult> => {
  const request = { ...ordered, by: knownAs(deps.names, ordered.by) };
  const parsed = parseOrder(request.verb, request.body);
  if (!parsed.ok) return { type: 'invalid', problems: parsed.problems };
  const found = choose(await deps.queries.alertsNamed(request.alert));
  if (found.type !== 'found') return found;
  if (hasItAlready(parsed.order, found.row, request.by))
    return { type: 'done', row: found.row, repeated: true };
  return settle(deps, request, parsed.order, found.row);
};

/** Whatever a person calls themselves, by name, by mail or in Slack, it is one person who acts. */
const knownAs = (names: Names, by: Actor): Actor =>
  by.kind === 'person' ? { kind: 'person', id: names.personId(by.id) } : by;

/** Acknowledging what one has acknowledged is done already; alerting would pass over it without an event. */
const hasItAlready = (order: Order, row: AlertRow, by: Actor): boolean =>
  order.verb === 'acknowledge' && row.status === 'acknowledged' && row.acknowledgedBy === by.id;

/** Stores the order, then waits until the views show what it did. */
const settle = async (
  deps: DeskDeps,
  request: OrderRequest,
  order: Order,
  row: AlertRow,
): Promise<OrderResult> => {
  const { by, via, clientId } = request;
  const at = deps.clock.now();
  let command = commandOf(order, row, { by, via, at, ...(clientId === undefined ? {} : { clientId }) });
  let earlier = await deps.queries.eventOfCommand(command.id);
  // What was refused has not spent the link of a mail, which cannot ask under another id.
  for (let attempt = 2; via === 'email' && earlier?.action === 'refused'; attempt += 1) {
    command = commandOf(order, row, { by, via, at, clientId: `${clientId}/${attempt}` });
    earlier = await deps.queries.eventOfCommand(command.id);
  }
  if (earlier !== undefined) {
    const result = await resultOf(deps, row, earlier);
    return result.type === 'done' ? { ...result, repeated: true } : result;
  }
  const settled = deps.watch.settled(command.id, deps.settleTimeoutMs ?? SETTLE_TIMEOUT_MS);
  await deps.log.publish('alert-commands', [{ id: command.id, key: command.alertKey, value: command }]);
  await settled;
  const event = await deps.queries.eventOfCommand(command.id);
  return event === undefined ? { type: 'pending', row, commandId: command.id } : resultOf(deps, row, event);
};

const resultOf = async (deps: DeskDeps, row: AlertRow, event: AuditRow): Promise<OrderResult> => {
  const [now = row] = await deps.queries.alertsNamed(row.alertId);
  if (event.action !== 'refused') return { type: 'done', row: now };
  const refusal = event.refusal ?? 'alert_unknown';
  const detail = event.note === undefined ? '' : ` (${event.note})`;
  return { type: 'refused', row: now, refusal, words: `${REFUSAL_WORDS[refusal]}${detail}` };
};

type Chosen =
  | { readonly type: 'found'; readonly row: AlertRow }
  | { readonly type: 'unknown' }
  | { readonly type: 'ambiguous'; readonly candidates: readonly AlertRow[] };

/** Labels are short, so two alerts may share one. The one that is still open is meant, if there is just one. */
const choose = (rows: readonly AlertRow[]): Chosen => {
  const [first, second] = rows;
  if (first === undefined) return { type: 'unknown' };
  if (second === undefined) return { type: 'found', row: first };
  const [open, ...others] = rows.filter(({ status }) => status !== 'closed');
  if (open !== undefined && others.length === 0) return { type: 'found', row: open };
  return { type: 'ambiguous', candidates: rows };
};

const findAlert = async (deps: DeskDeps, name: string, zone: string | undefined): Promise<AlertFound> => {
  const chosen = choose(await deps.queries.alertsNamed(name));
  return chosen.type === 'found' ? { type: 'found', file: await openAlert(deps, chosen.row, zone) } : chosen;
};

const openAlert = async (deps: DeskDeps, row: AlertRow, zone: string | undefined): Promise<AlertFile> => {
  const [latest] = await deps.log.fetch('alerts', row.partition, [row.offset]);
  const events = await deps.queries.eventsOfAlert(row.alertKey);
  const ofCustomer = await deps.history.assessmentsOf(row.subject);
  return {
    row,
    ...(latest === undefined ? {} : { alert: latest.value.alert }),
    cycles: await deps.queries.cycles(row.alertKey),
    events,
    story:
      ofCustomer === undefined
        ? await storyOf(deps, [], events, zone)
        : await storyOf(
            deps,
            await assessmentsAt(deps, ofCustomer),
            await deps.queries.eventsOfCustomer(row.subject),
            zone,
          ),
  };
};

const openCustomer = async (
  deps: DeskDeps,
  customerId: string,
  zone: string | undefined,
): Promise<CustomerFile | undefined> => {
  const place = await deps.history.assessmentsOf(customerId);
  const alerts = await deps.queries.alerts({ customer: customerId }, CUSTOMER_ALERTS);
  const events = await deps.queries.eventsOfCustomer(customerId);
  if (place === undefined && events.length === 0) return undefined;
  const assessments = place === undefined ? [] : await assessmentsAt(deps, place);
  const latest = assessments.at(-1);
  return {
    customerId,
    ...(latest === undefined ? {} : { profile: latest.profile, riskScore: latest.riskScore }),
    alerts: alerts.rows,
    story: await storyOf(deps, assessments, events, zone),
  };
};

const readRecorded = async (deps: DeskDeps, customerId: string): Promise<CustomerRecords> => {
  const place = await deps.history.assessmentsOf(customerId);
  const { rows } = await deps.queries.alerts({ customer: customerId }, CUSTOMER_ALERTS);
  const latest = await Promise.all(
    [...Map.groupBy(rows, ({ partition }) => partition)].map(([partition, alerts]) =>
      deps.log.fetch(
        'alerts',
        partition,
        alerts.map(({ offset }) => offset),
      ),
    ),
  );
  return {
    assessments: place === undefined ? [] : await recordsAt(deps, place),
    events: await deps.queries.eventsOfCustomer(customerId),
    ruleSetHashes: [...new Set(latest.flat().map(({ value }) => value.alert.ruleSetHash))],
  };
};

type Place = NonNullable<Awaited<ReturnType<CustomerHistory['assessmentsOf']>>>;

const recordsAt = (deps: DeskDeps, { partition, offsets }: Place) =>
  deps.log.fetch('assessments', partition, offsets);

const assessmentsAt = async (deps: DeskDeps, place: Place) =>
  (await recordsAt(deps, place)).map(({ value }) => value);

const storyOf = async (
  deps: DeskDeps,
  assessments: Parameters<typeof tellStory>[0]['assessments'],
  events: readonly AuditRow[],
  zone: string | undefined,
): Promise<readonly StoryEntry[]> => {
  const alertKeys = [...new Set(events.map(({ alertKey }) => alertKey))];
  const deliveries = await deps.queries.deliveriesOf(alertKeys);
  const wording = { names: deps.names, ...(zone === undefined ? {} : { zone }) };
  return tellStory({ assessments, events, deliveries, wording });
};

const measure = async (deps: DeskDeps, from: number, to: number): Promise<LoopReport> => {
  const { queries, names } = deps;
  const now = deps.clock.now();
  const rows = await queries.openedBetween(keptSince(from), Math.max(to, now + 1));
  const standings = await queries.standingsOf([...new Set(rows.map(({ subject }) => subject))]);
  const kpis = kpisOf({
    rows: rows.filter(({ openedAt }) => openedAt >= from && openedAt < to),
    heldByReason: await queries.heldByReason(from, to),
    now,
    names,
    businessMsBetween: (calendar, start, end) => deps.business.msBetween(calendar, start, end),
  });
  return { ...kpis, kept: keptOf({ rows, standings, from, to, now, names }) };
};
