import { takeDataFolder } from '../platform/database/data-folder.ts';
import { silentLogger } from '../platform/logging/logger.ts';
import { CLOSE_WITHIN_MS } from '../platform/process/lifecycle.ts';
import { systemClock } from '../platform/time/clock.ts';
import { openTocsin, readSettings, type Tocsin } from './tocsin.ts';

export interface InProcess {
  /** Why the rules of the folder were refused, a line each; those that were in force last judge then. */
  readonly refused: readonly string[];
  request(
    method: 'GET' | 'POST',
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>>,
  ): Promise<{ readonly status: number; readonly text: string }>;
  close(): Promise<void>;
}

/** A pipeline that nobody else works with: without a port, on the folder of one command. */
export interface Alone {
  readonly tocsin: Tocsin;
  /** Closes it and lets go of the folder. */
  close(): Promise<void>;
}

/** Takes a data folder for the length of one command and opens the pipeline on it. Nothing runs yet. */
export async function openAlone(
  data: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Alone> {
  const settings = readSettings(env);
  const folder = takeDataFolder(data);
  try {
    const tocsin = await openTocsin({
      folder: folder.path,
      settings,
      clock: systemClock,
      url: 'http://127.0.0.1:8080',
      log: silentLogger,
    });
    return {
      tocsin,
      close: async () => {
        try {
          await tocsin.lifecycle.close(CLOSE_WITHIN_MS);
        } finally {
          folder.release();
        }
      },
    };
  } catch (error) {
    folder.release();
    throw error;
  }
}

/**
 * Opens the pipeline on a data folder for the length of one command, and asks it as if over HTTP.
 *
 * It processes what it is given; messages wait in the outbox for `tocsin start`.
 */
export async function openInProcess(
  data: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<InProcess> {
  const { tocsin, close } = await openAlone(data, env);
  try {
    await tocsin.app.ready();
  } catch (error) {
    await close();
    throw error;
  }
  const stop = new AbortController();
  const running = tocsin.run(stop.signal, false);
  return {
    refused: tocsin.rulesReload.status().lastReload?.problems ?? [],
    request: async (method, path, body, headers) => {
      const answer = await tocsin.app.inject({
        method,
        url: path,
        headers,
        ...(body === undefined ? {} : { payload: body as object }),
      });
      return { status: answer.statusCode, text: answer.payload };
    },
    close: async () => {
      stop.abort();
      try {
        await running;
        await tocsin.pipeline.runner.drain();
      } finally {
        await close();
      }
    },
  };
}
