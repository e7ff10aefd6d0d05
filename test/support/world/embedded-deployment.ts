import type { Topic, TopicValues } from '../../../services/contracts/topics.ts';
import { openTocsin, readSettings, type Tocsin } from '../../../services/embedded/tocsin.ts';
import { takeDataFolder } from '../../../services/platform/database/data-folder.ts';
import { EMBEDDED_PARTITION } from '../../../services/platform/event-log/event-log.sqlite.ts';
import { createRegistry } from '../../../services/platform/metrics/registry.ts';
import { CLOSE_WITHIN_MS } from '../../../services/platform/process/lifecycle.ts';
import type { Deploy, HttpAnswer, HttpRequest } from './deployment.ts';

/** All services in this process, on one SQLite file. */
export const deployEmbedded: Deploy = async ({ folder, clock, env, log }) => {
  const taken = takeDataFolder(folder);
  const tocsin = await openTocsin({
    folder: taken.path,
    settings: readSettings(env),
    clock,
    rulesAreTrusted: true,
    url: 'http://127.0.0.1:8080',
    log,
    registry: createRegistry(),
  });
  const { pipeline } = tocsin;
  await tocsin.app.ready();
  return {
    request: (request) => ask(tocsin, request),
    settle: () => pipeline.settle(),
    nextDueAt: () => pipeline.nextDueAt(),
    facts: (topic) => everyFact(tocsin, topic),
    stop: async () => {
      const failures = await tocsin.lifecycle.close(CLOSE_WITHIN_MS);
      taken.release();
      return failures.map(({ name, error }) => `${name}: ${String(error)}`);
    },
  };
};

/** An order waits until it is obeyed, and nobody works while time stands still: so this does, meanwhile. */
async function ask({ app, pipeline }: Tocsin, request: HttpRequest): Promise<HttpAnswer> {
  const { method, path, headers = {}, body } = request;
  const asked = app.inject({
    method,
    url: path,
    headers,
    // What `inject` takes is wider than `unknown` only in that it leaves out what JSON does not have.
    ...(body === undefined ? {} : { payload: body as object | string }),
  });
  const answered = asked.then(() => true);
  while (!(await Promise.race([answered, nextTurn()]))) await pipeline.runner.drain();
  const { statusCode, payload } = await asked;
  return { status: statusCode, body: jsonOrText(payload) };
}

const nextTurn = (): Promise<false> => new Promise((resolve) => setImmediate(() => resolve(false)));

function jsonOrText(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    // A page, or nothing at all.
    return payload;
  }
}

async function everyFact<T extends Topic>(
  { pipeline }: Tocsin,
  topic: T,
): Promise<readonly TopicValues[T][]> {
  const { log } = pipeline.store;
  const facts: TopicValues[T][] = [];
  const end = await log.endOffset(topic, EMBEDDED_PARTITION);
  while (facts.length < end) {
    const page = await log.read(topic, EMBEDDED_PARTITION, facts.length, end - facts.length);
    if (page.length === 0) throw new Error(`${topic}: the log ends at ${facts.length}, not at ${end}`);
    facts.push(...page.map(({ value }) => value));
  }
  return facts;
}
