import { isMap, isPair, isScalar, LineCounter, type Node, type Pair, parseDocument, visit } from 'yaml';
import type { Problem } from '../../../platform/config/yaml-file.ts';

/**
 * Finds what YAML readers disagree about or misread: `no` and `on` unquoted, `12:30` unquoted, and
 * placeholders in braces without quotes. Tocsin reads YAML 1.2; the editor, linter or script of the
 * next colleague may read 1.1, where these mean something else.
 */
export function findYamlTraps(file: string, text: string): Problem[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { version: '1.2', lineCounter: lines, customTags: [] });
  const problems: Problem[] = [];
  const report = (offset: number, message: string) => {
    const { line, col } = lines.linePos(offset);
    problems.push({ file, line: Math.max(line, 1), column: Math.max(col, 1), message });
  };
  if (document.contents === null) return problems;
  // The visitor only reads; yaml types its argument as a node.
  visit(document.contents as Node, (_, node) => {
    const trap = trapOf(node);
    if (trap !== undefined) report(trap.offset, trap.message);
    return trap?.whole === true ? visit.SKIP : undefined;
  });
  if (document.errors.length === 0) return problems;
  const named = new Set(problems.map(({ line }) => line));
  return [...problems, ...unquotedPlaceholders(file, text).filter(({ line }) => !named.has(line))];
}

interface Trap {
  readonly offset: number;
  readonly message: string;
  /** Nothing inside it is worth a second message. */
  readonly whole?: boolean;
}

function trapOf(node: unknown): Trap | undefined {
  if (isMap(node) && node.flow === true && node.items.length > 0 && node.items.every(isLonePlaceholder)) {
    return { offset: node.range?.[0] ?? 0, message: UNQUOTED_PLACEHOLDER, whole: true };
  }
  if (!isScalar(node) || node.type !== 'PLAIN' || node.source === undefined) return undefined;
  const offset = node.range?.[0] ?? 0;
  if (/^(yes|no|on|off)$/i.test(node.source)) {
    return {
      offset,
      message: `${node.source} without quotes is true or false to YAML 1.1 tools; write "${node.source}", true or false`,
    };
  }
  if (/^\d{1,3}:\d{2}(:\d{2})?$/.test(node.source)) {
    return {
      offset,
      message: `${node.source} without quotes is a number to YAML 1.1 tools; write "${node.source}"`,
    };
  }
  return undefined;
}

const UNQUOTED_PLACEHOLDER =
  'a placeholder in braces must be quoted, for example "owner:{profile.account_manager}": YAML reads braces as a map';

/** `{customer_id}` without quotes is a map with one key and no value. */
const isLonePlaceholder = (item: unknown): boolean => {
  if (!isPair(item)) return false;
  const { key, value } = item as Pair;
  const empty = value === null || (isScalar(value) && value.value === null && (value.source ?? '') === '');
  return isScalar(key) && typeof key.value === 'string' && empty;
};

/** For a file that YAML cannot read at all: places that look like an unquoted placeholder. */
function unquotedPlaceholders(file: string, text: string): Problem[] {
  return text.split('\n').flatMap((line, index) => {
    const bare = line.replace(/"(?:[^"\\]|\\.)*"|'[^']*'/g, (quoted) => ' '.repeat(quoted.length));
    const found = /[\w:-]*\{[a-z_]+(?:\.[a-z_0-9]+)*\}/.exec(bare.replace(/(^|\s)#.*$/, ''));
    if (found === null) return [];
    return [{ file, line: index + 1, column: found.index + 1, message: UNQUOTED_PLACEHOLDER }];
  });
}
