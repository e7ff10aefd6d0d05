import type { Operand } from './ast.ts';

/** A text with placeholders, in the order in which its parts stand. */
export interface Template {
  readonly text: string;
  readonly parts: readonly (string | Placeholder)[];
}

/** `{rule.id}`, `{rule.title}`, `{customer_id}`, `{event.…}`, `{profile.…}` or `{<window>}`. */
export interface Placeholder {
  readonly name: string;
  readonly reads: 'rule.id' | 'rule.title' | 'customer_id' | Operand;
}

/** Splits a text at its placeholders. `unknown` gets each name that `find` does not know. */
export function readTemplate(
  text: string,
  find: (name: string) => Operand | undefined,
  unknown: (name: string) => void,
): Template {
  const parts = text.split(/(\{[^{}]*\})/).filter((part) => part !== '');
  return {
    text,
    parts: parts.map((part) => {
      if (!part.startsWith('{') || !part.endsWith('}')) return part;
      const name = part.slice(1, -1);
      if (isBuiltIn(name)) return { name, reads: name };
      const operand = find(name);
      if (operand !== undefined) return { name, reads: operand };
      unknown(name);
      return part;
    }),
  };
}

export const BUILT_IN_PLACEHOLDERS = ['rule.id', 'rule.title', 'customer_id'] as const;
const isBuiltIn = (name: string): name is (typeof BUILT_IN_PLACEHOLDERS)[number] =>
  BUILT_IN_PLACEHOLDERS.some((known) => known === name);
