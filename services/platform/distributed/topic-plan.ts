import type { Admin } from 'kafkajs';
import { TOPICS, type Topic } from '../../contracts/topics.ts';
import type { TopicNames } from '../event-log/topic-names.ts';
import { DAY } from '../time/clock.ts';

export interface PlanOptions {
  /** The same for all topics: a key has one partition number everywhere. */
  readonly partitions: number;
  readonly replication: number;
  /** How long records are kept, where a topic is not compacted. */
  readonly retentionDays: number;
  /** Source topics that somebody else makes. */
  readonly without?: readonly Topic[];
  readonly names: TopicNames;
}

/** A topic as it should be. */
export interface TopicPlan {
  readonly topic: Topic;
  /** In Kafka. */
  readonly name: string;
  readonly partitions: number;
  readonly replication: number;
  readonly config: Readonly<Record<string, string>>;
}

/** One thing that is not as planned, and whether `apply` can change it. */
export interface TopicChange {
  readonly topic: Topic;
  readonly change: 'create' | 'add_partitions' | 'set_config' | 'by_hand';
  readonly says: string;
}

/** The law gives a month for what a customer wants forgotten. */
const COMPACTED_WITHIN_DAYS = 7;

/** Every topic as code says that it should be. */
export function planTopics({
  partitions,
  replication,
  retentionDays,
  without = [],
  names,
}: PlanOptions): readonly TopicPlan[] {
  return topicNames()
    .filter((topic) => !without.includes(topic))
    .map((topic) => ({
      topic,
      name: names.of(topic),
      partitions,
      replication,
      config: {
        'cleanup.policy': TOPICS[topic].compacted ? 'compact' : 'delete',
        'retention.ms': TOPICS[topic].compacted ? '-1' : String(retentionDays * DAY),
        // What a newer record of its key replaces, or takes back, is gone after so long, however little comes.
        ...(TOPICS[topic].compacted ? { 'max.compaction.lag.ms': String(COMPACTED_WITHIN_DAYS * DAY) } : {}),
        // What one HTTP request may hold.
        'max.message.bytes': '10485760',
        'min.insync.replicas': String(Math.max(1, replication - 1)),
        'compression.type': 'producer',
      },
    }));
}

// The keys of the topic table are the topics.
const topicNames = (): Topic[] => Object.keys(TOPICS) as Topic[];

/** What would have to change for the cluster to be as planned. */
export async function compareTopics(
  admin: Admin,
  plan: readonly TopicPlan[],
): Promise<readonly TopicChange[]> {
  const existing = new Set(await admin.listTopics());
  const present = plan.filter(({ name }) => existing.has(name));
  const metadata =
    present.length === 0
      ? { topics: [] }
      : await admin.fetchTopicMetadata({ topics: present.map(({ name }) => name) });
  const changes: TopicChange[] = [];
  for (const wanted of plan) {
    const { topic, partitions, replication } = wanted;
    const found = metadata.topics.find(({ name }) => name === wanted.name);
    if (found === undefined) {
      changes.push({
        topic,
        change: 'create',
        says: `create with ${partitions} partitions, ${replication} copies`,
      });
      continue;
    }
    changes.push(...partitionChanges(wanted, found.partitions));
    changes.push(...(await configChanges(admin, wanted)));
  }
  return changes;
}

function partitionChanges(
  { topic, partitions, replication }: TopicPlan,
  found: readonly { readonly replicas: readonly number[] }[],
): TopicChange[] {
  const changes: TopicChange[] = [];
  if (found.length !== partitions) {
    // More partitions would send keys elsewhere than where their state is.
    const says = `has ${found.length} partitions, planned are ${partitions}: move to new topics, or change TOCSIN_PARTITIONS`;
    changes.push({ topic, change: 'by_hand', says });
  }
  const copies = found[0]?.replicas.length ?? 0;
  if (copies !== replication) {
    const says = `has ${copies} copies, planned are ${replication}: kafka-reassign-partitions`;
    changes.push({ topic, change: 'by_hand', says });
  }
  return changes;
}

async function configChanges(
  admin: Admin,
  { topic, name: topicName, config }: TopicPlan,
): Promise<TopicChange[]> {
  const names = Object.keys(config);
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: TOPIC_RESOURCE, name: topicName, configNames: names }],
  });
  const found = new Map(resources[0]?.configEntries.map((entry) => [entry.configName, entry.configValue]));
  return names
    .filter((name) => found.get(name) !== config[name])
    .map((name) => ({
      topic,
      change: 'set_config',
      says: `set ${name}: ${found.get(name)} → ${config[name]}`,
    }));
}

/** New topics take a moment until every broker knows who leads them. */
async function untilKnown(admin: Admin, topics: readonly string[]): Promise<void> {
  if (topics.length === 0) return;
  for (let left = KNOWN_WITHIN_MS; ; left -= ASK_EVERY_MS) {
    try {
      const found = await admin.fetchTopicMetadata({ topics: [...topics] });
      if (found.topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))) return;
    } catch (error) {
      if (left <= 0) throw error;
    }
    await new Promise((resume) => setTimeout(resume, ASK_EVERY_MS));
  }
}

const KNOWN_WITHIN_MS = 30_000;
const ASK_EVERY_MS = 100;

/** Kafka's number for a topic among the things that have settings. */
const TOPIC_RESOURCE = 2;

/** Does what `compareTopics` found, as far as that can be done without moving data. */
export async function applyTopics(
  admin: Admin,
  plan: readonly TopicPlan[],
  changes: readonly TopicChange[],
): Promise<void> {
  const wanted = (topic: Topic): TopicPlan[] => plan.filter((one) => one.topic === topic);
  const missing = changes.filter(({ change }) => change === 'create').flatMap(({ topic }) => wanted(topic));
  if (missing.length > 0) {
    await admin.createTopics({
      // The client's own waiting gives up at the first broker that has not heard of the topics yet.
      waitForLeaders: false,
      topics: missing.map(({ name: topic, partitions, replication, config }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor: replication,
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
      })),
    });
  }
  await untilKnown(
    admin,
    missing.map(({ name }) => name),
  );
  const toSet = new Set(changes.filter(({ change }) => change === 'set_config').map(({ topic }) => topic));
  if (toSet.size === 0) return;
  await admin.alterConfigs({
    validateOnly: false,
    resources: [...toSet].flatMap(wanted).map(({ name: topicName, config }) => ({
      type: TOPIC_RESOURCE,
      name: topicName,
      configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
    })),
  });
}
