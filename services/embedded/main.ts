import type { RulesStatus } from '../action-management/rules-reload.ts';
import { takeDataFolder } from '../platform/database/data-folder.ts';
import { CLOSE_WITHIN_MS } from '../platform/process/lifecycle.ts';
import { runUntilStopped } from '../platform/process/run-process.ts';
import { systemClock } from '../platform/time/clock.ts';
import { openTocsin, readSettings, type Settings } from './tocsin.ts';

export interface StartOptions {
  readonly data: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told once everything is up. */
  readonly onReady: (started: {
    readonly url: string;
    readonly settings: Settings;
    readonly data: string;
    readonly rules: RulesStatus;
  }) => void;
}

/** The port is taken; `message` says how to choose another. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

/** Runs the embedded pipeline with its page until a signal. Answers the exit code. */
export async function start({ data, port, env, onReady }: StartOptions): Promise<number> {
  const settings = readSettings(env);
  const folder = takeDataFolder(data);
  try {
    const host = settings.TOCSIN_HOST;
    const tocsin = await openTocsin({
      folder: folder.path,
      settings,
      clock: systemClock,
      url: `http://${host}:${port}`,
    });
    const url = await listen(tocsin.app, host, port).catch(async (error: unknown) => {
      await tocsin.lifecycle.close(CLOSE_WITHIN_MS);
      throw error;
    });
    tocsin.lifecycle.onClose('owner file', () => folder.forget());
    tocsin.lifecycle.onClose('watch of the rules folder', tocsin.rulesReload.watch());
    return await runUntilStopped(tocsin.lifecycle, tocsin.log, async (stop) => {
      folder.announce(url);
      const running = tocsin.run(stop);
      onReady({ url, settings, data: folder.path, rules: tocsin.rulesReload.status() });
      await running;
    });
  } finally {
    folder.release();
  }
}

/** Listens, or throws `PortTaken`. Answers the URL. */
export async function listen(
  app: { listen(options: { host: string; port: number }): Promise<string> },
  host: string,
  port: number,
): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE')
      throw new PortTaken(`port ${port} on ${host} is in use; choose another with --port N`);
    if (code === 'EACCES')
      throw new PortTaken(
        `port ${port} on ${host} may not be used by this user; choose one above 1023 with --port N`,
      );
    throw error;
  }
}
