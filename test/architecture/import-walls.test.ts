import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { wallBreaches } from './import-walls.ts';
import { importsOf } from './imports.ts';
import { filesMatching, productionFiles } from './source-tree.ts';

test('no import goes through a wall', () => {
  expect(filesMatching('services/**/*.ts').flatMap(wallBreaches)).toEqual([]);
});

/** Measures against a development dependency, and is loaded by the bench only when it runs. */
const PEER = 'services/embedded/bench/json-rules-engine.ts';

test('what runs in production needs no development dependency', () => {
  const runtime = Object.keys(packageJson.dependencies);
  const files = productionFiles().filter(({ path }) => path !== PEER);
  const missing = files.flatMap((file) =>
    importsOf(file)
      .filter(({ kind, typeOnly, target }) => kind === 'package' && !typeOnly && !runtime.includes(target))
      .map(({ target }) => `${file.path} → ${target}`),
  );
  expect(missing).toEqual([]);
});

test('nothing imports itself in a circle', () => {
  expect(circles(productionFiles())).toEqual([]);
});

describe('the walls hold against', () => {
  test.each([
    [
      'a service that imports another',
      'services/scoring/service.ts',
      "import { x } from '../alerting/service.ts';",
    ],
    [
      'a type of another service',
      'services/scoring/ports.ts',
      "import type { X } from '../alerting/ports.ts';",
    ],
    [
      'a test that imports another service',
      'services/scoring/a.test.ts',
      "import { x } from '../alerting/service.ts';",
    ],
    [
      'platform that knows a service',
      'services/platform/process/run.ts',
      "export * from '../../scoring/service.ts';",
    ],
    [
      'contracts that know the platform',
      'services/contracts/signal.ts',
      "import type { Clock } from '../platform/time/clock.ts';",
    ],
    ['contracts that know a package', 'services/contracts/signal.ts', "import { z } from 'zod';"],
    [
      'a service loaded while running',
      'services/scoring/service.ts',
      "const x = await import('../alerting/service.ts');",
    ],
    [
      'production code that uses test support',
      'services/scoring/service.ts',
      "import { fake } from '../../test/support/fake.ts';",
    ],
    [
      'production code that uses an example of the tests',
      'services/scoring/service.ts',
      "import { signal } from './domain/example.ts';",
    ],
    [
      'a service loop that chooses its adapter',
      'services/scoring/service.ts',
      "import { x } from './adapters/port.sqlite.ts';",
    ],
    [
      'a decision that opens the database',
      'services/scoring/domain/risk.ts',
      "import { x } from '../../platform/database/state-store.sqlite.ts';",
    ],
    [
      'an import over several lines',
      'services/scoring/service.ts',
      "import {\n  x,\n  type Y,\n} from '../alerting/service.ts';",
    ],
  ])('%s', (_, path, text) => {
    expect(wallBreaches({ path, text })).toHaveLength(1);
  });
});

describe('the walls have doors for', () => {
  test.each([
    [
      'contracts, platform, settings and packages',
      'services/scoring/service.ts',
      "import { a } from '../contracts/topics.ts';\nimport { b } from '../platform/time/clock.ts';\nimport { c } from '../settings/teams.ts';\nimport { z } from 'zod';",
    ],
    [
      'main.ts that chooses adapters',
      'services/scoring/main.ts',
      "import { x } from './adapters/port.sqlite.ts';",
    ],
    [
      'the assembly of all services',
      'services/embedded/main.ts',
      "import { x } from '../scoring/service.ts';\nimport { y } from '../scoring/adapters/port.sqlite.ts';",
    ],
    [
      'a test that uses test support',
      'services/scoring/service.test.ts',
      "import { fake } from '../../test/support/fake.ts';",
    ],
    [
      'an import that is only a comment',
      'services/scoring/service.ts',
      "// import { x } from '../alerting/service.ts';",
    ],
  ])('%s', (_, path, text) => {
    expect(wallBreaches({ path, text })).toEqual([]);
  });
});

test('a circle of imports is found', () => {
  const circle = circles([
    { path: 'services/a/one.ts', text: "import { two } from './two.ts';" },
    {
      path: 'services/a/two.ts',
      text: "import { one } from './one.ts';\nimport type { Three } from './three.ts';",
    },
    { path: 'services/a/three.ts', text: "import { two } from './two.ts';" },
  ]);
  expect(circle).toEqual(['services/a/one.ts → services/a/two.ts → services/a/one.ts']);
});

type Files = Parameters<typeof wallBreaches>[0][];

/** Each circle once, from where it was entered first. Imports of types only are no circle when it runs. */
function circles(files: Readonly<Files>): readonly string[] {
  const next = new Map(
    files.map((file) => [
      file.path,
      importsOf(file)
        .filter(({ kind, typeOnly }) => kind === 'file' && !typeOnly)
        .map(({ target }) => target),
    ]),
  );
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
    if (trail.includes(path) || done.has(path)) return;
    for (const target of next.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return found;
}
