import { z } from 'zod';
import { type Parsed, parseYamlFile } from '../../../platform/config/yaml-file.ts';
import { spaced } from './columns.ts';

const fairnessSchema = z.strictObject({
  apiVersion: z.literal('tocsin/v1'),
  kind: z.literal('Fairness'),
  may_not_be_used: z.array(
    z.strictObject({
      attribute: z.string(),
      /** Words of a column's name that give the attribute away. */
      names: z.array(z.string().min(2)).default([]),
      /** Names that give it away only as a whole. */
      exactly: z.array(z.string().min(2)).default([]),
      /** The column is refused, too, when it holds nothing but these. */
      values: z.array(z.string()).default([]),
    }),
  ),
});
export type Fairness = z.output<typeof fairnessSchema>;

/** Reads `fairness.yaml`: which attributes no model may learn from. */
export const parseFairness = (file: string, text: string): Parsed<Fairness> =>
  parseYamlFile(file, text, fairnessSchema);

/** The forbidden attribute that a column holds, by its name or by its values; `undefined` when there is none. */
export function forbiddenAttribute(
  { may_not_be_used }: Fairness,
  column: string,
  values: ReadonlySet<string>,
): string | undefined {
  const name = ` ${plain(column)} `;
  return may_not_be_used.find(
    ({ names, exactly, values: telling }) =>
      exactly.some((whole) => name === ` ${plain(whole)} `) ||
      names.some((word) => name.includes(` ${plain(word)} `)) ||
      isAllOf(values, telling),
  )?.attribute;
}

const plain = (name: string): string =>
  spaced(name)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

function isAllOf(values: ReadonlySet<string>, telling: readonly string[]): boolean {
  if (telling.length === 0 || values.size < 2) return false;
  return [...values].every((value) => telling.includes(value.trim().toLowerCase()));
}
