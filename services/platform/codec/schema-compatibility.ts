import { avroType } from './avro.ts';
import type { TopicSchema } from './schema-files.ts';

/** One direction in which two versions of a topic's schema do not understand each other. */
export interface Incompatibility {
  readonly reader: string;
  readonly writer: string;
  readonly problem: string;
}

/**
 * Full-transitive compatibility: every version reads every other one, older and newer, so that services
 * may be rolled out and back in any order and a replay reads the log from its first record.
 *
 * In practice: a field may be added or removed only while it has a default; types and names stay.
 */
export function incompatibilities(schemas: readonly TopicSchema[]): readonly Incompatibility[] {
  return schemas.flatMap((reader) =>
    schemas
      .filter((writer) => writer.topic === reader.topic && writer.version !== reader.version)
      .flatMap((writer) => incompatibility(reader, writer)),
  );
}

function incompatibility(reader: TopicSchema, writer: TopicSchema): readonly Incompatibility[] {
  try {
    avroType(reader).createResolver(avroType(writer));
    return [];
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return [{ reader: reader.file, writer: writer.file, problem }];
  }
}
