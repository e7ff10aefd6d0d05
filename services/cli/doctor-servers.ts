import type { NamedSql } from '../platform/database/postgres.ts';
import { checkSchemas } from '../platform/distributed/schema-registration.ts';
import {
  connectKafka,
  kafkaOf,
  namesOf,
  ourSchemas,
  postgresOf,
  registryOf,
} from '../platform/distributed/servers.ts';
import { type ServerSettings, tlsOf } from '../platform/distributed/settings.ts';
import { compareTopics, planTopics } from '../platform/distributed/topic-plan.ts';
import { checkBroker } from '../platform/event-log/broker-versions.kafka.ts';
import { silentLogger } from '../platform/logging/logger.ts';
import { SERVICE_URLS, type ServiceUrl } from './client.ts';
import { type Io, UsageError } from './command.ts';
import { readServers } from './server-settings.ts';

/** What one look found. */
export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly says: string;
}

const SERVERS = ['TOCSIN_KAFKA_BROKERS', 'TOCSIN_REGISTRY_URL', 'TOCSIN_DATABASE_URL'] as const;
// The keys are all that it has.
const SERVICES = Object.keys(SERVICE_URLS) as readonly ServiceUrl[];

const isSet = ({ env }: Io, name: string): boolean =>
  (env[name] ?? '') !== '' || env[`${name}_FILE`] !== undefined;

/** Whether the environment speaks of many machines. */
export const namesMany = (io: Io): boolean => [...SERVERS, ...SERVICES].some((name) => isSet(io, name));

/** What the servers and services of many machines say, as far as the environment names them. */
export async function findingsOfMany(io: Io): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const named = SERVERS.filter((name) => isSet(io, name));
  if (named.length > 0) {
    const settings = serverSettings(io);
    findings.push(settings.finding);
    if (settings.read !== undefined) findings.push(...(await serversSay(settings.read)));
  }
  for (const name of SERVICES) {
    const url = io.env[name] ?? '';
    if (url !== '') findings.push(await looked(serviceOf(name), () => readiness(url)));
  }
  return findings;
}

function serverSettings(io: Io): { readonly finding: Finding; readonly read?: ServerSettings } {
  try {
    const read = readServers(io, SERVERS);
    const { TOCSIN_TOPIC_PREFIX: prefix, TOCSIN_PARTITIONS: partitions } = read;
    const says = `${partitions} partitions${prefix === '' ? '' : `, names begin with ${prefix}`}`;
    return { finding: { check: 'servers', ok: true, says }, read };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { finding: { check: 'servers', ok: false, says: error.message.replaceAll('\n', '; ') } };
  }
}

const serversSay = (settings: ServerSettings): Promise<readonly Finding[]> =>
  Promise.all([
    looked('topics', () => topics(settings)),
    looked('schemas', () => schemas(settings)),
    looked('database', () => database(settings)),
  ]);

/** Whatever goes wrong while looking is what was found. */
async function looked(check: string, look: () => Promise<Omit<Finding, 'check'>>): Promise<Finding> {
  try {
    return { check, ...(await look()) };
  } catch (error) {
    return { check, ok: false, says: error instanceof Error ? error.message : String(error) };
  }
}

async function topics(settings: ServerSettings): Promise<Omit<Finding, 'check'>> {
  await checkBroker(settings.TOCSIN_KAFKA_BROKERS, tlsOf(settings));
  const admin = kafkaOf(settings, 'tocsin-doctor', silentLogger).admin();
  try {
    await connectKafka(settings, admin);
    const { brokers } = await admin.describeCluster();
    const plan = planTopics({
      partitions: settings.TOCSIN_PARTITIONS,
      replication: Math.min(SAFE_COPIES, brokers.length),
      retentionDays: DEFAULT_RETENTION_DAYS,
      names: namesOf(settings),
    });
    // How long records are kept is for those who run it to say.
    const wrong = (await compareTopics(admin, plan)).filter(({ change }) => change !== 'set_config');
    const [first] = wrong;
    const brokersSay = `${brokers.length} broker${brokers.length === 1 ? '' : 's'}`;
    if (first === undefined) return { ok: true, says: `all ${plan.length} on ${brokersSay}` };
    const says = `${wrong.length} of ${plan.length} are not as planned (${first.topic}: ${first.says}); see tocsin kafka plan`;
    return { ok: false, says };
  } finally {
    await admin.disconnect();
  }
}

/** As `tocsin kafka plan` has them. */
const SAFE_COPIES = 3;
const DEFAULT_RETENTION_DAYS = 400;

async function schemas(settings: ServerSettings): Promise<Omit<Finding, 'check'>> {
  const standings = await checkSchemas(registryOf(settings), ourSchemas().all);
  const wrong = standings.filter(({ standing }) => standing !== 'registered');
  const [first] = wrong;
  if (first === undefined) return { ok: true, says: `all ${standings.length} versions are registered` };
  const says = `${wrong.length} of ${standings.length} are not registered (${first.subject}); see tocsin schemas check`;
  return { ok: false, says };
}

async function database(settings: ServerSettings): Promise<Omit<Finding, 'check'>> {
  const postgres = postgresOf(settings, 'tocsin doctor', { connections: 1 });
  try {
    const [row] = await postgres.query<{ version: string; tables: boolean }>(LOOK, []);
    const { version = '', tables = false } = row ?? {};
    const says = `PostgreSQL ${version}, ${tables ? 'with tables' : 'without tables yet: the first service makes them'}`;
    return { ok: true, says };
  } finally {
    await postgres.close();
  }
}

const LOOK: NamedSql = {
  name: 'doctor-look',
  text: `SELECT current_setting('server_version') AS version, to_regclass('migration') IS NOT NULL AS tables`,
};

/** `TOCSIN_LOOP_CLOSURE_URL`: loop-closure. */
const serviceOf = (name: ServiceUrl): string =>
  name
    .replace(/^TOCSIN_(.*)_URL$/, '$1')
    .toLowerCase()
    .replace('_', '-');

async function readiness(url: string): Promise<Omit<Finding, 'check'>> {
  const answer = await fetch(new URL('/readyz', url), {
    signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
  }).catch(({ name, cause }) => {
    throw new Error(`${url} does not answer (${cause?.code ?? name})`);
  });
  const said = answer.ok ? 'ready' : `not ready: ${(await answer.text()).slice(0, 500)}`;
  return { ok: answer.ok, says: `${url} is ${said}` };
}

const ANSWERS_WITHIN_MS = 5_000;
