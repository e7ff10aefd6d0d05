import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { TOPICS } from '../../services/contracts/topics.ts';
import {
  brokenLinks,
  DECISION_HEADINGS,
  inputTopics,
  metricNames,
  misnumbered,
  missingHeadings,
  README_HEADINGS,
  topicsInRow,
} from './documents.ts';
import { filesMatching, productionFiles, type SourceFile, serviceOf } from './source-tree.ts';

const SERVICES = readdirSync('services', { withFileTypes: true })
  .filter(
    (entry) =>
      entry.isDirectory() && !['contracts', 'platform', 'settings', 'embedded', 'cli'].includes(entry.name),
  )
  .map((entry) => entry.name);

test('each service says what it consumes, produces, owns, promises and what happens while it is down', () => {
  const readmes = filesMatching('services/*/README.md');
  expect(
    SERVICES.filter((service) => !readmes.some(({ path }) => path === `services/${service}/README.md`)),
  ).toEqual([]);
  const ofServices = readmes.filter(({ path }) => SERVICES.some((service) => path.includes(`/${service}/`)));
  expect(ofServices.flatMap((readme) => missingHeadings(readme, README_HEADINGS))).toEqual([]);
});

test('each decision record has its four parts and its number', () => {
  const records = filesMatching('infra/decisions/*.md').filter(({ path }) => !path.endsWith('README.md'));
  expect(records.length).toBeGreaterThan(0);
  expect(records.flatMap((record) => missingHeadings(record, DECISION_HEADINGS))).toEqual([]);
  expect(misnumbered(records.map(({ path }) => path))).toEqual([]);
});

test('the map names every service and every topic', () => {
  const [map] = filesMatching('services/README.md');
  const missing = [...SERVICES, ...Object.keys(TOPICS)].filter((word) => !map?.text.includes(`\`${word}\``));
  expect(missing).toEqual([]);
});

test('the map says of each service which topics it listens to and which it writes', () => {
  const [map = page('')] = filesMatching('services/README.md');
  for (const service of SERVICES) {
    const own = productionFiles().filter(({ path }) => serviceOf(path) === service);
    const written = Object.entries(TOPICS).filter(([, { writer }]) => writer === service);
    expect([service, topicsInRow(map, service, 3).toSorted()]).toEqual([
      service,
      [...new Set(own.flatMap(inputTopics))].toSorted(),
    ]);
    expect([service, topicsInRow(map, service, 4).toSorted()]).toEqual([
      service,
      written.map(([topic]) => topic).toSorted(),
    ]);
  }
});

test('every metric in the code is in infra/metrics.md, and the other way round', () => {
  const inCode = new Set(productionFiles().flatMap(metricNames));
  const documented = new Set(filesMatching('infra/metrics.md').flatMap(metricNames));
  expect({
    undocumented: [...inCode].filter((name) => !documented.has(name)).sort(),
    notInCode: [...documented].filter((name) => !inCode.has(name)).sort(),
  }).toEqual({ undocumented: [], notInCode: [] });
});

test('every metric is registered in one place, since a second one stops the process', () => {
  const places = productionFiles().flatMap((file) => [...new Set(metricNames(file))]);
  expect(places.filter((name, index) => places.indexOf(name) !== index)).toEqual([]);
});

test('no page links to a file that is not there', () => {
  const pages = filesMatching('{services,schemas,rules,infra,test}/**/*.md', '*.md');
  expect(pages.flatMap((file) => brokenLinks(file, existsSync))).toEqual([]);
});

describe('the checks find', () => {
  test('a missing heading, and one in the wrong place', () => {
    expect(missingHeadings(page('## Context\n## Decision\n## Consequences'), DECISION_HEADINGS)).toHaveLength(
      1,
    );
    expect(
      missingHeadings(page('## Context\n## Decision\n## Options\n## Consequences'), DECISION_HEADINGS),
    ).toHaveLength(1);
    expect(
      missingHeadings(
        page('## Context\n## Options\n```\n## Options\n```\n## Decision\n## Consequences'),
        DECISION_HEADINGS,
      ),
    ).toEqual([]);
  });

  test('the same answers in a table', () => {
    const rows = '| | |\n|---|---|\n| context | a |\n| options | b |\n| decision | c |\n| consequences | d |';
    expect(missingHeadings(page(rows), DECISION_HEADINGS)).toEqual([]);
  });

  test('a gap in the numbers', () => {
    expect(misnumbered(['d/0001-a.md', 'd/0003-b.md'])).toEqual(['d/0003-b.md']);
  });

  test('a link that leads nowhere', () => {
    const links = page('[a](b.md) [c](https://example.com) [d](#e) [f](there.md#g)');
    expect(brokenLinks(links, (path) => path === 'docs/there.md')).toEqual(['docs/a.md: b.md']);
  });

  test('metric names in code and in a table', () => {
    const code = "import { Counter } from 'prom-client';\nname: 'tocsin_a_total'";
    expect(metricNames({ path: 'metrics.ts', text: code })).toEqual(['tocsin_a_total']);
    expect(metricNames({ path: 'slack.ts', text: "type: 'tocsin_delivery'" })).toEqual([]);
    expect(metricNames(page('| `tocsin_a_total` | counter |'))).toEqual(['tocsin_a_total']);
  });
});

function page(text: string): SourceFile {
  return { path: 'docs/a.md', text };
}
