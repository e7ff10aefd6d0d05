import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { TOPICS } from '../../services/contracts/topics.ts';
import {
  brokenLinks,
  DECISION_HEADINGS,
  metricNames,
  misnumbered,
  missingHeadings,
  README_HEADINGS,
} from './documents.ts';
import { filesMatching, productionFiles, type SourceFile } from './source-tree.ts';

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

  test('a gap in the numbers', () => {
    expect(misnumbered(['d/0001-a.md', 'd/0003-b.md'])).toEqual(['d/0003-b.md']);
  });

  test('a link that leads nowhere', () => {
    const links = page('[a](b.md) [c](https://example.com) [d](#e) [f](there.md#g)');
    expect(brokenLinks(links, (path) => path === 'docs/there.md')).toEqual(['docs/a.md: b.md']);
  });

  test('metric names in code and in a table', () => {
    expect(metricNames(page("name: 'tocsin_a_total'"))).toEqual(['tocsin_a_total']);
    expect(metricNames(page('| `tocsin_a_total` | counter |'))).toEqual(['tocsin_a_total']);
  });
});

function page(text: string): SourceFile {
  return { path: 'docs/a.md', text };
}
