import { createHash } from 'node:crypto';
import { type Document, isMap, isNode, isScalar, parseDocument } from 'yaml';
import { hundredths } from '../risk/model-bins.ts';
import type { Behind, Learnt } from './learn.ts';

/** Weights move in steps that a reader notices; smaller ones would only make the diff long. */
const NOTICEABLE = 0.05;

/**
 * The text of a model with its weights moved, and nothing else: comments, order and words stay, so that a diff shows
 * what changed and no more. What the file says of its fit (figures, expected scores) is of the model before: it becomes
 * a comment.
 */
export function editModel(text: string, { intercept, moves }: Pick<Learnt, 'intercept' | 'moves'>): string {
  const document = parseDocument(text);
  const edits: { from: number; to: number; text: string }[] = [];
  const move = (path: readonly (string | number)[], by: number): void => {
    const node = document.getIn(path, true);
    if (!isScalar(node) || typeof node.value !== 'number' || node.range == null || Math.abs(by) < NOTICEABLE)
      return;
    edits.push({ from: node.range[0], to: node.range[1], text: String(hundredths(node.value + by)) });
  };
  move(['intercept'], intercept);
  for (const [feature, own] of moves.entries()) {
    move(['features', feature, 'missing'], own[0] ?? 0);
    for (let bin = 1; bin < own.length; bin++)
      move(['features', feature, 'bins', bin - 1, 'weight'], own[bin] ?? 0);
  }
  const version = document.getIn(['version'], true);
  if (edits.length > 0 && isScalar(version) && version.range != null) {
    const digest = createHash('sha256').update(JSON.stringify(edits)).digest('hex').slice(0, 8);
    edits.push({ from: version.range[0], to: version.range[1], text: `outcomes-${digest}` });
  }
  const fit = edits.length === 0 ? undefined : fitRange(document);
  if (fit !== undefined) {
    const [from, to] = fit;
    edits.push({
      from,
      to,
      text: `# Of the model before: ${text.slice(from, to).trimEnd().replaceAll('\n', '\n# ')}\n`,
    });
  }
  return edits
    .toSorted((a, b) => b.from - a.from)
    .reduce((edited, edit) => edited.slice(0, edit.from) + edit.text + edited.slice(edit.to), text);
}

function fitRange({ contents }: Document.Parsed): readonly [number, number] | undefined {
  const pair = isMap(contents)
    ? contents.items.find(({ key }) => isScalar(key) && key.value === 'fit')
    : undefined;
  if (!isNode(pair?.key) || !isNode(pair.value)) return undefined;
  const [from, to] = [pair.key.range?.[0], pair.value.range?.[1]];
  return from === undefined || to === undefined ? undefined : [from, to];
}

/** For each line of a model that has a weight, counted from 1, the customers of whom it speaks. */
export function customersByLine(
  text: string,
  { customers, outcomes, behind }: Pick<Learnt, 'customers' | 'outcomes' | 'behind'>,
): ReadonlyMap<number, Behind> {
  const document = parseDocument(text);
  const lines = new Map<number, Behind>();
  const put = (path: readonly (string | number)[], own: Behind): void => {
    const node = document.getIn(path, true);
    if (isScalar(node) && node.range != null) lines.set(text.slice(0, node.range[0]).split('\n').length, own);
  };
  put(['intercept'], { customers, left: outcomes });
  for (const [feature, places] of behind.entries()) {
    for (const [place, own] of places)
      put(['features', feature, ...(place === 0 ? ['missing'] : ['bins', place - 1, 'weight'])], own);
  }
  return lines;
}

/**
 * The lines that differ, as `diff` writes them, each with the customers who stand behind it; both texts have the same
 * number of lines.
 */
export function changedLines(before: string, after: string, behind: ReadonlyMap<number, Behind>): string {
  const now = after.split('\n');
  return before
    .split('\n')
    .flatMap((line, index) =>
      line === now[index]
        ? []
        : [place(index + 1, behind.get(index + 1)), `-${line}`, `+${now[index] ?? ''}`],
    )
    .join('\n');
}

const place = (line: number, behind: Behind | undefined): string =>
  behind === undefined
    ? `@@ line ${line} @@`
    : `@@ line ${line}: ${behind.customers} customers, ${behind.left} of whom left @@`;
