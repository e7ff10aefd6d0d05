import { expect, test } from 'vitest';
import { openedTocsin } from '../../support/opened-tocsin.ts';

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

async function openApp() {
  const { tocsin } = await openedTocsin();
  await tocsin.app.ready();
  return tocsin.app;
}

/** `POST /v1/alerts/{id}/close` and all the others, out of the tree that the router prints. */
function registered(tree: string): readonly string[] {
  const trail: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', segment = '', methods] =
      /^([│ ]*)[├└]── (.*?)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? [];
    trail.splice(indent.length / 4, Infinity, segment);
    const path = trail.join('').replace(/:(\w+)/g, '{$1}');
    return (methods ?? '')
      .split(', ')
      .flatMap((method) => (/^(GET|POST)$/.test(method) ? [`${method} ${path}`] : []));
  });
}

test('everything under /v1 that answers is in the OpenAPI document, and the other way round', async () => {
  const app = await openApp();
  const { openapi, paths, components }: Document = (await app.inject('/openapi.json')).json();
  expect(openapi).toMatch(/^3\.1\./);
  const documented = Object.entries(paths).flatMap(([path, verbs]) =>
    Object.keys(verbs).map((verb) => `${verb.toUpperCase()} ${path}`),
  );
  const answering = registered(app.printRoutes({ commonPrefix: false })).filter((route) =>
    / \/v1\//.test(route),
  );
  expect(documented.toSorted()).toEqual(answering.toSorted());
  expect(documented).toContain('POST /v1/complaints');
  const text = JSON.stringify(paths);
  const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w*)"/g)];
  expect(references.length).toBeGreaterThan(documented.length);
  for (const [, name = ''] of references) expect(components.schemas).toHaveProperty(name);
  const ids = [...text.matchAll(/"operationId":"(\w+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(documented.length);
});
