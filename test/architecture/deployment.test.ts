import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { type Deployed, deployedFaults, SERVICE_NAMES } from './deployment.ts';
import { filesMatching } from './source-tree.ts';

interface ComposeService {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}
interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly secrets: Readonly<Record<string, unknown>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const compose = parse(readFileSync('infra/compose.yaml', 'utf8'), { merge: true }) as Compose;
const all = Object.entries(compose.services);
const ours = all.filter(([, { image }]) => image === 'tocsin');

describe('infra/compose.yaml', () => {
  test('has the six services, the two jobs, and all that they stand on', () => {
    const names = all.map(([name]) => name);
    expect(names).toEqual(expect.arrayContaining([...SERVICE_NAMES, 'topics', 'schemas']));
    expect(names).toEqual(
      expect.arrayContaining([
        ...['kafka-1', 'kafka-2', 'kafka-3', 'registry', 'postgres'],
        ...['prometheus', 'grafana', 'alertmanager', 'mailpit'],
      ]),
    );
    expect(ours.map(([name]) => name).toSorted()).toEqual([...SERVICE_NAMES, 'topics', 'schemas'].toSorted());
  });

  test('starts commands that there are, with settings that they read', () => {
    const deployed = ours.map(
      ([name, { command = [], environment = {}, secrets = [] }]): Deployed => ({
        name,
        command,
        env: environment,
        mounted: secrets.map((secret) => `/run/secrets/${secret}`),
      }),
    );
    expect(deployed.flatMap(deployedFaults)).toEqual([]);
    expect(
      SERVICE_NAMES.filter((name) => compose.services[name]?.command?.[0] !== `services/${name}/main.ts`),
    ).toEqual([]);
  });

  test('names hosts that it has, at ports on which they listen', () => {
    const listening: Readonly<Record<string, number>> = {
      ...{ 'kafka-1': 9092, 'kafka-2': 9092, 'kafka-3': 9092 },
      ...{ postgres: 5432, registry: 8080, mailpit: 1025, prometheus: 9090, alertmanager: 9093 },
      ...Object.fromEntries(SERVICE_NAMES.map((name) => [name, 8080])),
    };
    const pages = filesMatching('infra/{compose,alertmanager/*,prometheus/prometheus,grafana/**/*}.yaml');
    const named = pages.flatMap(({ text }) =>
      [...text.matchAll(/(?<![\w.-])([a-z][a-z0-9-]+):(\d{4})\b/g)].map(([, host = '', port]) => [
        host,
        port,
      ]),
    );
    const foreign = named.filter(
      ([host = '', port]) => !(host in compose.services && [listening[host], 9093].includes(Number(port))),
    );
    expect(foreign.filter(([host]) => host !== 'localhost')).toEqual([]);
    expect(named.length).toBeGreaterThan(15);
  });

  test('mounts files that there are, secrets and volumes that it declares, and waits for services that it has', () => {
    const faults = all.flatMap(([name, { volumes = [], secrets = [], depends_on = {} }]) => [
      ...volumes
        .map((volume) => volume.split(':')[0] ?? '')
        .filter((from) => !(from.startsWith('.') ? existsSync(join('infra', from)) : from in compose.volumes))
        .map((from) => `${name}: ${from}`),
      ...secrets.filter((secret) => !(secret in compose.secrets)).map((secret) => `${name}: ${secret}`),
      ...Object.keys(depends_on).filter((other) => !(other in compose.services)),
    ]);
    expect(faults).toEqual([]);
  });

  test('shows itself to this machine only, and never passes a password as a value', () => {
    const ports = all.flatMap(([, service]) => service.ports ?? []);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    const variables = all.flatMap(([, { environment = {} }]) => Object.keys(environment));
    expect(variables.filter((name) => /(PASSWORD|SECRET|TOKEN|KEYS)$/.test(name))).toEqual([]);
  });

  test('pins every image', () => {
    const images = all.map(([, { image }]) => image).filter((image) => image !== 'tocsin');
    expect(images.filter((image) => !/:v?\d+\.\d+/.test(image))).toEqual([]);
  });
});

describe('infra/Dockerfile', () => {
  const lines = readFileSync('infra/Dockerfile', 'utf8').split('\n');
  const written = (word: string) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

  test('is built on the Node that the project is tested with', () => {
    const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      devDependencies: Readonly<Record<string, string>>;
    };
    const bases = written('FROM').map((line) => line.split(' ')[0]);
    expect(new Set(bases)).toEqual(new Set([`node:${devDependencies.node}-bookworm-slim`]));
    expect(bases).toHaveLength(2);
  });

  test('runs as nobody in particular, says whether it is alive, and starts what there is', () => {
    const [user] = written('USER');
    expect(user).toBe('node');
    expect(lines.findIndex((line) => line.startsWith('USER'))).toBeGreaterThan(
      lines.findLastIndex((line) => line.startsWith('RUN') || line.startsWith('COPY')),
    );
    expect(written('HEALTHCHECK')).toHaveLength(1);
    expect(JSON.parse(written('CMD').at(-1) ?? '')).toEqual(['services/cli/main.ts', 'start']);
  });

  test('copies files that there are and that .dockerignore lets through', () => {
    const copied = written('COPY')
      .filter((line) => !line.startsWith('--from'))
      .flatMap((line) => line.split(' ').slice(0, -1));
    const letThrough = readFileSync('.dockerignore', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    expect(new Set(copied)).toEqual(new Set(letThrough));
    expect(copied.filter((path) => !existsSync(path))).toEqual([]);
  });

  test('holds everything that production code reads by its place in the checkout', () => {
    const read = filesMatching('services/**/*.ts')
      // The distributed bench brings servers up, which a checkout can and an image cannot.
      .filter(({ path }) => !path.includes('.test.') && !path.startsWith('services/cli/bench-distributed/'))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/(?:new URL\(|from )'(\.\.?\/[^']+)'/g)].map(
          ([, to = '']) => join(dirname(path), to).split('/')[0],
        ),
      );
    expect([...new Set(read)].toSorted()).toEqual(['package.json', 'rules', 'schemas', 'services']);
  });
});

describe('infra/kubernetes', () => {
  const objects = filesMatching('infra/kubernetes/*.yaml').flatMap(({ text }) =>
    parseAllDocuments(text, { merge: true }).flatMap((document) => {
      const value = document.toJS() as { kind?: string; items?: readonly KubernetesObject[] };
      return value.kind === 'List' ? (value.items ?? []) : [value as KubernetesObject];
    }),
  );
  const of = (kind: string) => objects.filter((one) => one.kind === kind);
  const settings = of('ConfigMap')[0]?.data ?? {};
  const pods = [...of('Deployment'), ...of('Job')].map(({ metadata, spec }) => ({
    name: metadata.name,
    labels: spec?.template?.metadata.labels ?? {},
    pod: spec?.template?.spec ?? { containers: [] },
  }));

  test('kustomization.yaml names every file, and each is there', () => {
    const { resources } = parse(readFileSync('infra/kubernetes/kustomization.yaml', 'utf8')) as {
      resources: readonly string[];
    };
    const files = filesMatching('infra/kubernetes/*.yaml').map(({ path }) => path.split('/').at(-1));
    const apart = ['kustomization.yaml', 'prometheus-adapter.yaml', 'prometheus.yaml'];
    expect(files.filter((file) => !apart.includes(file ?? ''))).toEqual([...resources].toSorted());
  });

  test('starts the six services and the two jobs, with settings that they read and secrets that are mounted', () => {
    const deployed = pods.map(({ name, pod }): Deployed => {
      const [container] = pod.containers;
      const own = Object.fromEntries((container?.env ?? []).map((one) => [one.name, one.value]));
      const env = { ...settings, ...own };
      const folder = container?.volumeMounts?.find((mount) => mount.name === 'secrets')?.mountPath;
      const files = secretsThatAreMade().map((file) => `${folder}/${file}`);
      return { name, command: container?.args ?? [], env, mounted: files };
    });
    expect(deployed.flatMap(deployedFaults)).toEqual([]);
    expect(deployed.map(({ command }) => command[0]).toSorted()).toEqual(
      [
        ...SERVICE_NAMES.map((name) => `services/${name}/main.ts`),
        ...Array(2).fill('services/cli/main.ts'),
      ].toSorted(),
    );
  });

  /** As the head of settings.yaml says. */
  const secretsThatAreMade = (): readonly string[] =>
    [...readFileSync('infra/kubernetes/settings.yaml', 'utf8').matchAll(/--from-file=(\S+)/g)].map(
      ([, file = '']) => file,
    );

  test('passes secrets as files only', () => {
    const values = JSON.stringify(objects);
    expect(values).not.toContain('secretKeyRef');
    expect(Object.keys(settings).filter((name) => /(PASSWORD|TOKEN|KEYS|SECRET)$/.test(name))).toEqual([]);
  });

  test('every container is nobody in particular on a file system that it cannot write', () => {
    for (const { pod } of pods) {
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(pod.containers.map(({ securityContext }) => securityContext)).toEqual([
        {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      ]);
      expect(pod.containers[0]?.resources).toHaveProperty('limits.memory');
    }
  });

  test('every service has probes of its own paths, is spread, disrupted one by one and scaled by its lag', () => {
    for (const name of SERVICE_NAMES.map((service) => `tocsin-${service}`)) {
      const { pod, labels } = pods.find((one) => one.name === name) ?? {
        pod: { containers: [] },
        labels: {},
      };
      const [container] = pod.containers;
      expect(container?.readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'http' });
      expect(container?.livenessProbe?.httpGet).toEqual({ path: '/healthz', port: 'http' });
      expect(container?.ports).toEqual([{ name: 'http', containerPort: Number(settings.TOCSIN_PORT) }]);
      expect(labels).toMatchObject({ 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'tocsin' });
      expect(pod.topologySpreadConstraints?.[0]?.labelSelector.matchLabels).toEqual(labels);
      expect(of('PodDisruptionBudget').filter(({ metadata }) => metadata.name === name)).toHaveLength(1);
      const [scaler] = of('HorizontalPodAutoscaler').filter(
        ({ spec }) => spec?.scaleTargetRef?.name === name,
      );
      expect(scaler?.spec?.maxReplicas).toBe(Number(settings.TOCSIN_PARTITIONS));
      const { metric } = scaler?.spec?.metrics?.[0]?.external ?? {};
      expect(`tocsin-${metric?.selector.matchLabels.service}`).toBe(name);
    }
  });

  test('scales by a figure that the adapter makes of a series that is recorded', () => {
    const adapter = readFileSync('infra/kubernetes/prometheus-adapter.yaml', 'utf8');
    const names = of('HorizontalPodAutoscaler').map(({ spec }) => spec?.metrics?.[0]?.external.metric.name);
    expect(names.filter((name) => !adapter.includes(`as: ${name} `))).toEqual([]);
    const [series = ''] = /tocsin:[a-z_:]+/.exec(adapter) ?? [];
    expect(
      filesMatching('infra/prometheus/*.rules.yaml').some(({ text }) => text.includes(`record: ${series}\n`)),
    ).toBe(true);
  });
});

interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly template?: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: Pod;
    };
    readonly scaleTargetRef?: { readonly name: string };
    readonly maxReplicas?: number;
    readonly metrics?: readonly {
      readonly external: {
        readonly metric: {
          readonly name: string;
          readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
        };
      };
    }[];
  };
}
interface Pod {
  readonly securityContext?: unknown;
  readonly topologySpreadConstraints?: readonly {
    readonly labelSelector: { readonly matchLabels: unknown };
  }[];
  readonly containers: readonly {
    readonly args?: readonly string[];
    readonly env?: readonly { readonly name: string; readonly value: string }[];
    readonly ports?: unknown;
    readonly resources?: unknown;
    readonly securityContext?: unknown;
    readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
    readonly readinessProbe?: { readonly httpGet: unknown };
    readonly livenessProbe?: { readonly httpGet: unknown };
  }[];
}

test('a wrong setting, command and secret are found', () => {
  const env = { TOCSIN_KAFKA_BROKER: 'a:9092', TOCSIN_DATABASE_PASSWORD_FILE: '/run/secrets/x' };
  const faults = deployedFaults({ name: 'a', command: ['services/scoring/main.ts'], env, mounted: [] });
  expect(faults.filter((fault) => /is no setting|nobody mounts/.test(fault))).toHaveLength(2);
  const job = { name: 'b', command: ['services/cli/main.ts', 'kafka', 'aply'], env: {}, mounted: [] };
  expect(deployedFaults(job)).toHaveLength(1);
});
