import { folderOwner } from '../platform/database/data-folder.ts';
import { type Answer, notReachable, parseBody } from './client.ts';
import type { Io } from './command.ts';

/**
 * Asks the Tocsin that runs on a data folder about its rules, with the operator's key where there is one. Nothing when none
 * runs there or the key is wanted; `io.err` has been told.
 */
export async function orderRunning(
  data: string,
  method: 'GET' | 'POST',
  path: string,
  io: Io,
): Promise<Answer | undefined> {
  const url = folderOwner(data)?.url;
  if (url === undefined) {
    io.err(`${data}: no Tocsin runs on this folder; its rules are read when it starts\n`);
    return undefined;
  }
  const key = io.env.TOCSIN_API_KEY;
  const response = await fetch(new URL(path, url), {
    method,
    ...(key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } }),
  }).catch((error: unknown) => notReachable(url, error));
  if (response.status === 401) {
    io.err(`${url} wants a key of an operator; set TOCSIN_API_KEY\n`);
    return undefined;
  }
  return { status: response.status, body: parseBody(await response.text()) };
}
