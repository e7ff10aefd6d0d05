import { globSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ChildServer, freePort, SHORT_LIVED, startChildServer } from './child-server.ts';
import { registryHome } from './downloads.ts';

export interface RegistryServer extends ChildServer {
  /** Root of the Confluent-compatible API. */
  readonly url: string;
}

/** Apicurio Registry with its schemas in memory. */
export async function startRegistry(folder: string): Promise<RegistryServer> {
  const home = registryHome();
  const [jar = 'apicurio-registry-app-runner.jar'] = globSync(`${home}/**/*-runner.jar`);
  const work = join(folder, 'registry');
  mkdirSync(work, { recursive: true });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  const server = await startChildServer({
    name: 'schema registry',
    command: 'java',
    args: [
      ...SHORT_LIVED,
      '-Xmx256m',
      `-Dquarkus.http.port=${port}`,
      '-Dquarkus.http.host=127.0.0.1',
      '-jar',
      jar,
    ],
    cwd: work,
    logFile: join(work, 'server.log'),
    answers: async () => {
      const answer = await fetch(`${url}/subjects`);
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    },
  });
  return { ...server, url };
}
