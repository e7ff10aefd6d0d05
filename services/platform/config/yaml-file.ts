import { isAlias, isCollection, isPair, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';

export { didYouMean } from './did-you-mean.ts';

/** Something wrong at one place of a file that people wrote. `line` and `column` count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T; readonly at: Locate }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Turns a path into the parsed value into a problem at that place: for checks that a schema cannot do. */
export type Locate = (path: readonly PropertyKey[], message: string, where?: 'key' | 'value') => Problem;

/** Larger files are refused: nobody writes a rule of 256 KiB by hand. */
export const MAX_YAML_BYTES = 256 * 1024;
/** Deeper nesting is refused. */
export const MAX_YAML_DEPTH = 32;
/** Nodes that aliases may expand to, as a multiple of nothing: a bomb needs thousands. */
const MAX_ALIASES = 100;

/**
 * Reads YAML 1.2 text against a schema and reports every problem with its place, never by throwing.
 *
 * Unknown keys are errors when the schema is a `z.strictObject`; the message then proposes the nearest
 * allowed key. Custom tags, duplicate keys, alias bombs, oversize and overly deep files are refused.
 */
export function parseYamlFile<S extends z.ZodType>(
  file: string,
  text: string,
  schema: S,
): Parsed<z.output<S>> {
  if (Buffer.byteLength(text) > MAX_YAML_BYTES) {
    return refuse(
      file,
      `the file has ${Buffer.byteLength(text)} bytes; at most ${MAX_YAML_BYTES} are allowed`,
    );
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    lineCounter: lines,
    uniqueKeys: true,
    merge: true,
    customTags: [],
  });
  const place = (offset: number, message: string): Problem => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1), message };
  };
  const [fault] = [...document.errors, ...document.warnings];
  // One fault of syntax makes the parser stumble over everything behind it: only the first says something.
  if (fault !== undefined) return { ok: false, problems: [place(fault.pos[0], yamlFault(fault))] };
  const shape = checkShape(document.contents, place);
  if (shape !== undefined) return { ok: false, problems: [shape] };

  const at: Locate = (path, message, where = 'value') =>
    place(offsetOf(document.contents, path, where), message);
  let plain: unknown;
  try {
    plain = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    return refuse(file, `aliases expand too far: ${String((error as Error).message)}`);
  }
  const result = schema.safeParse(plain, { reportInput: true });
  if (result.success) return { ok: true, value: result.data, at };
  return { ok: false, problems: result.error.issues.flatMap((issue) => problemsOf(issue, schema, at)) };
}

/** `file:line:column: message`, which terminals and editors make clickable. */
export const formatProblem = (problem: Problem): string =>
  `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`;

const refuse = (file: string, message: string) =>
  ({ ok: false, problems: [{ file, line: 1, column: 1, message }] }) as const;

function yamlFault(fault: { code: string; message: string }): string {
  const words = fault.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? fault.message;
  if (fault.code === 'TAG_RESOLVE_FAILED') return `${words}; tags are not allowed here`;
  if (
    words.includes('Flow map contains an unexpected') ||
    words.includes('Flow sequence contains an unexpected')
  ) {
    return `${words}; quote a value that contains { } [ ] or a comma`;
  }
  return words;
}

function checkShape(root: unknown, place: (offset: number, message: string) => Problem): Problem | undefined {
  let found: Problem | undefined;
  let aliases = 0;
  if (root === null || root === undefined) return undefined;
  // The visitor only reads; yaml types its argument as a node.
  visit(root as Node, (_, node, path) => {
    if (isCollection(node) && path.filter(isCollection).length > MAX_YAML_DEPTH) {
      found = place(node.range?.[0] ?? 0, `nested deeper than ${MAX_YAML_DEPTH} levels`);
      return visit.BREAK;
    }
    if (isAlias(node) && ++aliases > MAX_ALIASES) {
      found = place(node.range?.[0] ?? 0, `more than ${MAX_ALIASES} aliases; write the values out`);
      return visit.BREAK;
    }
    return undefined;
  });
  return found;
}

/** Where the node of a path begins; for a missing one, its nearest parent. */
function offsetOf(root: unknown, path: readonly PropertyKey[], where: 'key' | 'value'): number {
  let node: unknown = root;
  let offset = rangeOf(root) ?? 0;
  for (const [depth, step] of path.entries()) {
    if (!isCollection(node)) break;
    const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === step);
    if (isPair(pair)) {
      const last = depth === path.length - 1;
      offset = rangeOf(last && where === 'key' ? pair.key : pair.value) ?? rangeOf(pair.key) ?? offset;
      node = pair.value;
      continue;
    }
    const item = typeof step === 'number' ? node.items[step] : undefined;
    if (item === undefined) break;
    offset = rangeOf(item) ?? offset;
    node = item;
  }
  return offset;
}

const rangeOf = (node: unknown): number | undefined => {
  const range = (node as { range?: readonly number[] | null } | null | undefined)?.range;
  return range?.[0];
};

function problemsOf(issue: z.core.$ZodIssue, schema: z.ZodType, at: Locate): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const allowed = keysAllowedAt(schema, issue.path);
    return issue.keys.map((key) =>
      at([...issue.path, key], `unknown key "${key}"${didYouMean(key, allowed)}`, 'key'),
    );
  }
  if (issue.code === 'invalid_union') {
    const branch = closestBranch(issue.errors);
    if (branch !== undefined) {
      return branch.flatMap((inner) =>
        problemsOf({ ...inner, path: [...issue.path, ...inner.path] }, schema, at),
      );
    }
  }
  const name = issue.path.length > 0 ? `${issue.path.map(String).join('.')}: ` : '';
  const near =
    issue.code === 'invalid_value' ? didYouMean(String(issue.input), issue.values.map(String)) : '';
  const found = issue.input === undefined && name !== '' ? 'is missing' : `got ${show(issue.input)}`;
  return [at(issue.path, `${name}${found}, ${lowerFirst(expectedWords(issue))}${near}`)];
}

/** What is allowed, in words; a schema that has words of its own is left its words. */
function expectedWords(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `expected one of ${issue.values.map(String).join(', ')}`;
  const isOfTheLibrary = issue.code === 'invalid_type' && issue.message.startsWith('Invalid input: ');
  return isOfTheLibrary ? `expected ${KINDS[issue.expected] ?? issue.expected}` : issue.message;
}

/** The library's names of types, as somebody who writes YAML knows them. */
const KINDS: Readonly<Partial<Record<string, string>>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'a mapping of keys to values',
  record: 'a mapping of keys to values',
  string: 'a text',
};

/** Of a union's failures, the branch that came furthest: it is most likely the one that was meant. */
function closestBranch(
  branches: readonly (readonly z.core.$ZodIssue[])[],
): readonly z.core.$ZodIssue[] | undefined {
  const depth = (issues: readonly z.core.$ZodIssue[]) =>
    Math.max(0, ...issues.map((issue) => issue.path.length));
  const wrongType = (issues: readonly z.core.$ZodIssue[]) =>
    issues.some((issue) => issue.code === 'invalid_type' && issue.path.length === 0);
  const candidates = branches.filter((issues) => !wrongType(issues));
  return [...candidates].sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
}

/** The keys that a strict object takes at a path, read from the schema itself. */
function keysAllowedAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let current: unknown = schema;
  for (const step of path) current = descend(unwrap(current), step);
  const shape = shapeOf(unwrap(current));
  return shape === undefined ? [] : Object.keys(shape);
}

interface ZodInternals {
  readonly def?: {
    readonly innerType?: unknown;
    readonly in?: unknown;
    readonly shape?: Record<string, unknown>;
    readonly element?: unknown;
    readonly valueType?: unknown;
    readonly options?: readonly unknown[];
    readonly getter?: () => unknown;
  };
}

const defOf = (schema: unknown) => (schema as ZodInternals | undefined)?.def;

function unwrap(schema: unknown): unknown {
  const def = defOf(schema);
  const inner = def?.innerType ?? def?.in ?? def?.getter?.();
  return inner === undefined ? schema : unwrap(inner);
}

function shapeOf(schema: unknown): Record<string, unknown> | undefined {
  const def = defOf(schema);
  if (def?.shape !== undefined) return def.shape;
  const shapes = def?.options
    ?.map((option) => shapeOf(unwrap(option)))
    .filter((shape) => shape !== undefined);
  return shapes === undefined || shapes.length === 0 ? undefined : Object.assign({}, ...shapes);
}

function descend(schema: unknown, step: PropertyKey): unknown {
  const def = defOf(schema);
  if (def?.element !== undefined) return def.element;
  if (def?.valueType !== undefined) return def.valueType;
  return shapeOf(schema)?.[String(step)];
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
