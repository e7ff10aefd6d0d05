import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ChildServer, freePort, portAnswers, SHORT_LIVED, startChildServer } from './child-server.ts';
import { kafkaJars } from './downloads.ts';

export interface KafkaBroker {
  readonly id: number;
  readonly address: string;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port. */
  start(): Promise<void>;
  /** `SIGSTOP` and `SIGCONT`. */
  signal(name: NodeJS.Signals): void;
}

export interface KafkaCluster {
  /** As clients take them: `host:port,host:port`. */
  readonly brokers: string;
  readonly nodes: readonly KafkaBroker[];
  /** The same brokers where they want TLS and a login; empty when none was asked for. */
  readonly secureBrokers: string;
  /** The same brokers where they want TLS and a client's certificate. */
  readonly mutualBrokers: string;
  stop(): Promise<void>;
}

/**
 * Further listeners of each broker: TLS, and users who log in by PLAIN or SCRAM-SHA-512; and TLS with clients who
 * show a certificate.
 */
export interface KafkaLogin {
  /** PEM file with the brokers' key and certificate. */
  readonly keyAndCertificate: string;
  /** PEM file with the certificate that a client must show. */
  readonly clientCertificate: string;
  readonly username: string;
  readonly password: string;
}

interface Node {
  readonly id: number;
  readonly port: number;
  readonly securePort: number;
  readonly mutualPort: number;
  readonly controllerPort: number;
}

/** Apache Kafka in KRaft mode, each node broker and controller, with data below `folder`. */
export async function startKafka(folder: string, count: 1 | 3, login?: KafkaLogin): Promise<KafkaCluster> {
  const jars = kafkaJars();
  const clusterId = 'dG9jc2luLWJlbmNoLTAwMQ';
  const nodes: Node[] = [];
  for (let id = 1; id <= count; id++) {
    nodes.push({
      id,
      port: await freePort(),
      securePort: await freePort(),
      mutualPort: await freePort(),
      controllerPort: await freePort(),
    });
  }
  for (const node of nodes) prepare(folder, jars, clusterId, node, nodes, login);
  const brokers = await Promise.all(nodes.map((node) => startBroker(folder, jars, node)));
  return {
    brokers: addresses(nodes, 'port'),
    nodes: brokers,
    secureBrokers: login === undefined ? '' : addresses(nodes, 'securePort'),
    mutualBrokers: login === undefined ? '' : addresses(nodes, 'mutualPort'),
    stop: async () => void (await Promise.all(brokers.map((broker) => broker.stop()))),
  };
}

const addresses = (nodes: readonly Node[], port: 'port' | 'securePort' | 'mutualPort'): string =>
  nodes.map((node) => `127.0.0.1:${node[port]}`).join(',');

function prepare(
  folder: string,
  jars: string,
  clusterId: string,
  node: Node,
  all: readonly Node[],
  login: KafkaLogin | undefined,
): void {
  const home = homeOf(folder, node);
  mkdirSync(home, { recursive: true });
  const config = join(home, 'server.properties');
  writeFileSync(config, properties(home, node, all, login));
  const user =
    login === undefined
      ? []
      : ['--add-scram', `SCRAM-SHA-512=[name=${login.username},password=${login.password}]`];
  execFileSync(
    'java',
    [
      ...SHORT_LIVED,
      '-cp',
      `${jars}/*`,
      'kafka.tools.StorageTool',
      'format',
      '-t',
      clusterId,
      '-c',
      config,
      ...user,
    ],
    { stdio: 'ignore' },
  );
}

const homeOf = (folder: string, { id }: Node): string => join(folder, `kafka-${id}`);

const properties = (
  home: string,
  node: Node,
  all: readonly Node[],
  login: KafkaLogin | undefined,
): string => {
  const copies = all.length;
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': all.map((one) => `${one.id}@127.0.0.1:${one.controllerPort}`).join(','),
    listeners: `PLAINTEXT://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${node.port}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(home, 'data'),
    'auto.create.topics.enable': false,
    'group.initial.rebalance.delay.ms': 0,
    // So that a test need not wait: members that died are noticed after this long at the earliest.
    'group.min.session.timeout.ms': 1000,
    'offsets.topic.num.partitions': 5,
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': Math.max(1, copies - 1),
    'min.insync.replicas': Math.max(1, copies - 1),
    'num.network.threads': 2,
    'num.io.threads': 4,
    'message.max.bytes': 8_388_608,
    ...(login === undefined ? {} : secureListener(node, login)),
  })
    .map(([key, value]) => `${key}=${value}`)
    .join('\n');
};

const JAAS = 'org.apache.kafka.common.security';

/** Added to, or in place of, the settings of a broker without one. */
const secureListener = (
  { port, securePort, mutualPort, controllerPort }: Node,
  { keyAndCertificate, clientCertificate, username, password }: KafkaLogin,
) => ({
  listeners: `PLAINTEXT://127.0.0.1:${port},SASL_SSL://127.0.0.1:${securePort},MUTUAL://127.0.0.1:${mutualPort},CONTROLLER://127.0.0.1:${controllerPort}`,
  'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},SASL_SSL://127.0.0.1:${securePort},MUTUAL://127.0.0.1:${mutualPort}`,
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,MUTUAL:SSL,CONTROLLER:PLAINTEXT',
  'inter.broker.listener.name': 'PLAINTEXT',
  'ssl.keystore.type': 'PEM',
  'ssl.keystore.location': keyAndCertificate,
  'listener.name.mutual.ssl.client.auth': 'required',
  'listener.name.mutual.ssl.truststore.type': 'PEM',
  'listener.name.mutual.ssl.truststore.location': clientCertificate,
  'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-512',
  'listener.name.sasl_ssl.plain.sasl.jaas.config': `${JAAS}.plain.PlainLoginModule required user_${username}="${password}";`,
  'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config': `${JAAS}.scram.ScramLoginModule required;`,
});

async function startBroker(
  folder: string,
  jars: string,
  node: Node,
): Promise<KafkaBroker & { stop(): Promise<void> }> {
  const home = homeOf(folder, node);
  const start = (): Promise<ChildServer> =>
    startChildServer({
      name: `Kafka broker ${node.id}`,
      command: 'java',
      args: ['-Xmx512m', '-cp', `${jars}/*`, 'kafka.Kafka', join(home, 'server.properties')],
      cwd: home,
      logFile: join(home, 'server.log'),
      answers: () => portAnswers(node.port),
    });
  let server = await start();
  return {
    id: node.id,
    address: `127.0.0.1:${node.port}`,
    kill: async () => {
      server.signal('SIGKILL');
      await server.ended;
    },
    start: async () => {
      server = await start();
    },
    signal: (name) => server.signal(name),
    stop: () => server.stop(),
  };
}
