import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { editorSchemas, schemaText } from '../embedded/rules-editor/editor-schemas.ts';
import { SHIPPED_RULES } from '../embedded/rules-folder.ts';
import { type Command, EXIT, type Io, readArgs } from './command.ts';

export const rulesSchemaCommand: Command = {
  name: 'rules schema',
  summary: 'JSON Schemas by which an editor completes and checks rules',
  help: `
Usage: tocsin rules schema [DIR] [--write] [--json]

Compares the *.schema.json files of a rules folder with the language as this version reads it. With --write they are
written. DIR defaults to TOCSIN_RULES_DIR, then to the rules that come with Tocsin.

An editor with a YAML language server (in VS Code: the extension "YAML" by Red Hat) finds the schema by the first
line of a file and then completes keys, fields and operators, explains them under the pointer, and marks mistakes:

  # yaml-language-server: $schema=./rule.schema.json

  --write  write the files

Example:
  tocsin rules schema my-rules --write

Exit codes: 0 the files are up to date, or were written; 1 they are not; 2 used wrongly.
`,
  run: runSchema,
};

async function runSchema(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, { write: { type: 'boolean' } });
  const folder = positionals[0] ?? io.env.TOCSIN_RULES_DIR ?? SHIPPED_RULES;
  const states = editorSchemas().map((schema) => {
    const path = join(folder, schema.file);
    const text = schemaText(schema);
    const current = readIfThere(path) === text;
    if (!current && values.write === true) writeFileSync(path, text);
    return { file: path, state: current ? 'current' : values.write === true ? 'written' : 'outdated' };
  });
  if (values.json === true) io.out(`${JSON.stringify(states)}\n`);
  else io.out(states.map(({ file, state }) => `${file}: ${WORDS[state] ?? state}\n`).join(''));
  return states.some(({ state }) => state === 'outdated') ? EXIT.foundWrong : EXIT.done;
}

const WORDS: Readonly<Record<string, string>> = {
  current: 'up to date',
  written: 'written',
  outdated: 'missing or outdated; write it with --write',
};

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not there, or not readable: writing it will tell.
    return undefined;
  }
}
