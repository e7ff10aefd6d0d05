import { keepRuleSets } from '../action-management/adapters/kept-rule-sets.postgres.ts';
import type { Topic } from '../contracts/topics.ts';
import { DataFolderUnusable } from '../platform/database/data-folder.ts';
import { codecOf, kafkaOf, namesOf, postgresOf } from '../platform/distributed/servers.ts';
import { type ServerSettings, tlsOf } from '../platform/distributed/settings.ts';
import { checkBroker } from '../platform/event-log/broker-versions.kafka.ts';
import { drainTopics } from '../platform/event-log/drain-topics.kafka.ts';
import { StorageUnavailable } from '../platform/event-log/event-log.ts';
import { silentLogger } from '../platform/logging/logger.ts';
import { systemClock } from '../platform/time/clock.ts';
import { type Command, EXIT, globals, type Io, readOptions } from './command.ts';
import { NotForHistory, PulledFile } from './history/pulled-file.ts';
import { instant } from './risk-fit.ts';
import { readServers } from './server-settings.ts';

/** What the commands read that look at a history. */
const TOPICS = ['signals', 'assessments', 'alert-commands', 'alerts'] as const satisfies readonly Topic[];

export const historyPullCommand: Command = {
  name: 'history pull',
  summary: 'copy the history of many machines into a folder, for the commands that read one',
  help: `
Usage: tocsin history pull --data DIR [--since DATE] [--json]

Reads ${TOPICS.join(', ')} from Kafka, as far as they are kept there, and the sets of rules that
were in force from PostgreSQL, into one file of DIR. Then these read it there, as often as wanted and without a question
to the servers: "rules replay", "rules diff", "risk fit --from-outcomes", "evaluate --since", each with --data DIR.

Pulled again, a folder takes what is new. A pull that was interrupted goes on where it was. Services are not disturbed. The
folder holds what customers said: treat it as you treat the database, and delete it when you are done.

  --since DATE   leave out what was recorded before that day, at the first pull; windows of rules that reach further back then
                 see less than they did
  --json         what the folder holds now, by topic

Settings: TOCSIN_KAFKA_BROKERS, TOCSIN_REGISTRY_URL, TOCSIN_DATABASE_URL, TOCSIN_TOPIC_PREFIX, and logins as the services have
them (infra/logins.md).

Example:
  tocsin history pull --data history --since 2026-09-01
  tocsin rules replay --data history --rules my-rules

Exit codes: 0 done; 1 the servers do not answer or the folder cannot be used; 2 used wrongly.
`,
  run: runPull,
};

async function runPull(args: readonly string[], io: Io): Promise<number> {
  const { values } = readOptions(args, { since: { type: 'string' } });
  const since = values.since === undefined ? undefined : instant(values.since, '--since');
  const { data } = globals(values, io);
  const settings = readServers(io, ['TOCSIN_KAFKA_BROKERS', 'TOCSIN_REGISTRY_URL', 'TOCSIN_DATABASE_URL']);
  try {
    await checkBroker(settings.TOCSIN_KAFKA_BROKERS, tlsOf(settings));
    const file = new PulledFile(data);
    try {
      const unreadable = await pull(settings, file, since, io);
      const arranged = file.arrange();
      file.keepRules(await rulesInForce(settings));
      const topics = file.counts();
      if (values.json === true) io.out(`${JSON.stringify({ pulled: arranged, unreadable, topics })}\n`);
      else {
        for (const { topic, records } of topics) io.out(`${topic.padEnd(15)}  ${records}\n`);
        io.out(
          `${arranged} new records${unreadable > 0 ? `, ${unreadable} that cannot be read left out` : ''}\n`,
        );
      }
      return EXIT.done;
    } finally {
      file.close();
    }
  } catch (error) {
    if (
      !(
        error instanceof StorageUnavailable ||
        error instanceof DataFolderUnusable ||
        error instanceof NotForHistory
      )
    )
      throw error;
    io.err(`tocsin history pull: ${error.message}\n`);
    return EXIT.foundWrong;
  }
}

/** Answers how many records nobody can read. */
async function pull(
  settings: ServerSettings,
  file: PulledFile,
  since: number | undefined,
  io: Io,
): Promise<number> {
  const codec = codecOf(settings, systemClock);
  let unreadable = 0;
  let told = 0;
  await drainTopics(
    {
      kafka: kafkaOf(settings, 'tocsin-history', silentLogger),
      names: namesOf(settings),
      topics: TOPICS,
      startOf: (topic, partition) => file.startOf(topic, partition),
      since,
      take: async (topic, partition, fetched, next) => {
        const records = [];
        for (const { offset, timestamp: at, key, value } of fetched) {
          const decoded = await codec.decode(topic, value);
          if (decoded.ok) records.push({ offset, at, key, value: decoded.value });
          else unreadable += 1;
        }
        file.put(topic, partition, records, next);
      },
    },
    ({ read, total }) => {
      if (read < told + TELL_EVERY && read < total) return;
      told = read;
      io.err(`${read} of ${total} records\n`);
    },
  );
  return unreadable;
}

const TELL_EVERY = 50_000;

async function rulesInForce(settings: ServerSettings) {
  const postgres = postgresOf(settings, 'tocsin history', { connections: 1 });
  try {
    return await keepRuleSets(postgres).between(0, Number.MAX_SAFE_INTEGER);
  } finally {
    await postgres.close();
  }
}
