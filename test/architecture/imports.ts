import { posix } from 'node:path';
import { withoutComments } from './code-text.ts';
import type { SourceFile } from './source-tree.ts';

export interface Import {
  /** A path from the root of the checkout, `node:<module>`, or the name of an npm package. */
  readonly target: string;
  readonly kind: 'file' | 'node' | 'package';
  /** Gone when the program runs. */
  readonly typeOnly: boolean;
}

const STATEMENT = /(?:^|[\n;])\s*(?:import|export)\s+([^'";]*?)\s*from\s*['"]([^'"]+)['"]/g;
const BARE = /(?:^|[\n;])\s*import\s*['"]([^'"]+)['"]/g;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Everything that a file imports or re-exports, in the three forms that there are. */
export function importsOf({ path, text }: SourceFile): readonly Import[] {
  const source = withoutComments(text);
  const named = [...source.matchAll(STATEMENT)].map(([, clause = '', specifier = '']) =>
    resolve(path, specifier, isTypeOnly(clause)),
  );
  const others = [...source.matchAll(BARE), ...source.matchAll(DYNAMIC)].map(([, specifier = '']) =>
    resolve(path, specifier, false),
  );
  return [...named, ...others];
}

function resolve(from: string, specifier: string, typeOnly: boolean): Import {
  if (specifier.startsWith('.')) {
    return { target: posix.join(posix.dirname(from), specifier), kind: 'file', typeOnly };
  }
  if (specifier.startsWith('node:')) return { target: specifier, kind: 'node', typeOnly };
  const parts = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1);
  return { target: parts.join('/'), kind: 'package', typeOnly };
}

/** `type X`, or braces in which every name says `type`. */
function isTypeOnly(clause: string): boolean {
  if (/^type\b/.test(clause)) return true;
  const braced = /^\{([^}]*)\}$/.exec(clause)?.[1];
  if (braced === undefined) return false;
  const names = braced.split(',').filter((name) => name.trim() !== '');
  return names.every((name) => /^\s*type\s/.test(name));
}
