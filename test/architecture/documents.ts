import type { SourceFile } from './source-tree.ts';

/** What a service's README answers, in this order. */
export const README_HEADINGS = ['Consumes', 'Produces', 'Owns', 'Promises', 'While it is down'] as const;
export const DECISION_HEADINGS = ['Context', 'Options', 'Decision', 'Consequences'] as const;

/** Headings that are missing or stand in another order, as one complaint; none when all is well. */
export function missingHeadings({ path, text }: SourceFile, wanted: readonly string[]): readonly string[] {
  const found = headingsOf(text).filter((heading) => wanted.includes(heading));
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

/** Names of metrics in code or in a page. */
export function metricNames({ text }: SourceFile): readonly string[] {
  return [...text.matchAll(/['`](tocsin_[a-z0-9_]+)['`]/g)].map(([, name = '']) => name);
}

function headingsOf(markdown: string): readonly string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, '');
  return [...prose.matchAll(/^#{2,3} +(.+?) *$/gm)].map(([, heading = '']) => heading);
}
