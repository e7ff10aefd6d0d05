import { fileURLToPath } from 'node:url';
import type { Kafka } from 'kafkajs';
import type { Topic } from '../../contracts/topics.ts';
import { loadSchemas, newestSchemas, type TopicSchema } from '../codec/schema-files.ts';
import { Postgres, type PostgresOptions } from '../database/postgres.ts';
import { createKafka, type KafkaOptions } from '../event-log/client.kafka.ts';
import { RegistryCodec } from '../event-log/schemas.registry.ts';
import { prefixed, type TopicNames } from '../event-log/topic-names.ts';
import type { Logger } from '../logging/logger.ts';
import type { Clock } from '../time/clock.ts';
import type { RegistryAccess } from './schema-registration.ts';
import { type ServerSettings, saslOf, tlsOf } from './settings.ts';

/** The schemas that come with this version. */
export const SCHEMAS = fileURLToPath(new URL('../../../schemas', import.meta.url));

/** Kafka as the settings say, under the name of whoever uses it. */
export const kafkaOf = (settings: ServerSettings, clientId: string, log: Logger): Kafka =>
  createKafka({ ...kafkaAccessOf(settings, clientId), log });

/** Where Kafka is, and how to log in. */
export function kafkaAccessOf(settings: ServerSettings, clientId: string): Omit<KafkaOptions, 'log'> {
  const ssl = tlsOf(settings);
  const sasl = saslOf(settings);
  return {
    brokers: settings.TOCSIN_KAFKA_BROKERS,
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
  };
}

/** The brokers know the user not, or by another password; `message` names the settings. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused';
}

/** Connects; throws `LoginRefused` when that is what the brokers do. */
export async function connectKafka(
  settings: ServerSettings,
  client: { connect(): Promise<void> },
): Promise<void> {
  try {
    await client.connect();
  } catch (error) {
    // By its name: it may come from another thread.
    if (!(error instanceof Error && error.name === 'KafkaJSSASLAuthenticationError')) throw error;
    throw new LoginRefused(
      `Kafka refuses the login of TOCSIN_KAFKA_USERNAME with TOCSIN_KAFKA_PASSWORD (${settings.TOCSIN_KAFKA_SASL}): ${error.message}`,
      { cause: error },
    );
  }
}

export const namesOf = (settings: ServerSettings): TopicNames => prefixed(settings.TOCSIN_TOPIC_PREFIX);

export function postgresOf(
  settings: ServerSettings,
  applicationName: string,
  options: Pick<PostgresOptions, 'connections' | 'statementTimeoutMs'>,
): Postgres {
  const password = settings.TOCSIN_DATABASE_PASSWORD;
  return new Postgres({
    url: settings.TOCSIN_DATABASE_URL,
    applicationName,
    ...(password === undefined ? {} : { password }),
    ...options,
  });
}

export function registryOf(settings: ServerSettings): RegistryAccess {
  const { TOCSIN_REGISTRY_USERNAME: username, TOCSIN_REGISTRY_PASSWORD: password } = settings;
  return {
    url: settings.TOCSIN_REGISTRY_URL,
    names: namesOf(settings),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
}

/** Every schema version, oldest first, and the newest of each topic. */
export function ourSchemas(): {
  readonly all: readonly TopicSchema[];
  readonly newest: ReadonlyMap<Topic, TopicSchema>;
} {
  const all = loadSchemas(SCHEMAS);
  return { all, newest: newestSchemas(all) };
}

export function codecOf(
  settings: ServerSettings,
  clock: Clock,
  onRequest?: (outcome: 'found' | 'not_found' | 'failed') => void,
): RegistryCodec {
  return new RegistryCodec({
    ...registryOf(settings),
    schemas: ourSchemas().newest,
    clock,
    ...(onRequest === undefined ? {} : { onRequest }),
  });
}
