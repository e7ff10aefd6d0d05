import { expect, test } from 'vitest';
import { openWorld } from '../../support/world/world.ts';

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

test('the API describes itself, and answers at every address that it describes', async () => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  const { status, body } = await world.get('/openapi.json');
  expect(status).toBe(200);
  // The document's own shape is checked where it is written.
  const { openapi, paths } = body as Document;
  expect(openapi).toMatch(/^3\.1\./);
  expect(Object.keys(paths).length).toBeGreaterThan(8);
  for (const [path, verbs] of Object.entries(paths)) {
    const filled = path.replace(/\{\w+\}/g, 'nobody');
    for (const verb of Object.keys(verbs)) {
      const answer = verb === 'get' ? await world.get(filled) : await world.send(filled, {});
      expect(JSON.stringify(answer.body), `${verb} ${path}`).not.toContain('There is nothing at');
    }
  }
});
