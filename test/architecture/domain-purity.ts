import { codeOnly } from './code-text.ts';
import { importsOf } from './imports.ts';
import type { SourceFile } from './source-tree.ts';

/** Time, ids and settings come in, data goes out: what a decision must not reach for, and what instead. */
const IMPURE: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\bDate\.now\b/, 'take `now` as an argument'],
  [/\bnew Date\(\s*\)/, 'take `now` as an argument'],
  [/\bTemporal\.Now\b/, 'take `now` as an argument'],
  [/\bperformance\.now\b/, 'measure outside'],
  [/\bMath\.random\b/, 'derive it from an id'],
  [/\brandomUUID\b|\brandomBytes\b/, 'derive it from an id'],
  [/\bawait\b|\basync\b|\bnew Promise\b/, 'return data; waiting is for service.ts'],
  [/\bset(Timeout|Interval|Immediate)\b/, 'return a timer in the step'],
  [
    /\bprocess\.(env|argv|exit|pid|hrtime|nextTick)\b|\bconsole\.|\bfetch\(/,
    'it belongs in main.ts or an adapter',
  ],
  [/\bglobalThis\b/, 'hand it in'],
];

/** Packages that only compute. */
const PURE_PACKAGES = ['zod', 'yaml', 're2js', 'temporal-polyfill', 'sentiment'];
/** Hashing and looking at bytes are computations; everything else of Node touches the world. */
const PURE_NODE = ['node:buffer', 'node:crypto'];

export const isDomain = ({ path }: SourceFile): boolean => /^services\/[^/]+\/domain\//.test(path);

/** What makes the code of a domain file more than a computation. */
export function impurities({ path, text }: SourceFile): readonly string[] {
  const code = codeOnly(text);
  return IMPURE.filter(([pattern]) => pattern.test(code)).map(
    ([pattern, instead]) => `${path}: ${pattern.exec(code)?.[0]}: ${instead}`,
  );
}

/**
 * Doors to the world that a domain file reaches through its imports, however many files lie between.
 * `files` are all that may be reached.
 */
export function worldlyImports(start: SourceFile, files: ReadonlyMap<string, SourceFile>): readonly string[] {
  const found: string[] = [];
  const seen = new Set<string>([start.path]);
  const visit = (file: SourceFile, trail: string): void => {
    for (const { target, kind, typeOnly } of importsOf(file)) {
      if (typeOnly || seen.has(target)) continue;
      seen.add(target);
      if (isWorldly(kind, target)) found.push(`${trail} → ${target}`);
      const next = files.get(target);
      if (next !== undefined) visit(next, `${trail} → ${target}`);
    }
  };
  visit(start, start.path);
  return found;
}

function isWorldly(kind: 'file' | 'node' | 'package', target: string): boolean {
  if (kind === 'node') return !PURE_NODE.includes(target);
  if (kind === 'package') return !PURE_PACKAGES.includes(target);
  return target.includes('/adapters/');
}
