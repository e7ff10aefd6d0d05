import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { Admin, Kafka } from 'kafkajs';
import { SOURCES } from '../../contracts/sources.ts';
import type { Topic } from '../../contracts/topics.ts';
import { writeBenchRules } from '../../embedded/bench/bench-rules.ts';
import { createTraffic } from '../../embedded/bench/traffic.ts';
import { migratePostgres } from '../../platform/database/migrate.postgres.ts';
import { PLATFORM_POSTGRES_MIGRATIONS } from '../../platform/database/migrations.postgres.ts';
import type { Postgres } from '../../platform/database/postgres.ts';
import { type RegistryAccess, registerSchemas } from '../../platform/distributed/schema-registration.ts';
import {
  codecOf,
  kafkaOf,
  namesOf,
  ourSchemas,
  postgresOf,
  registryOf,
} from '../../platform/distributed/servers.ts';
import { applyTopics, compareTopics, planTopics } from '../../platform/distributed/topic-plan.ts';
import type { RegistryCodec } from '../../platform/event-log/schemas.registry.ts';
import type { TopicNames } from '../../platform/event-log/topic-names.ts';
import { silentLogger } from '../../platform/logging/logger.ts';
import { systemClock } from '../../platform/time/clock.ts';
import { makeBenchFolder } from '../bench-folder.ts';
import type { Io } from '../command.ts';
import { measureLatency, type Percentiles } from './latency.ts';
import { runRawLoop, throughAvro } from './raw-loop.ts';
import { encodeBatch, type SourceProducer, sourceProducer } from './records.ts';
import { findServers } from './servers.ts';
import { type ServiceProcess, type Spent, startInstance } from './service-process.ts';
import { StageProgress } from './stage-progress.ts';

export interface DistributedBenchOptions {
  /** Records that are measured, after the customers' profiles. */
  readonly records: number;
  readonly customers: number;
  readonly rules: number;
  readonly partitions: number;
  readonly seed: number;
  readonly latencySeconds: number;
  readonly io: Io;
}

export interface DistributedBenchResult {
  /** Of the stage that comes off worst: what it does in a second against `rawPerSecondOfStage`. */
  readonly ratioToRaw: number;
  /** The same against `rawBytesPerSecondOfStage`. */
  readonly ratioToRawBytes: number;
  readonly slowestStagePerSecond: number;
  /** From the producer's send to the arrival of the alert request in its topic, at half load. */
  readonly produceToRequestMs: Percentiles;
  /** Each stage by itself, over what it is given. */
  readonly perSecondOfStage: Readonly<Record<string, number>>;
  /** kafkajs and the registry's client alone: consuming the stage's records, decoding, encoding, producing them again. */
  readonly rawPerSecondOfStage: Readonly<Record<string, number>>;
  /** kafkajs alone, producing the bytes again as they came. */
  readonly rawBytesPerSecondOfStage: Readonly<Record<string, number>>;
  /** Time that one commit takes, as the stage sees it. */
  readonly commitMsOfStage: Readonly<Record<string, number>>;
  readonly recordsPerCommitOfStage: Readonly<Record<string, number>>;
  /** CPU of the stage's process for one record; what Kafka and PostgreSQL spend comes on top. */
  readonly cpuMicrosOfStage: Readonly<Record<string, number>>;
  /** The same of kafkajs alone, through Avro: what to compare with where other work keeps the machine busy. */
  readonly rawCpuMicrosOfStage: Readonly<Record<string, number>>;
  /** All six services at once on this machine, source records a second. */
  readonly pipelinePerSecond: number;
  /** Two instances of the slowest stage, relative to one. */
  readonly twoInstancesRatio: number;
}

/** The stages that see every record, in the order of the flow, with what each is given. */
const STAGES: readonly {
  readonly name: string;
  readonly given: readonly Topic[];
  readonly own: readonly Topic[];
}[] = [
  { name: 'ingestion', given: SOURCES, own: ['identities'] },
  { name: 'scoring', given: ['signals'], own: [] },
  { name: 'action-management', given: ['assessments'], own: ['segment-entries', 'segment-loops'] },
  { name: 'alerting', given: ['signals'], own: ['alert-requests', 'customer-loops', 'contact-proofs'] },
  { name: 'loop-closure', given: ['assessments'], own: ['alerts'] },
];
const ALL = [...STAGES.map(({ name }) => name), 'notification'];
type Stage = (typeof STAGES)[number];

const BATCH = 500;

/**
 * Measures the services on real servers against kafkajs alone, in one run.
 *
 * First each stage by itself works off its backlog, in a process of its own, and then the raw loop the same records:
 * so that both have the machine for themselves. Then all services run together for throughput, latency, and a second instance.
 */
export async function benchDistributed(options: DistributedBenchOptions): Promise<DistributedBenchResult> {
  const name = `bench-${randomUUID().slice(0, 8)}`;
  const rules = makeBenchFolder();
  options.io.err('servers: Kafka, schema registry, PostgreSQL\n');
  const servers = await findServers(options.io, name, options.partitions);
  try {
    writeBenchRules(rules, options.rules);
    const bench = await openBench(options, servers.settings, { ...servers.env, TOCSIN_RULES_DIR: rules });
    try {
      return await measure(bench);
    } finally {
      await bench.close();
    }
  } finally {
    await servers.stop();
    rmSync(rules, { recursive: true, force: true });
  }
}

/** Where the raw loop produces to. */
const rawTopic = (names: TopicNames): string => `${names.of('signals')}-raw`;

interface Bench {
  readonly options: DistributedBenchOptions;
  readonly env: Readonly<Record<string, string>>;
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly names: TopicNames;
  readonly codec: RegistryCodec;
  readonly registry: RegistryAccess;
  readonly producer: SourceProducer;
  readonly postgres: Postgres;
  readonly progress: StageProgress;
  readonly traffic: ReturnType<typeof createTraffic>;
  close(): Promise<void>;
}

async function openBench(
  options: DistributedBenchOptions,
  settings: Awaited<ReturnType<typeof findServers>>['settings'],
  env: Readonly<Record<string, string>>,
): Promise<Bench> {
  const names = namesOf(settings);
  const kafka = kafkaOf(settings, 'tocsin-bench', silentLogger);
  const admin = kafka.admin();
  await admin.connect();
  const plan = planTopics({ partitions: options.partitions, replication: 1, retentionDays: 1, names });
  const raw = plan
    .filter(({ topic }) => topic === 'signals')
    .map((one) => ({ ...one, name: rawTopic(names) }));
  for (const part of [plan, raw]) await applyTopics(admin, part, await compareTopics(admin, part));
  await registerSchemas(registryOf(settings), ourSchemas().all);
  const codec = codecOf(settings, systemClock);
  await codec.warm(codec.topics());
  const postgres = postgresOf(settings, 'tocsin bench', { connections: 2 });
  await migratePostgres(postgres, PLATFORM_POSTGRES_MIGRATIONS);
  const producer = await sourceProducer(kafka, names);
  return {
    options,
    env,
    kafka,
    admin,
    names,
    codec,
    registry: registryOf(settings),
    producer,
    postgres,
    progress: new StageProgress(postgres, admin, names),
    traffic: createTraffic(options.customers, options.seed, systemClock.now()),
    close: async () => {
      await producer.close();
      const made = (await admin.listTopics()).filter((topic) =>
        topic.startsWith(settings.TOCSIN_TOPIC_PREFIX),
      );
      await admin.deleteTopics({ topics: made });
      await admin.disconnect();
      await postgres.close();
    },
  };
}

async function measure(bench: Bench): Promise<DistributedBenchResult> {
  const { options } = bench;
  const { records } = options;
  const say = (words: string): void => options.io.err(`${words}\n`);
  await produceProfiles(bench);
  await produceTraffic(bench, records);
  const measured: Record<string, StageFigures & RawFigures> = {};
  for (const stage of STAGES) {
    const figures = await measureStage(bench, stage, 1);
    // After it: then all that the stage was given is there, whichever stage has put it out.
    const raw = await measureRaw(bench, stage);
    measured[stage.name] = { ...figures, ...raw };
    say(
      `${stage.name}: ${Math.round(figures.perSecond)} a second, a commit takes ${rounded(figures.commitMs)} ms; ` +
        `kafkajs alone ${Math.round(raw.raw)}, without Avro ${Math.round(raw.rawBytes)}`,
    );
  }
  const slowest = STAGES.reduce((one, other) =>
    (measured[other.name]?.perSecond ?? 0) < (measured[one.name]?.perSecond ?? 0) ? other : one,
  );
  const slowestPerSecond = measured[slowest.name]?.perSecond ?? Number.NaN;
  const ratios = Object.values(measured).map(({ perSecond, raw }) => perSecond / raw);
  const ratiosToBytes = Object.values(measured).map(({ perSecond, rawBytes }) => perSecond / rawBytes);

  // Twice as many: the first of the two begins while the second one joins.
  await produceTraffic(bench, 2 * records);
  for (const stage of STAGES.slice(0, STAGES.indexOf(slowest))) await workOff(bench, stage);
  const two = await measureStage(bench, slowest, 2);
  say(`${slowest.name}, two instances: ${Math.round(two.perSecond)} a second`);

  say('all services together');
  const services = await Promise.all(ALL.map((name) => startInstance(name, bench.env)));
  try {
    await atTheEnd(bench, STAGES);
    const began = performance.now();
    await produceTraffic(bench, records);
    await atTheEnd(bench, STAGES);
    const pipeline = (records / (performance.now() - began)) * 1000;
    say(`all services: ${Math.round(pipeline)} records a second; latency at half of that`);
    const latency = await measureLatency({
      ...bench,
      perSecond: pipeline / 2,
      seconds: options.latencySeconds,
    });
    return {
      ratioToRaw: rounded(Math.min(...ratios)),
      ratioToRawBytes: rounded(Math.min(...ratiosToBytes)),
      slowestStagePerSecond: Math.round(slowestPerSecond),
      produceToRequestMs: latency,
      perSecondOfStage: figureOf(measured, ({ perSecond }) => Math.round(perSecond)),
      rawPerSecondOfStage: figureOf(measured, ({ raw }) => Math.round(raw)),
      rawBytesPerSecondOfStage: figureOf(measured, ({ rawBytes }) => Math.round(rawBytes)),
      commitMsOfStage: figureOf(measured, ({ commitMs }) => rounded(commitMs)),
      recordsPerCommitOfStage: figureOf(measured, ({ recordsPerCommit }) => Math.round(recordsPerCommit)),
      cpuMicrosOfStage: figureOf(measured, ({ cpuMicros }) => rounded(cpuMicros)),
      rawCpuMicrosOfStage: figureOf(measured, ({ rawCpuMicros }) => rounded(rawCpuMicros)),
      pipelinePerSecond: Math.round(pipeline),
      twoInstancesRatio: rounded(two.perSecond / slowestPerSecond),
    };
  } finally {
    await Promise.all(services.map((service) => service.stop()));
  }
}

const figureOf = <T>(of: Readonly<Record<string, T>>, figure: (one: T) => number): Record<string, number> =>
  Object.fromEntries(Object.entries(of).map(([name, one]) => [name, figure(one)]));

interface StageFigures {
  readonly perSecond: number;
  readonly commitMs: number;
  readonly recordsPerCommit: number;
  readonly cpuMicros: number;
}

interface RawFigures {
  readonly raw: number;
  readonly rawBytes: number;
  readonly rawCpuMicros: number;
}

/** What kafkajs does with the same records, in a loop of its own. */
async function measureRaw({ kafka, names, progress, registry }: Bench, stage: Stage): Promise<RawFigures> {
  const records = await progress.end(stage.given);
  const loop = {
    kafka,
    from: stage.given.map((topic) => names.of(topic)),
    to: rawTopic(names),
    records,
  };
  // The bytes first: by then the client's code is warm, as the stage's was.
  const rawBytes = await runRawLoop({ ...loop, group: names.group(`raw-bytes-${stage.name}`) });
  const before = process.cpuUsage();
  const raw = await runRawLoop({
    ...loop,
    group: names.group(`raw-${stage.name}`),
    pass: throughAvro(registry),
  });
  const { user, system } = process.cpuUsage(before);
  return { rawBytes, raw, rawCpuMicros: (user + system) / records };
}

/** One stage with so many instances works off what lies before it; the first part warms it up and is not counted. */
async function measureStage(bench: Bench, stage: Stage, instances: number): Promise<StageFigures> {
  const { progress } = bench;
  const before = await progress.done(stage.name, stage.given);
  const given = (await progress.end(stage.given)) - before;
  const warm = before + Math.floor(given * WARM_UP);
  const processes = await Promise.all(
    Array.from({ length: instances }, () => startInstance(stage.name, bench.env)),
  );
  try {
    const cold = { done: before, spent: await totalOf(processes) };
    // The last look before it was warm; or the first one, when it was as soon as it was ready.
    let began = performance.now();
    let done = await progress.done(stage.name, stage.given);
    let startedWith = done;
    for (; done < warm; done = await progress.done(stage.name, stage.given)) {
      startedWith = done;
      began = performance.now();
      await pause(LOOK_EVERY_MS);
    }
    const end = before + given;
    const from = done < end ? { done, spent: await totalOf(processes) } : cold;
    await atTheEnd(bench, [stage]);
    const seconds = (performance.now() - began) / 1000;
    const spent = await totalOf(processes);
    const commits = spent.commits - from.spent.commits;
    return {
      perSecond: (end - startedWith) / seconds,
      commitMs: ((spent.commitSeconds - from.spent.commitSeconds) / commits) * 1000,
      recordsPerCommit: (end - from.done) / commits,
      cpuMicros: ((spent.cpuSeconds - from.spent.cpuSeconds) / (end - from.done)) * 1_000_000,
    };
  } finally {
    await Promise.all(processes.map((one) => one.stop()));
  }
}

const WARM_UP = 0.3;
const LOOK_EVERY_MS = 20;

async function totalOf(processes: readonly ServiceProcess[]): Promise<Spent> {
  const all = await Promise.all(processes.map((one) => one.spent()));
  const sum = (figure: keyof Spent): number => all.reduce((total, one) => total + one[figure], 0);
  return { commits: sum('commits'), commitSeconds: sum('commitSeconds'), cpuSeconds: sum('cpuSeconds') };
}

async function workOff(bench: Bench, stage: Stage): Promise<void> {
  const one = await startInstance(stage.name, bench.env);
  await atTheEnd(bench, [stage]);
  await one.stop();
}

/** Waits until the stages have finished with all that lies before them, and put out all that came of it. */
async function atTheEnd({ progress }: Bench, stages: readonly Stage[]): Promise<void> {
  for (const { name, given, own } of stages) {
    const topics = [...given, ...own];
    let end = await progress.end(topics);
    for (;;) {
      const done = await progress.done(name, topics);
      // Kafka is asked again only when that is reached: what it spends on answers the stage would have to wait for.
      if (done >= end) end = await progress.end(topics);
      if (done >= end && !(await progress.puttingOut(name))) break;
      await pause(LOOK_EVERY_MS);
    }
  }
}

async function produceProfiles({ options, traffic, codec, producer }: Bench): Promise<void> {
  for (let from = 0; from < options.customers; from += BATCH) {
    const batch = traffic.profiles(from, Math.min(options.customers, from + BATCH));
    await producer.send(encodeBatch(batch, codec, systemClock.now()));
  }
}

async function produceTraffic({ traffic, codec, producer }: Bench, records: number): Promise<void> {
  for (let left = records; left > 0; left -= BATCH) {
    const batch = traffic.batch(Math.min(left, BATCH), systemClock.now());
    await producer.send(encodeBatch(batch, codec, systemClock.now()));
  }
}

const pause = (ms: number): Promise<void> => new Promise((resume) => setTimeout(resume, ms));

const rounded = (value: number): number => Math.round(value * 1000) / 1000;
