import { SOURCES } from '../../services/contracts/sources.ts';
import type { SourceFile } from './source-tree.ts';

/** What a service's README answers, in this order: under headings, or in the rows of a table. */
export const README_HEADINGS = ['Consumes', 'Produces', 'Owns', 'Promises', 'While it is down'] as const;
export const DECISION_HEADINGS = ['Context', 'Options', 'Decision', 'Consequences'] as const;

/** Headings that are missing or stand in another order, as one complaint; none when all is well. */
export function missingHeadings({ path, text }: SourceFile, wanted: readonly string[]): readonly string[] {
  const found = headingsOf(text).flatMap((heading) =>
    wanted.filter((word) => word.toLowerCase() === heading.toLowerCase()),
  );
  if (found.join() === wanted.join()) return [];
  return [`${path}: found the headings ${found.join(', ') || 'none'}; expected ${wanted.join(', ')}`];
}

/** A decision record is called `<number>-<words>.md`, numbered without gaps. */
export function misnumbered(paths: readonly string[]): readonly string[] {
  return paths.filter((path, index) => {
    const number = /\/(\d{4})-[a-z0-9-]+\.md$/.exec(path)?.[1];
    return Number(number) !== index + 1;
  });
}

/** Relative links of a page that lead nowhere. */
export function brokenLinks(
  { path, text }: SourceFile,
  exists: (path: string) => boolean,
): readonly string[] {
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : '';
  return [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].flatMap(([, link = '']) =>
    exists(`${folder}${link}`) ? [] : [`${path}: ${link}`],
  );
}

/** Names of metrics in a page, or in code that registers some. */
export function metricNames({ path, text }: SourceFile): readonly string[] {
  if (path.endsWith('.ts') && !text.includes("from 'prom-client'")) return [];
  return [...text.matchAll(/['`](tocsin_[a-z0-9_]+)['`]/g)].map(([, name = '']) => name);
}

/** The topics that a keyed process in this file listens to, as it declares them. */
export function inputTopics({ text }: SourceFile): readonly string[] {
  return [...text.matchAll(/\binputs: (\[[^\]]*\]|SOURCES\b)/g)].flatMap(([, list = '']) =>
    list === 'SOURCES' ? SOURCES : [...list.matchAll(/'([a-z-]+)'/g)].map(([, topic = '']) => topic),
  );
}

/** The topics in one cell of the row that begins with the word, in a page's tables. */
export function topicsInRow(page: SourceFile, word: string, column: number): readonly string[] {
  const row = page.text.split('\n').find((line) => line.startsWith(`| \`${word}\` |`)) ?? '';
  return [...(row.split('|')[column] ?? '').matchAll(/`([a-z-]+)`/g)].map(([, topic = '']) => topic);
}

/** Headings, and the first cells of table rows. */
function headingsOf(markdown: string): readonly string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, '');
  return [...prose.matchAll(/^(?:#{2,3} +(.+?) *$|\| *([^|]+?) *\|)/gm)].map(
    ([, heading, cell]) => heading ?? cell ?? '',
  );
}
