import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTopic, type Topic } from '../../contracts/topics.ts';

/** One version of one topic's Avro schema, as it lies in `schemas/<topic>/v<version>.avsc`. */
export interface TopicSchema {
  readonly topic: Topic;
  /** Counts from 1 without gaps. */
  readonly version: number;
  readonly file: string;
  /** The parsed JSON; whether it is a schema shows when a codec is made from it. */
  readonly json: unknown;
}

/**
 * Reads every schema below `dir`, ordered by topic, oldest version first.
 *
 * Throws, naming the file, when a folder is not a topic, a file is not called `v<n>.avsc`, a version is
 * skipped or a file is not JSON. Folders without any `.avsc` file, such as `mappings`, are passed over.
 */
export function loadSchemas(dir: string): readonly TopicSchema[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .flatMap((folder) => loadVersions(dir, folder));
}

/** The newest version of each topic that has a schema. */
export function newestSchemas(schemas: readonly TopicSchema[]): ReadonlyMap<Topic, TopicSchema> {
  return new Map(schemas.map((schema) => [schema.topic, schema]));
}

function loadVersions(dir: string, topic: string): readonly TopicSchema[] {
  const names = readdirSync(join(dir, topic)).filter((name) => name.endsWith('.avsc'));
  if (names.length === 0) return [];
  if (!isTopic(topic))
    throw new Error(`${join(dir, topic)}: no topic has this name; see contracts/topics.ts`);
  const schemas = names
    .map((name) => readVersion(topic, join(dir, topic, name), name))
    .sort((one, other) => one.version - other.version);
  schemas.forEach(({ file, version }, index) => {
    if (version !== index + 1)
      throw new Error(`${file}: expected version ${index + 1}; versions have no gaps`);
  });
  return schemas;
}

function readVersion(topic: Topic, file: string, name: string): TopicSchema {
  const version = Number(/^v([1-9]\d*)\.avsc$/.exec(name)?.[1]);
  if (Number.isNaN(version))
    throw new Error(`${file}: schemas are called v<number>.avsc, for example v1.avsc`);
  try {
    return { topic, version, file, json: JSON.parse(readFileSync(file, 'utf8')) };
  } catch (cause) {
    throw new Error(`${file}: not JSON: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
