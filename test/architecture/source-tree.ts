import { globSync, readFileSync } from 'node:fs';

/** A file of the checkout. `path` starts at its root, with `/` on every platform. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const NEVER = ['**/node_modules/**', '.git/**', 'data/**', 'coverage/**', 'tmp/**'];

/** Every file that one of the patterns matches, in order of path. Dependencies and run-time data never do. */
export function filesMatching(...patterns: readonly string[]): readonly SourceFile[] {
  return globSync([...patterns], { exclude: NEVER })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

/** A test, or what only tests use: `example.ts`, `given.ts`, files and folders called `test-…`, all of `test/`. */
export function isTest({ path }: Pick<SourceFile, 'path'>): boolean {
  return /\.test\.ts$|\/(?:.+\.)?(?:examples?|given)\.ts$|\/test-|^test\//.test(path);
}

/** Code that runs in production: services without their tests. */
export function productionFiles(): readonly SourceFile[] {
  return filesMatching('services/**/*.ts').filter((file) => !isTest(file));
}

/** `ingestion` for `services/ingestion/service.ts`; undefined outside `services/`. */
export function serviceOf(path: string): string | undefined {
  return /^services\/([^/]+)\//.exec(path)?.[1];
}
