import type { Registry } from 'prom-client';
import { RULES_MIGRATIONS } from '../action-management/adapters/kept-rule-sets.sqlite.ts';
import { type ActionManagementMetrics, createActionManagementMetrics } from '../action-management/metrics.ts';
import {
  createActionManagementProcesses,
  quarantineLogger,
  RuleSetHolder,
} from '../action-management/service.ts';
import { SilenceBook } from '../action-management/silences.ts';
import { createAlertingMetrics } from '../alerting/metrics.ts';
import { createAlertingProcesses } from '../alerting/service.ts';
import type { Alert } from '../contracts/alert.ts';
import type { Topic } from '../contracts/topics.ts';
import { identityProcess } from '../ingestion/domain/identity-process.ts';
import type { OwnVoices } from '../ingestion/domain/ignore.ts';
import { ingestionProcess } from '../ingestion/domain/ingestion-process.ts';
import { createGateway, type Gateway } from '../ingestion/gateway.ts';
import { createIngestionMetrics } from '../ingestion/metrics.ts';
import type { IntakeMetrics } from '../ingestion/ports.ts';
import { loopClosureForgets } from '../loop-closure/adapters/forgetting.sqlite.ts';
import { LOOP_CLOSURE_MIGRATIONS } from '../loop-closure/adapters/view-tables.sqlite.ts';
import { createViews } from '../loop-closure/adapters/views.sqlite.ts';
import { createCommandWatch } from '../loop-closure/command-watch.ts';
import { customerView } from '../loop-closure/domain/customer-view.ts';
import { createLoopClosureMetrics } from '../loop-closure/metrics.ts';
import type { AlertQueries, BusinessClock } from '../loop-closure/ports.ts';
import {
  type AlertDesk,
  createAlertDesk,
  createLoopClosureProcesses,
  type DeskDeps,
} from '../loop-closure/service.ts';
import { createNotificationProcess } from '../notification/domain/deliveries.ts';
import { fallbackFor } from '../notification/domain/fallback.ts';
import { NOTIFICATION_QUEUES } from '../notification/domain/message.ts';
import { audienceOf, createSilenceEndsProcess } from '../notification/domain/silence-ends.ts';
import { createNotificationMetrics, type NotificationMetrics } from '../notification/metrics.ts';
import type { Channels } from '../notification/ports.ts';
import { createSender, type Sender } from '../notification/sender.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../platform/database/embedded-store.ts';
import type { Ledger } from '../platform/database/ledger.sqlite.ts';
import { EMBEDDED_PARTITION } from '../platform/event-log/event-log.sqlite.ts';
import type { Emit } from '../platform/keyed-process/keyed-process.ts';
import { Runner, type RunnerObserver } from '../platform/keyed-process/runner.ts';
import type { PartitionStore, StateRow } from '../platform/keyed-process/state-store.ts';
import { Topology } from '../platform/keyed-process/topology.ts';
import type { Logger } from '../platform/logging/logger.ts';
import { createPipelineMetrics } from '../platform/metrics/pipeline-metrics.ts';
import { crashPoint } from '../platform/process/crash-point.ts';
import type { Lifecycle } from '../platform/process/lifecycle.ts';
import { businessTimeBetween } from '../platform/time/business-time.ts';
import type { Clock } from '../platform/time/clock.ts';
import type { Tracing } from '../platform/tracing/tracing.ts';
import { createScoringMetrics } from '../scoring/metrics.ts';
import { createScorer, createScoringProcesses } from '../scoring/service.ts';
import { findCalendar } from '../settings/calendars.ts';
import { namesOf } from '../settings/names.ts';
import type { RulesFolder } from './rules-folder.ts';
import { watchStorage } from './storage-trouble.ts';

export interface PipelineOptions {
  /** Folder that this process has taken. */
  readonly folder: string;
  readonly rules: RulesFolder;
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: Registry;
  readonly lifecycle: Lifecycle;
  readonly own: OwnVoices;
  /** Where people reach the pages, without a slash at the end. */
  readonly publicUrl: string;
  /** Signs the links in mails; without one there are none. */
  readonly mailLinkSecret?: string | undefined;
  readonly channels: (store: EmbeddedStore) => Channels;
  readonly tracing?: Tracing | undefined;
}

/** All services in one process on one file. */
export interface Pipeline {
  readonly store: EmbeddedStore;
  readonly gateway: Gateway;
  readonly intake: IntakeMetrics;
  readonly desk: AlertDesk;
  /** The same for clicks in Slack, which must be answered within a second or two, obeyed or not. */
  readonly clickDesk: AlertDesk;
  readonly rules: RuleSetHolder;
  /** Call its `load` before `runner`. */
  readonly silences: SilenceBook;
  readonly rulesMetrics: Pick<ActionManagementMetrics, 'rulesLoaded' | 'reloadFailed'>;
  readonly runner: Runner;
  readonly sender: Sender;
  readonly notificationMetrics: NotificationMetrics;
  /** Why the store takes no writes now; nothing when it does. */
  storageTrouble(): string | undefined;
  /** Adds somebody who is told after each commit. */
  observe(observer: RunnerObserver): void;
  /** Reads which alerts are open, so that the gauges are right from the first scrape on. Call it before `runner`. */
  restoreGauges(): Promise<void>;
  /** Works until nothing is left to do at the clock's present time, messages included. */
  settle(): Promise<void>;
  /** When a timer or a waiting message falls due next, epoch ms. */
  nextDueAt(): Promise<number | undefined>;
}

/**
 * The topics whose facts go straight to the next process, inside the same transaction: one key's trouble
 * becomes an alert, its messages and its row in the queue in one commit.
 */
const CHAINED: readonly Topic[] = [
  'identities',
  'signals',
  'assessments',
  'segment-entries',
  'alert-requests',
  'segment-loops',
  'customer-loops',
  'contact-proofs',
  'alerts',
];

/** The tables of the services' own, beside those of every store. */
export const EMBEDDED_MIGRATIONS = [...LOOP_CLOSURE_MIGRATIONS, ...RULES_MIGRATIONS];

/** Wires the services together. Nothing runs before `runner.run` and `sender.run`, or `settle`, are called. */
export function openPipeline(options: PipelineOptions): Pipeline {
  const { rules, clock, log, registry, lifecycle, tracing } = options;
  const store = openEmbeddedStore(options.folder, clock, EMBEDDED_MIGRATIONS);
  lifecycle.onClose('data file', () => store.close());
  const names = namesOf(rules.teams);
  const views = createViews(store.db);
  store.alsoForget(loopClosureForgets(store.db));
  const watch = createCommandWatch();
  const holder = new RuleSetHolder(rules.ruleSet, quarantineLogger(log));
  const silences = new SilenceBook(store.log);
  const trouble = watchStorage(clock);
  const watchedLog = trouble.watched(store.log);

  const metrics = createMetrics(options, store);
  metrics.actionManagement.watchQuarantine(holder);
  metrics.actionManagement.watchSilences(() => silences.active(clock.now()).length);
  metrics.scoring.modelsLoaded(rules.scoring);
  const observers: RunnerObserver[] = [
    { onFact: (fact) => metrics.onFact(fact) },
    { onFact: (fact) => watch.onFact(fact) },
    trouble.observer,
    {
      onStorageTrouble: ({ reason, message }, retryInMs) =>
        log.error({ reason, message, retryInMs }, 'the store takes no writes'),
    },
  ];

  const topology = new Topology(
    [
      ingestionProcess(options.own),
      identityProcess,
      ...createScoringProcesses(rules.scoring, metrics.scoring.timed(createScorer(rules.scoring))),
      ...createActionManagementProcesses({
        ruleSet: holder,
        calendars: rules.calendars,
        silences: () => silences.all(),
        onEvaluation: metrics.actionManagement.onEvaluation,
        judge: metrics.actionManagement.judge,
      }),
      ...createAlertingProcesses(rules),
      createNotificationProcess({
        publicUrl: options.publicUrl,
        zoneOf: (calendar) => findCalendar(rules.calendars, calendar)?.zone ?? 'UTC',
        names,
        mailLinkSecret: options.mailLinkSecret,
        fallbackFor: (target, alert) => fallbackFor(rules.teams, target, alert),
      }),
      createSilenceEndsProcess(({ team }) => audienceOf(rules.teams, team), names),
      ...Object.values(createLoopClosureProcesses()),
    ],
    CHAINED,
  );
  const partition = store.partition('embedded', new Map(Object.entries(views.writers)));
  const runner = new Runner({
    topology,
    store: partition,
    openFeed: store.openFeed,
    clock,
    observers,
    tracing,
  });
  observers.push(
    createPipelineMetrics(registry, {
      processes: runner.processes(),
      store: partition,
      timersPending: store.timersPending,
      lastScanAt: () => runner.lastScanAt,
      clock,
    }),
  );
  store.onInput(() => runner.wake());

  const sender = createSender({
    effects: store.effects,
    channels: options.channels(store),
    clock,
    log,
    metrics: metrics.notification,
    crashPoint,
    tracing,
  });
  observers.push({ onPass: () => sender.wake() });

  const deskDeps: DeskDeps = {
    log: watchedLog,
    queries: views,
    history: {
      assessmentsOf: async (customerId) => {
        const offsets = customerOffsets(partition.load('customer', customerId));
        return offsets === undefined ? undefined : { partition: EMBEDDED_PARTITION, offsets };
      },
    },
    watch,
    business: businessClock(rules),
    clock,
    names,
  };

  return {
    store,
    gateway: createGateway({ log: watchedLog, clock, metrics: metrics.intake, own: options.own }),
    intake: metrics.intake,
    desk: createAlertDesk(deskDeps),
    clickDesk: createAlertDesk({ ...deskDeps, settleTimeoutMs: CLICK_SETTLES_WITHIN_MS }),
    rules: holder,
    silences,
    rulesMetrics: metrics.actionManagement,
    runner,
    sender,
    notificationMetrics: metrics.notification,
    storageTrouble: () => trouble.words(),
    observe: (observer) => observers.push(observer),
    restoreGauges: async () => metrics.alerting.restore(await openAlerts(views, store)),
    settle: async () => {
      do await runner.drain();
      while ((await sender.step(clock.now())) > 0);
    },
    nextDueAt: () => nextDueAt(store, partition),
  };
}

async function openAlerts(queries: AlertQueries, store: EmbeddedStore): Promise<Alert[]> {
  const alerts: Alert[] = [];
  let cursor: string | undefined;
  do {
    const page = await queries.alerts({ status: 'unfinished' }, OPEN_ALERTS_PAGE, cursor);
    for (const row of page.rows) {
      const [latest] = await store.log.fetch('alerts', row.partition, [row.offset]);
      if (latest !== undefined) alerts.push(latest.value.alert);
    }
    cursor = page.next;
  } while (cursor !== undefined);
  return alerts;
}

/** Slack shows an error after three seconds; half a second leaves room for everything else. */
const CLICK_SETTLES_WITHIN_MS = 500;

/** Alerts read at a time at start. */
const OPEN_ALERTS_PAGE = 500;

/** The slot of the process that remembers where a customer's story lies. It stores a list of offsets. */
const customerOffsets = (row: StateRow | undefined): readonly number[] | undefined =>
  row?.[customerView.name] as readonly number[] | undefined;

/** Business calendars as pages and KPIs need them. */
export const businessClock = ({ calendars }: RulesFolder): BusinessClock => ({
  msBetween: (calendar, from, to) => {
    const known = findCalendar(calendars, calendar);
    return known === undefined ? undefined : businessTimeBetween(known, from, to);
  },
});

async function nextDueAt(store: EmbeddedStore, partition: PartitionStore): Promise<number | undefined> {
  const queues = await Promise.all(
    Object.values(NOTIFICATION_QUEUES).map((queue) => store.effects.pending(queue)),
  );
  const due = [await partition.nextTimerAt(), ...queues.map((queue) => queue.earliestDueAt)];
  const known = due.filter((instant) => instant !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function createMetrics({ registry, clock, rules }: PipelineOptions, store: EmbeddedStore) {
  const ingestion = createIngestionMetrics(registry);
  const scoring = createScoringMetrics(registry);
  const actionManagement = createActionManagementMetrics(registry);
  const notification = createNotificationMetrics(registry, {
    pending: (channel) => store.effects.pending(NOTIFICATION_QUEUES[channel]),
    now: () => clock.now(),
  });
  const loopClosure = createLoopClosureMetrics(registry);
  const alerting = createAlertingMetrics(registry, {
    calendars: rules.calendars,
    clock,
    rules: rules.ruleSet.rules.map((rule) => rule.id),
    teams: [...rules.teams.byId.keys()],
  });
  const counting = [ingestion, scoring, actionManagement, alerting, notification, loopClosure];
  return {
    alerting,
    scoring,
    actionManagement,
    notification,
    intake: alsoInLedger(ingestion, store.ledger),
    onFact: (fact: Emit) => {
      for (const metrics of counting) metrics.onFact(fact);
    },
  };
}

/** What the gateway does not let into the log must still be accounted for after a restart. */
const alsoInLedger = (metrics: IntakeMetrics, ledger: Ledger): IntakeMetrics => ({
  repeated: (source) => metrics.repeated(source),
  ignored: (source, reason) => {
    metrics.ignored(source, reason);
    ledger.add('gateway', source, 'ignored', reason, 1);
  },
  rejected: (source, reason) => {
    metrics.rejected(source, reason);
    ledger.add('gateway', source, 'rejected', reason, 1);
  },
});
