import { setTimeout } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { checkInThread } from '../action-management/adapters/check-folder.thread.ts';
import { keepRuleSets } from '../action-management/adapters/kept-rule-sets.sqlite.ts';
import { registerRules } from '../action-management/adapters/rules.fastify.ts';
import { noRules } from '../action-management/domain/read-rule-set.ts';
import { RulesReload } from '../action-management/rules-reload.ts';
import { NO_OWN_VOICES, type OwnVoices, ownVoices } from '../ingestion/domain/ignore.ts';
import { SyntheticCheck } from '../ingestion/synthetic-check.ts';
import { type ChosenChannels, chooseChannels } from '../notification/adapters/choose-channels.ts';
import { createSandboxStore, sandboxForgets } from '../notification/adapters/sandbox-store.sqlite.ts';
import { type NotificationConfig, notificationSettings } from '../notification/config.ts';
import type { SandboxStore } from '../notification/ports.ts';
import { readEnv } from '../platform/config/env.ts';
import { EMBEDDED_PARTITION } from '../platform/event-log/event-log.sqlite.ts';
import { StorageUnavailable } from '../platform/event-log/event-log.ts';
import { createLogger, type Logger } from '../platform/logging/logger.ts';
import { registerBuildInfo } from '../platform/metrics/build-info.ts';
import { movedLately, registerClockOffset } from '../platform/metrics/clock-offset.ts';
import { createRegistry } from '../platform/metrics/registry.ts';
import { CLOSE_WITHIN_MS, Lifecycle } from '../platform/process/lifecycle.ts';
import { describeError } from '../platform/process/run-process.ts';
import { type Clock, DAY, MINUTE, SECOND } from '../platform/time/clock.ts';
import { openTracing } from '../platform/tracing/open-tracing.ts';
import { type TracingSettings, tracingSettings } from '../platform/tracing/settings.ts';
import { createApp, isLoopback } from './app.ts';
import { type EmbeddedSettings, embeddedSettings, OTHER_VARIABLES } from './config.ts';
import { openPipeline, type Pipeline } from './pipeline.ts';
import { type OpsSettings, readOpsSettings, readRules, SHIPPED_RULES } from './rules-folder.ts';
import { TOCSIN_VERSION } from './version.ts';

type Env = Readonly<Record<string, string | undefined>>;
export type Settings = EmbeddedSettings & NotificationConfig & TracingSettings;

/** The settings are wrong; `message` has a line for each problem. */
export class SettingsWrong extends Error {
  override readonly name = 'SettingsWrong';
}

/** Reads and checks all settings of the embedded pipeline, or throws `SettingsWrong` with every problem. */
export function readSettings(env: Env): Settings {
  const read = readEnv(
    embeddedSettings.extend({ ...notificationSettings.shape, ...tracingSettings.shape }),
    env,
    OTHER_VARIABLES,
  );
  if (!read.ok) throw new SettingsWrong(read.problems.join('\n'));
  const settings = read.value;
  const guarded = settings.TOCSIN_INGEST_KEYS.length + settings.TOCSIN_INGEST_SECRETS.length > 0;
  if (!isLoopback(settings.TOCSIN_HOST) && !guarded) {
    throw new SettingsWrong(
      `TOCSIN_HOST: got "${settings.TOCSIN_HOST}", which others can reach; set TOCSIN_INGEST_KEYS too, or listen on 127.0.0.1`,
    );
  }
  return settings;
}

export interface TocsinOptions {
  /** Data folder that this process has taken. */
  readonly folder: string;
  readonly settings: Settings;
  readonly clock: Clock;
  /** Default links in messages, for example `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly log?: Logger;
  readonly registry?: Registry;
  /** The rules come into force without being checked: a test or a bench brings its own. */
  readonly rulesAreTrusted?: boolean;
}

/** The embedded Tocsin, ready to run: everything is open, nothing moves yet. */
export interface Tocsin {
  readonly pipeline: Pipeline;
  readonly app: FastifyInstance;
  /** As read at the start. The rules in force are those of `pipeline.rules`. */
  readonly settings: OpsSettings;
  readonly rulesReload: RulesReload;
  readonly synthetic: SyntheticCheck;
  readonly channels: ChosenChannels;
  readonly sandbox: SandboxStore;
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
  /** Processes and, unless `deliver` is false, sends until `stop`; rejects when the pipeline cannot go on. */
  run(stop: AbortSignal, deliver?: boolean): Promise<void>;
}

/** Opens the embedded pipeline with its HTTP server. Throws `RulesBroken`, `RulesRefused` or `DataFolderUnusable` with all that is wrong. */
export async function openTocsin(options: TocsinOptions): Promise<Tocsin> {
  const { settings, clock } = options;
  const log = options.log ?? createLogger(settings.TOCSIN_LOG_LEVEL);
  const registry = options.registry ?? createRegistry();
  registerBuildInfo(registry, TOCSIN_VERSION);
  registerClockOffset(registry, movedLately(clock));
  const rulesDir = settings.TOCSIN_RULES_DIR ?? SHIPPED_RULES;
  const ops = readOpsSettings(rulesDir);
  const read = await readRules(rulesDir, ops);
  const rules = { ...ops, ruleSet: read.ok ? read.ruleSet : noRules() };
  const lifecycle = new Lifecycle();
  const tracing = await openTracing({ service: 'tocsin', settings, registry, log, lifecycle });
  const publicUrl = settings.TOCSIN_PUBLIC_URL ?? options.url;
  let chosen: { channels: ChosenChannels; sandbox: SandboxStore } | undefined;
  const pipeline = openPipeline({
    folder: options.folder,
    rules,
    clock,
    log,
    registry,
    lifecycle,
    tracing,
    own: voices(settings, log),
    publicUrl,
    mailLinkSecret: settings.TOCSIN_MAIL_LINK_SECRET,
    channels: (store) => {
      const sandbox = createSandboxStore(store.db);
      store.alsoForget([sandboxForgets(store.db)]);
      chosen = { channels: chooseChannels(settings, sandbox, clock), sandbox };
      return chosen.channels.channels;
    },
  });
  if (chosen === undefined) throw new Error('the pipeline did not ask for its channels');
  const { channels, sandbox } = chosen;
  const rulesReload = new RulesReload({
    folder: rulesDir,
    started: ops,
    holder: pipeline.rules,
    metrics: pipeline.rulesMetrics,
    clock,
    log,
    check: checkInThread(CHECK),
    kept: keepRuleSets(pipeline.store.db),
  });
  await rulesReload.start(read, { trusted: options.rulesAreTrusted }).catch(async (error: unknown) => {
    await lifecycle.close(CLOSE_WITHIN_MS);
    throw error;
  });
  await pipeline.restoreGauges();
  await pipeline.silences.load(pipeline.store.log, EMBEDDED_PARTITION);
  const synthetic = new SyntheticCheck({
    gateway: pipeline.gateway,
    hasRule: (id) => pipeline.rules.current.byId.has(id),
    clock,
    registry,
    log,
    deadManUrl: settings.TOCSIN_DEADMAN_URL,
  });
  pipeline.observe({ onFact: (fact) => synthetic.onFact(fact) });
  const health = new Health(clock, pipeline);
  const app = await createApp({
    pipeline,
    rules,
    rulesReload,
    settings,
    publicUrl,
    channels,
    sandbox,
    clock,
    registry,
    log,
    notReady: () => health.notReady(),
    tracing,
  });
  registerRules(app, rulesReload, settings.TOCSIN_OPS_KEYS);
  lifecycle.onClose('http server', () => app.close());
  return {
    pipeline,
    app,
    settings: ops,
    rulesReload,
    synthetic,
    channels,
    sandbox,
    lifecycle,
    log,
    run: async (stop, deliver = true) => {
      const running = [
        pipeline.runner.run(stop),
        ...(deliver
          ? [
              pipeline.sender.run(stop),
              keepRetention(pipeline, settings.TOCSIN_RETENTION_DAYS, clock, stop),
              synthetic.run(settings.TOCSIN_SYNTHETIC_SECONDS * SECOND, stop),
            ]
          : []),
      ];
      await Promise.all(running.map((one) => one.catch((error: unknown) => health.fail(error))));
      if (health.failure !== undefined) throw health.failure;
    },
  };
}

/** Checks a rules folder in a thread. */
const CHECK = new URL('./rules-reload/check-worker.ts', import.meta.url);

/** Removes what is too old, a few milliseconds at a time, for as long as there is some; then rests. */
async function keepRetention(
  { store }: Pipeline,
  days: number,
  clock: Clock,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    const done = pruneStep(store, clock.now(), days * DAY);
    await setTimeout(done ? RETENTION_REST_MS : RETENTION_STEP_MS, undefined, { signal: stop }).catch(
      () => undefined,
    );
  }
}

/** Whether nothing is left to remove now. A store that takes no writes is left alone until the next look. */
function pruneStep(store: Pipeline['store'], now: number, retentionMs: number): boolean {
  try {
    return store.prune(now, retentionMs).done;
  } catch (error) {
    if (error instanceof StorageUnavailable) return true;
    throw error;
  }
}

/** Looking every ten minutes is soon enough for days. */
const RETENTION_REST_MS = 10 * MINUTE;
/** Between steps everything else gets its turn. */
const RETENTION_STEP_MS = 100;

/** Readiness means progress: the runner looked for work lately and nothing has given up. */
class Health {
  readonly #clock: Clock;
  readonly #pipeline: Pipeline;
  failure: unknown;

  constructor(clock: Clock, pipeline: Pipeline) {
    this.#clock = clock;
    this.#pipeline = pipeline;
  }

  fail(error: unknown): never {
    this.failure = error;
    throw error;
  }

  notReady(): string | undefined {
    if (this.failure !== undefined) return `stopped: ${describeError(this.failure).split('\n')[0]}`;
    const silentMs = this.#clock.now() - this.#pipeline.runner.lastScanAt;
    if (silentMs > STALLED_MS) return `no pass for ${Math.round(silentMs / 1000)} s`;
    return this.#pipeline.storageTrouble();
  }
}

/** The runner looks at least once a second; fifteen missed looks are no hiccup. */
const STALLED_MS = 15_000;

function voices(settings: Settings, log: Logger): OwnVoices {
  if (settings.TOCSIN_OWN_HANDLES.length + settings.TOCSIN_OWN_EMAILS.length === 0) return NO_OWN_VOICES;
  const { unknown, ...own } = ownVoices(settings.TOCSIN_OWN_HANDLES, settings.TOCSIN_OWN_EMAILS);
  for (const entry of unknown)
    log.warn({ entry }, 'own handle or address is not understood and has no effect');
  return own;
}
