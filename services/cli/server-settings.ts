import { readEnv } from '../platform/config/env.ts';
import { contradictions, type ServerSettings, serverSettings } from '../platform/distributed/settings.ts';
import { type Io, UsageError } from './command.ts';

/** The keys of the settings that a command needs; the others may be missing. */
type Needed = readonly (keyof ServerSettings)[];

/**
 * Where the servers of the distributed mode are, from the same variables as the services read. What the command
 * does not need may be missing; the settings of services are known and left alone.
 */
export function readServers(io: Io, needed: Needed): ServerSettings {
  const given = Object.fromEntries(
    Object.entries(io.env).filter(([name]) =>
      Object.keys(serverSettings.shape).some((key) => name.startsWith(key)),
    ),
  );
  const read = readEnv(serverSettings, { ...STAND_INS, ...given });
  const missing = needed.filter((name) => given[name] === undefined && given[`${name}_FILE`] === undefined);
  const problems = [
    ...missing.map((name) => `${name}: is not set, and this command needs it`),
    ...(read.ok ? contradictions(read.value) : read.problems),
  ];
  if (read.ok && problems.length === 0) return read.value;
  throw new UsageError(problems.join('\n'));
}

/** Takes the place of what a command does not use. */
const STAND_INS = {
  TOCSIN_KAFKA_BROKERS: 'not-used:9092',
  TOCSIN_REGISTRY_URL: 'http://not-used',
  TOCSIN_DATABASE_URL: 'postgres://not-used',
};
