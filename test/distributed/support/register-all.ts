import { ourSchemas } from '../../../services/platform/distributed/servers.ts';
import { prefixed } from '../../../services/platform/event-log/topic-names.ts';

/** Registers all schemas under a prefix, without the questions of a deployment: each test has a set of its own. */
export async function registerAll(registryUrl: string, prefix: string): Promise<void> {
  for (const { topic, json } of ourSchemas().all) {
    const subject = prefixed(prefix).subject(topic);
    const answer = await fetch(`${registryUrl}/subjects/${subject}/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schemaType: 'AVRO', schema: JSON.stringify(json) }),
    });
    if (!answer.ok) throw new Error(`${subject}: the registry answered ${answer.status}`);
  }
}
