import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { type ChildServer, freePort, startChildServer } from './child-server.ts';

/** In the order of their ports: people's pages come first. */
const SERVICES = [
  'loop-closure',
  'ingestion',
  'notification',
  'action-management',
  'scoring',
  'alerting',
] as const;
type Name = (typeof SERVICES)[number];

/** The six services, an instance each, on servers that are there. */
export interface RunningServices {
  readonly urls: Readonly<Record<Name, string>>;
  stop(): Promise<void>;
}

/**
 * Makes topics and schemas with the commands of a deployment, then starts the services behind ports of the loopback interface
 * that follow one another; behind any that are free when `firstPort` is 0. Their logs go to `folder`.
 */
export async function startServices(
  servers: Readonly<Record<string, string>>,
  firstPort: number,
  folder: string,
): Promise<RunningServices> {
  for (const command of [
    ['kafka', 'apply', '--replication', '1'],
    ['schemas', 'register'],
  ]) {
    execFileSync(process.execPath, ['services/cli/main.ts', ...command], {
      cwd: CHECKOUT,
      env: { ...process.env, ...servers },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  const placed = SERVICES.map(async (name, place) => {
    const port = firstPort === 0 ? await freePort() : firstPort + place;
    return [name, `http://127.0.0.1:${port}`] as const;
  });
  // A pair for each of the names.
  const urls = Object.fromEntries(await Promise.all(placed)) as RunningServices['urls'];
  const started: ChildServer[] = [];
  const stop = async (): Promise<void> => void (await Promise.all(started.map((one) => one.stop())));
  const starting = SERVICES.map(async (name) => {
    started.push(await startService(name, urls, servers, folder));
  });
  const failed = (await Promise.allSettled(starting)).find(({ status }) => status === 'rejected');
  if (failed?.status !== 'rejected') return { urls, stop };
  await stop();
  throw failed.reason;
}

function startService(
  name: Name,
  urls: RunningServices['urls'],
  servers: Readonly<Record<string, string>>,
  folder: string,
): Promise<ChildServer> {
  return startChildServer({
    name,
    command: process.execPath,
    args: [`services/${name}/main.ts`],
    cwd: CHECKOUT,
    logFile: join(folder, `${name}.log`),
    env: {
      ...servers,
      TOCSIN_PORT: new URL(urls[name]).port,
      ...ownSettings(name, urls),
    },
    answers: async () => {
      const { status } = await fetch(`${urls[name]}/readyz`);
      if (status !== 200) throw new Error(`/readyz answers ${status}`);
    },
  });
}

/** How those find one another that people go to and fro between. */
function ownSettings(name: Name, urls: RunningServices['urls']): Readonly<Record<string, string>> {
  const { 'loop-closure': pages, 'action-management': rules, notification } = urls;
  if (name === 'loop-closure')
    return { TOCSIN_ACTION_MANAGEMENT_URL: rules, TOCSIN_SANDBOX_URL: `${notification}/sandbox` };
  if (name === 'notification') return { TOCSIN_LOOP_CLOSURE_URL: pages, TOCSIN_PUBLIC_URL: pages };
  return {};
}

const CHECKOUT = join(import.meta.dirname, '../..');
