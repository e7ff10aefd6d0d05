import { isTopic, type Topic } from '../../contracts/topics.ts';

/** What topics, groups and subjects are called in a cluster that others use, too. */
export interface TopicNames {
  /** The topic's name in Kafka. */
  of(topic: Topic): string;
  /** The topic that a name in Kafka stands for. */
  topic(name: string): Topic | undefined;
  /** The consumer group of a service. */
  group(service: string): string;
  /** The registry's subject of a topic's values, as every client forms it by default. */
  subject(topic: Topic): string;
}

/** All names begin with the prefix, for example `retention.`. */
export function prefixed(prefix: string): TopicNames {
  return {
    of: (topic) => `${prefix}${topic}`,
    topic: (name) => {
      const rest = name.startsWith(prefix) ? name.slice(prefix.length) : '';
      return isTopic(rest) ? rest : undefined;
    },
    group: (service) => `${prefix}${service}`,
    subject: (topic) => `${prefix}${topic}-value`,
  };
}
