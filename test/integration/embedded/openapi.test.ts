import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openTocsin, readSettings } from '../../../services/embedded/tocsin.ts';
import { silentLogger } from '../../../services/platform/logging/logger.ts';
import { createRegistry } from '../../../services/platform/metrics/registry.ts';
import { CLOSE_WITHIN_MS } from '../../../services/platform/process/lifecycle.ts';
import { ManualClock } from '../../../services/platform/time/clock.ts';

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

async function openApp() {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-openapi-'));
  const tocsin = await openTocsin({
    folder,
    settings: readSettings({}),
    clock: new ManualClock('2026-03-02T10:00+01:00'),
    rulesAreTrusted: true,
    url: 'http://127.0.0.1:8080',
    log: silentLogger,
    registry: createRegistry(),
  });
  onTestFinished(async () => {
    await tocsin.lifecycle.close(CLOSE_WITHIN_MS);
    rmSync(folder, { recursive: true });
  });
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
