import { lookup } from 'node:dns/promises';
import { folderOwner } from '../platform/database/data-folder.ts';
import { type Answer, notReachable, parseBody } from './client.ts';
import type { Io } from './command.ts';

/** What one instance has answered. */
export interface InstanceAnswer extends Answer {
  readonly url: string;
}

/**
 * Asks those who judge about their rules, with the operator's key where there is one: the Tocsin that runs on a data
 * folder, or, where `TOCSIN_ACTION_MANAGEMENT_URL` names that service, each of its instances. Nothing when none runs or the
 * key is wanted; `io.err` has been told.
 */
export async function orderRunning(
  data: string,
  method: 'GET' | 'POST',
  path: string,
  io: Io,
): Promise<readonly InstanceAnswer[] | undefined> {
  const { TOCSIN_ACTION_MANAGEMENT_URL: service = '', TOCSIN_API_KEY: key } = io.env;
  const urls = service === '' ? ownerOf(data) : await instancesOf(service);
  if (urls.length === 0) {
    io.err(`${data}: no Tocsin runs on this folder; its rules are read when it starts\n`);
    return undefined;
  }
  const answers: InstanceAnswer[] = [];
  for (const url of urls) {
    const response = await fetch(new URL(path, url), {
      method,
      ...(key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } }),
    }).catch((error: unknown) => notReachable(url, error));
    if (response.status === 401) {
      io.err(`${url} wants a key of an operator; set TOCSIN_API_KEY\n`);
      return undefined;
    }
    answers.push({ url, status: response.status, body: parseBody(await response.text()) });
  }
  return answers;
}

const ownerOf = (data: string): readonly string[] => {
  const url = folderOwner(data)?.url;
  return url === undefined ? [] : [url];
};

/**
 * Every address behind a name is an instance, as a headless service of Kubernetes or Compose's names have it. With TLS the
 * name is what the certificate says, so whoever answers there is the only one.
 */
export async function instancesOf(
  service: string,
  resolve: (name: string) => Promise<readonly { readonly address: string; readonly family: number }[]> = (
    name,
  ) => lookup(name, { all: true }),
): Promise<readonly string[]> {
  const url = new URL(service);
  if (url.protocol !== 'http:' || url.hostname === 'localhost') return [service];
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const found = await resolve(name).catch((error: unknown) => notReachable(service, error));
  return found.map(({ address, family }) => {
    url.hostname = family === 6 ? `[${address}]` : address;
    return url.href;
  });
}
