import type { SourceFile } from './source-tree.ts';

/** Names that say nothing about what is inside. */
const EMPTY_NAMES = ['manager', 'util', 'utils', 'helper', 'helpers', 'misc', 'common'];
/** Written apart, so that this file does not find itself. */
const LEFT_OVER = new RegExp(String.raw`\b(TO${''}DO|FIX${''}ME|XX${''}X)\b`);
const MACHINE_PATH = /(?<![\w.])\/(?:home|Users|work|root)\/[\w.-]+|\b[A-Z]:\\Users\\/;

/** What is wrong with a file's name. */
export function emptyName({ path }: SourceFile): readonly string[] {
  const words = path.split('/').flatMap((part) => part.split(/[-.]/));
  return words
    .filter((word) => EMPTY_NAMES.includes(word.toLowerCase()))
    .map((word) => `${path}: "${word}" says nothing; name the idea`);
}

/** Notes to oneself, and paths that exist on one machine only. */
export function leftOvers({ path, text }: SourceFile): readonly string[] {
  return text.split('\n').flatMap((line, index) => {
    const found = LEFT_OVER.exec(line) ?? MACHINE_PATH.exec(line);
    return found === null ? [] : [`${path}:${index + 1}: ${found[0]}`];
  });
}
