import { openInProcess } from '../embedded/in-process.ts';
import { DataFolderUnusable } from '../platform/database/data-folder.ts';
import { type Io, UsageError } from './command.ts';

export interface Answer {
  readonly status: number;
  /** Parsed JSON, or text where the answer is not JSON. */
  readonly body: unknown;
}

/** The Tocsin that works on the data folder has stopped answering. */
export class NotReachable extends Error {
  override readonly name = 'NotReachable';
  constructor(url: string, reason: string) {
    super(
      `${url} does not answer any more (${reason}). What it took before is stored; see whether it runs and give the command again.`,
    );
  }
}

/** Speaks Tocsin's HTTP API, over the network or inside this process. */
export interface Client {
  /** Where the answers come from, for people. */
  readonly where: string;
  request(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  close(): Promise<void>;
}

/** Variables that name services of many machines, with what each answers. */
export const SERVICE_URLS = {
  TOCSIN_LOOP_CLOSURE_URL: 'alerts, ledger, dead letters and timers',
  TOCSIN_ACTION_MANAGEMENT_URL: 'rules and silences',
  TOCSIN_INGESTION_URL: 'records that are sent in',
} as const;
export type ServiceUrl = keyof typeof SERVICE_URLS;

/**
 * Reaches the Tocsin that works on a data folder: the running one, or one opened here for the length of a command;
 * or the distributed one, where the environment names its services: then `service` is asked, and must be named.
 *
 * Opened here, the pipeline processes what the command gives it, but sends no message: those wait in the
 * outbox until `tocsin start`.
 */
export async function connect(
  dataFolder: string,
  io: Io,
  service: ServiceUrl = 'TOCSIN_LOOP_CLOSURE_URL',
): Promise<Client> {
  // Distributed: that service answers, whatever lies in a folder here.
  const { [service]: url = '' } = io.env;
  if (url !== '') return withKey(remoteClient(url), io);
  const another = Object.keys(SERVICE_URLS).find((name) => (io.env[name] ?? '') !== '');
  if (another !== undefined) {
    const answers = SERVICE_URLS[service];
    throw new UsageError(
      `${service} is missing: ${another} names many machines, and that service answers for ${answers}`,
    );
  }
  try {
    return withKey(await localClient(dataFolder, io), io);
  } catch (error) {
    if (!(error instanceof DataFolderUnusable) || error.owner?.url === undefined) throw error;
    return withKey(remoteClient(error.owner.url), io);
  }
}

/** Every question carries the key of whoever asks, where one is set. */
function withKey(client: Client, { env }: Pick<Io, 'env'>): Client {
  const { TOCSIN_API_KEY: key } = env;
  if (key === undefined) return client;
  return {
    ...client,
    request: (method, path, body, headers) =>
      client.request(method, path, body, { authorization: `Bearer ${key}`, ...headers }),
  };
}

async function localClient(dataFolder: string, io: Io): Promise<Client> {
  const tocsin = await openInProcess(dataFolder, io.env);
  if (tocsin.refused.length > 0)
    io.err(`the rules are refused; those that were in force last judge\n${tocsin.refused.join('\n')}\n`);
  return {
    where: dataFolder,
    request: async (method, path, body, headers = {}) => {
      const { status, text } = await tocsin.request(method, path, body, headers);
      return { status, body: parseBody(text) };
    },
    close: () => tocsin.close(),
  };
}

function remoteClient(url: string): Client {
  return {
    where: url,
    request: async (method, path, body, headers = {}) => {
      const response = await fetch(new URL(path, url), {
        method,
        headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      }).catch((error: unknown) => notReachable(url, error));
      const text = await response.text().catch((error: unknown) => notReachable(url, error));
      return { status: response.status, body: parseBody(text) };
    },
    close: async () => undefined,
  };
}

/** A batch of an import may wait behind others; half a minute means that something is wrong. */
const REQUEST_TIMEOUT_MS = 30_000;

/** What a failed `fetch` means. */
export function notReachable(url: string, error: unknown): never {
  const { name, cause } = error as Error & { readonly cause?: { readonly code?: string } };
  throw new NotReachable(url, cause?.code ?? name);
}

/** JSON where it is JSON, else the text itself. */
export function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: pages and metrics are text.
    return text;
  }
}
