import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

/** One operation of a REST API. What checks requests, or writes answers, is named here, so that neither can drift. */
export interface Operation {
  readonly id: string;
  readonly method: 'get' | 'post';
  /** With `{name}` for what varies. */
  readonly path: string;
  readonly summary: string;
  readonly query?: z.ZodObject;
  /** Of a JSON request. */
  readonly body?: z.ZodType;
  /** The same by media type, as JSON Schema, where it is not zod that checks it. */
  readonly bodies?: Readonly<Record<string, object>>;
  readonly headers?: readonly Header[];
  /** Whose key is wanted, where any are configured. */
  readonly key?: 'ingest' | 'ops';
  readonly answers: Readonly<Record<number, z.ZodType>>;
}

export interface Header {
  readonly name: string;
  readonly description: string;
  readonly maxLength: number;
}

/** What one part of a server can be asked. Schemas of answers carry an id in their meta data. */
export interface ApiPart {
  readonly operations: readonly Operation[];
  readonly schemas: readonly z.ZodType[];
  /** Further schemas by name, where it is not zod that checks. */
  readonly records?: Readonly<Record<string, object>>;
}

export interface ApiInfo {
  readonly title: string;
  readonly version: string;
  readonly description: string;
}

/** RFC 9457, as it is answered by every server for what went wrong before any handler was asked. */
export const PlainProblem = z
  .object({ type: z.string(), title: z.string(), status: z.int(), detail: z.string() })
  .describe('RFC 9457.')
  .meta({ id: 'PlainProblem' });

/** The OpenAPI 3.1 document of everything that a server can be asked. */
const openApiDocument = (info: ApiInfo, parts: readonly ApiPart[]): object => ({
  openapi: '3.1.0',
  info: { ...info, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
  paths: pathsOf(parts.flatMap(({ operations }) => operations)),
  components: {
    schemas: Object.assign(
      componentSchemas(parts.flatMap(({ schemas }) => schemas)),
      ...parts.map(({ records }) => records),
    ),
    securitySchemes: { key: { type: 'http', scheme: 'bearer', description: KEY_WORDS } },
  },
});

/** Answers with the document at `/openapi.json`. */
export const serveOpenApi = (app: FastifyInstance, info: ApiInfo, parts: readonly ApiPart[]): void => {
  const document = openApiDocument(info, parts);
  app.get('/openapi.json', async () => document);
};

const KEY_WORDS =
  'A key of TOCSIN_INGEST_KEYS or TOCSIN_OPS_KEYS. Where none are configured, none is asked for.';

const ANSWER_WORDS: Readonly<Record<number, string>> = {
  200: 'Done',
  201: 'Made',
  202: 'Stored',
  400: 'The request cannot be read',
  401: 'A key is missing or wrong',
  403: 'A page of another site asked',
  404: 'There is no such thing',
  409: 'Refused in the present state, or the name means several things',
  413: 'Too large',
  415: 'Neither JSON nor NDJSON in UTF-8',
  422: 'A field is missing or wrong',
  503: 'Nothing was stored; ask again after Retry-After',
};

const pathsOf = (operations: readonly Operation[]): Record<string, Record<string, object>> => {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) };
  }
  return paths;
};

const describe = (operation: Operation): object => ({
  operationId: operation.id,
  summary: operation.summary,
  parameters: [...pathParameters(operation), ...queryParameters(operation), ...headerParameters(operation)],
  ...(operation.key === undefined ? {} : { security: [{ key: [] }, {}] }),
  ...requestBody(operation),
  responses: Object.fromEntries(
    Object.entries(operation.answers).map(([status, schema]) => [
      status,
      {
        description: ANSWER_WORDS[Number(status)] ?? status,
        content: {
          [Number(status) >= 400 ? 'application/problem+json' : 'application/json']: {
            schema: refTo(schema),
          },
        },
      },
    ]),
  ),
});

const requestBody = ({ body, bodies }: Operation): object => {
  const content = bodies ?? (body === undefined ? undefined : { 'application/json': inputSchema(body) });
  if (content === undefined) return {};
  return {
    requestBody: {
      required: bodies !== undefined,
      content: Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }])),
    },
  };
};

const pathParameters = ({ path }: Operation): readonly object[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    description: 'Percent-encoded.',
    schema: { type: 'string' },
  }));

const queryParameters = ({ query }: Operation): readonly object[] =>
  Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    schema: inputSchema(schema as z.ZodType),
  }));

const headerParameters = ({ headers = [] }: Operation): readonly object[] =>
  headers.map(({ name, description, maxLength }) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string', maxLength },
  }));

/** As the client writes it: before defaults and conversions. */
const inputSchema = (schema: z.ZodType): object => withoutDialect(z.toJSONSchema(schema, { io: 'input' }));

const refTo = (schema: z.ZodType): object => ({ $ref: `#/components/schemas/${schema.meta()?.id ?? ''}` });

const componentSchemas = (all: readonly z.ZodType[]): Record<string, object> => {
  const registry = z.registry<{ id: string }>();
  for (const schema of new Set(all)) {
    const id = schema.meta()?.id;
    if (id !== undefined) registry.add(schema, { id });
  }
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withoutDialect(schema)]));
};

/** OpenAPI 3.1 has JSON Schema 2020-12 as its dialect, so saying it in each schema is noise. */
const withoutDialect = ({ $schema, $id, id, ...schema }: z.core.JSONSchema.BaseSchema): object => schema;
