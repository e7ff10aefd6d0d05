import { inject } from 'vitest';
import type { Topic, TopicValues } from '../../../services/contracts/topics.ts';
import { SHIPPED_RULES } from '../../../services/embedded/rules-folder.ts';
import { ourSchemas } from '../../../services/platform/distributed/servers.ts';
import { createKafka } from '../../../services/platform/event-log/client.kafka.ts';
import { KafkaReader } from '../../../services/platform/event-log/reader.kafka.ts';
import { RegistryCodec } from '../../../services/platform/event-log/schemas.registry.ts';
import { type Logger, silentLogger } from '../../../services/platform/logging/logger.ts';
import type { Deploy, HttpAnswer, HttpRequest } from '../../support/world/deployment.ts';
import { leftOpen, openHandles } from '../../support/world/open-handles.ts';
import { newPlace, openSixServices, type Place, type SixServices } from './six-services.ts';

/** More than one, so that customers and alerts are spread, and order between them is nobody's promise. */
const PARTITIONS = 2;

/** By the data folder of the site, which stands for it through restarts. */
const places = new Map<string, Promise<Place>>();

/** The six services in this process, on the servers of the suite. */
export const deploySixServices: Deploy = async ({ folder, clock, env, log }) => {
  const before = openHandles();
  const place = await (places.get(folder) ?? newPlace(PARTITIONS));
  places.set(folder, Promise.resolve(place));
  const rules = env.TOCSIN_RULES_DIR ?? SHIPPED_RULES;
  const services = await openSixServices({ place, clock, rules, env, log: withoutClientTalk(log) });
  return {
    request: (request) => ask(services, request),
    settle: () => services.stage.settle(),
    nextDueAt: () => services.stage.nextDueAt(),
    facts: (topic) => everyFact(place, topic),
    stop: async () => {
      const failures = await services.stop();
      // Sockets to other processes close when those answer, not at once.
      const until = performance.now() + SOCKETS_CLOSE_WITHIN_MS;
      while (performance.now() < until && (await leftOpen(before)).length > 0) {
        await new Promise((resume) => setTimeout(resume, 20));
      }
      return failures;
    },
  };
};

const SOCKETS_CLOSE_WITHIN_MS = 5_000;

/** Each path is answered by the service that a reverse proxy would send it to. */
async function ask(
  { apps }: SixServices,
  { method, path, headers = {}, body }: HttpRequest,
): Promise<HttpAnswer> {
  const { statusCode, payload } = await appOf(apps, method, path).inject({
    method,
    url: path,
    headers,
    // What `inject` takes is wider than `unknown` only in that it leaves out what JSON does not have.
    ...(body === undefined ? {} : { payload: body as object | string }),
  });
  return { status: statusCode, body: jsonOrText(payload) };
}

const INTAKE = /^\/v1\/(crm-records|complaints|call-notes|social-posts|identities)\b/;

function appOf(apps: SixServices['apps'], method: string, path: string) {
  if (/^\/(slack|mail)\//.test(path)) return apps.notification;
  return method === 'POST' && INTAKE.test(path) ? apps.ingestion : apps.loopClosure;
}

function jsonOrText(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    // A page, or nothing at all.
    return payload;
  }
}

/** Oldest first, by the time at which they were put out. */
async function everyFact<T extends Topic>(
  { names, partitions, env }: Place,
  topic: T,
): Promise<readonly TopicValues[T][]> {
  const kafka = createKafka({ brokers: [inject('kafkaBrokers')], clientId: 'story', log: silentLogger });
  const clock = { now: () => Date.now() };
  const codec = new RegistryCodec({
    url: env.TOCSIN_REGISTRY_URL,
    names,
    schemas: ourSchemas().newest,
    clock,
  });
  const reader = new KafkaReader({ kafka, codec, names, topics: [topic] });
  try {
    const records = [];
    for (let partition = 0; partition < partitions; partition++) {
      const end = await reader.endOffset(topic, partition);
      if (end > 0) records.push(...(await reader.read(topic, partition, 0, end)));
    }
    return records.toSorted((a, b) => a.appendedAt - b.appendedAt).map(({ value }) => value);
  } finally {
    await reader.close();
  }
}

/** The client tells of every answer that makes it ask again; a story is about what Tocsin says. */
const withoutClientTalk = (log: Logger): Logger => ({
  debug: (fields, message) => log.debug(fields, message),
  info: (fields, message) => log.info(fields, message),
  warn: (fields, message) => {
    if (!('kafka' in fields)) log.warn(fields, message);
  },
  error: (fields, message) => log.error(fields, message),
});
