import type { TopicSchema } from '../codec/schema-files.ts';
import { loginRefused } from '../event-log/schemas.registry.ts';
import type { TopicNames } from '../event-log/topic-names.ts';

export interface RegistryAccess {
  /** Root of the Confluent-compatible API. */
  readonly url: string;
  readonly names: TopicNames;
  readonly username?: string;
  readonly password?: string;
}

/** What one version of a schema means to the registry. */
export interface SchemaStanding {
  readonly subject: string;
  readonly version: number;
  readonly file: string;
  /** `incompatible`: registering it would be refused. */
  readonly standing: 'registered' | 'new' | 'incompatible';
  readonly problem?: string;
}

/** The registry did not do what it was asked; `message` says what it answered. */
export class RegistryRefused extends Error {
  override readonly name = 'RegistryRefused';
}

/** How every version of our schemas stands to the registry. Changes nothing. */
export async function checkSchemas(
  registry: RegistryAccess,
  schemas: readonly TopicSchema[],
): Promise<readonly SchemaStanding[]> {
  const standings: SchemaStanding[] = [];
  for (const schema of schemas) standings.push(await standingOf(registry, schema));
  return standings;
}

/**
 * Registers the versions that the registry does not have, oldest first, with full-transitive compatibility.
 *
 * Stops at the first that is refused, by throwing `RegistryRefused`. Safe to run again.
 */
export async function registerSchemas(
  registry: RegistryAccess,
  schemas: readonly TopicSchema[],
): Promise<readonly SchemaStanding[]> {
  const registered: SchemaStanding[] = [];
  for (const subject of new Set(schemas.map(({ topic }) => registry.names.subject(topic)))) {
    await ask(registry, 'PUT', `/config/${subject}`, { compatibility: 'FULL_TRANSITIVE' });
  }
  for (const schema of schemas) {
    const standing = await standingOf(registry, schema);
    if (standing.standing === 'registered') continue;
    await ask(registry, 'POST', `/subjects/${standing.subject}/versions`, bodyOf(schema));
    registered.push(standing);
  }
  return registered;
}

async function standingOf(registry: RegistryAccess, schema: TopicSchema): Promise<SchemaStanding> {
  const subject = registry.names.subject(schema.topic);
  const place = { subject, version: schema.version, file: schema.file };
  const known = await tryAsk(registry, 'POST', `/subjects/${subject}`, bodyOf(schema));
  if (known.ok) return { ...place, standing: 'registered' };
  const path = `/compatibility/subjects/${subject}/versions?verbose=true`;
  const checked = await tryAsk(registry, 'POST', path, bodyOf(schema));
  // Nothing to be compatible with.
  if (!checked.ok) return { ...place, standing: 'new' };
  const { is_compatible: compatible, messages } = checked.body as {
    is_compatible?: boolean;
    messages?: string[];
  };
  if (compatible !== false) return { ...place, standing: 'new' };
  return { ...place, standing: 'incompatible', problem: messages?.join('; ') ?? 'refused by the registry' };
}

const bodyOf = ({ json }: TopicSchema): object => ({ schemaType: 'AVRO', schema: JSON.stringify(json) });

async function ask(registry: RegistryAccess, method: string, path: string, body: object): Promise<unknown> {
  const answer = await tryAsk(registry, method, path, body);
  if (answer.ok) return answer.body;
  throw new RegistryRefused(`${method} ${path}: the registry answered ${answer.status}: ${answer.text}`);
}

type Answer =
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly status: number; readonly text: string };

/** Registries answer 404 for subjects and schemas that they do not have, and 409 or 422 for those they refuse. */
async function tryAsk(
  { url, username, password }: RegistryAccess,
  method: string,
  path: string,
  body: object,
): Promise<Answer> {
  const credentials =
    username === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
  let response: Response;
  try {
    response = await fetch(`${url}${path}`, {
      method,
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json', ...credentials },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
  } catch (error) {
    throw new RegistryRefused(`no schema registry answers at ${url}: ${String((error as Error).message)}`);
  }
  const text = await response.text();
  if (response.ok) return { ok: true, body: text === '' ? undefined : JSON.parse(text) };
  if (response.status === 401 || response.status === 403)
    throw new RegistryRefused(loginRefused(response.status));
  if (response.status >= 500)
    throw new RegistryRefused(`${method} ${path}: the registry answered ${response.status}`);
  return { ok: false, status: response.status, text: text.slice(0, 500) };
}

const ANSWER_WITHIN_MS = 10_000;
