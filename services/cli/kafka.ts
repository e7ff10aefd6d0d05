import { SOURCES } from '../contracts/sources.ts';
import { connectKafka, kafkaOf, namesOf } from '../platform/distributed/servers.ts';
import { tlsOf } from '../platform/distributed/settings.ts';
import {
  applyTopics,
  compareTopics,
  planTopics,
  type TopicChange,
  type TopicPlan,
} from '../platform/distributed/topic-plan.ts';
import { checkBroker } from '../platform/event-log/broker-versions.kafka.ts';
import { silentLogger } from '../platform/logging/logger.ts';
import { type Command, EXIT, type Io, readOptions, UsageError } from './command.ts';
import { readServers } from './server-settings.ts';

const OPTIONS = {
  replication: { type: 'string' },
  'retention-days': { type: 'string' },
  'without-sources': { type: 'boolean' },
} as const;

const OPTION_HELP = `
  --replication N      copies of each partition (default 3)
  --retention-days N   how long records are kept, where a topic is not compacted (default 400)
  --without-sources    leaves the four source topics to whoever owns them
  --json               the plan and what differs, as one JSON object

Settings: TOCSIN_KAFKA_BROKERS, TOCSIN_PARTITIONS (default 6), TOCSIN_TOPIC_PREFIX, TOCSIN_KAFKA_TLS, TOCSIN_KAFKA_CA,
TOCSIN_KAFKA_CLIENT_CERT, TOCSIN_KAFKA_CLIENT_KEY, TOCSIN_KAFKA_SASL, TOCSIN_KAFKA_USERNAME, TOCSIN_KAFKA_PASSWORD (or
TOCSIN_KAFKA_PASSWORD_FILE): see infra/logins.md.
`;

export const kafkaCommands: readonly Command[] = [
  {
    name: 'kafka plan',
    summary: 'compare the topics of the cluster with those that Tocsin needs',
    help: `
Usage: tocsin kafka plan [--replication N] [--retention-days N] [--without-sources] [--json]

Shows what "tocsin kafka apply" would change: topics to create, settings to set. Changes nothing.
${OPTION_HELP}
Example, with TOCSIN_KAFKA_BROKERS=broker-1:9092 set:
  tocsin kafka plan

Exit codes: 0 the cluster is as planned; 1 something differs, or no broker answers; 2 used wrongly.
`,
    run: (args, io) => run(args, io, 'plan'),
  },
  {
    name: 'kafka apply',
    summary: 'create the topics that are missing and set their settings',
    help: `
Usage: tocsin kafka apply [--replication N] [--retention-days N] [--without-sources] [--json]

Does what "tocsin kafka plan" shows. Never deletes a topic, never changes a number of partitions or copies: these
are named, to be done by hand. Safe to run again.
${OPTION_HELP}
Example, with TOCSIN_KAFKA_BROKERS=broker-1:9092 set:
  tocsin kafka apply --replication 3

Exit codes: 0 the cluster is as planned now; 1 something is left to do by hand, or no broker answers; 2 used wrongly.
`,
    run: (args, io) => run(args, io, 'apply'),
  },
];

async function run(args: readonly string[], io: Io, verb: 'plan' | 'apply'): Promise<number> {
  const { values } = readOptions(args, OPTIONS);
  const settings = readServers(io, ['TOCSIN_KAFKA_BROKERS']);
  const plan = planTopics({
    partitions: settings.TOCSIN_PARTITIONS,
    replication: positive('--replication', values.replication, 3),
    retentionDays: positive('--retention-days', values['retention-days'], 400),
    names: namesOf(settings),
    without: values['without-sources'] === true ? SOURCES : [],
  });
  const admin = kafkaOf(settings, 'tocsin-cli', silentLogger).admin();
  try {
    await checkBroker(settings.TOCSIN_KAFKA_BROKERS, tlsOf(settings));
    await connectKafka(settings, admin);
    const changes = await compareTopics(admin, plan);
    if (verb === 'apply') await applyTopics(admin, plan, changes);
    const left = verb === 'apply' ? changes.filter(({ change }) => change === 'by_hand') : changes;
    io.out(
      values.json === true ? `${JSON.stringify({ plan, changes, left })}\n` : inWords(plan, changes, verb),
    );
    return left.length === 0 ? EXIT.done : EXIT.foundWrong;
  } catch (error) {
    io.err(`${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.foundWrong;
  } finally {
    await admin.disconnect();
  }
}

function positive(option: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new UsageError(`${option}: got "${text}", expected a whole number from 1 on`);
}

function inWords(
  plan: readonly TopicPlan[],
  changes: readonly TopicChange[],
  verb: 'plan' | 'apply',
): string {
  if (changes.length === 0) return `All ${plan.length} topics are as planned.\n`;
  const lines = changes.map(({ topic, change, says }) => {
    const done =
      verb === 'apply' && change !== 'by_hand' ? 'done: ' : change === 'by_hand' ? 'by hand: ' : '';
    return `${topic}: ${done}${says}`;
  });
  return `${lines.join('\n')}\n`;
}
