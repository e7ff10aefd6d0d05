import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';

export type EnvResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Reads settings from environment variables against a zod object whose keys are the variables' names.
 *
 * Reports all problems together, in the operator's words. A setting `X` can be given as `X_FILE`, the path of
 * a file with the value: for secrets. `TOCSIN_…` variables that no schema knows are problems too, so that a
 * misspelt one does not go unnoticed; `known` names those that others read. Values of secrets never appear.
 */
export function readEnv<S extends z.ZodObject>(
  schema: S,
  env: Readonly<Record<string, string | undefined>>,
  known: readonly string[] = [],
): EnvResult<z.output<S>> {
  const names = Object.keys(schema.shape);
  const problems: string[] = [];
  const given: Record<string, string> = {};
  for (const name of names) {
    const value = settingOf(name, env, problems);
    if (value !== undefined && value !== '') given[name] = value;
  }
  const allowed = [...names, ...names.map((name) => `${name}_FILE`), ...known];
  for (const name of Object.keys(env)) {
    if (name.startsWith('TOCSIN_') && !allowed.includes(name)) {
      problems.push(`${name}: unknown setting${didYouMean(name, [...names, ...known])}`);
    }
  }
  const result = schema.safeParse(given);
  for (const issue of result.error?.issues ?? []) {
    const name = String(issue.path[0] ?? '');
    problems.push(
      `${name}: got ${isSecret(name) ? 'a value that is not shown' : show(given[name])}, ${issue.message}`,
    );
  }
  return result.success && problems.length === 0 ? { ok: true, value: result.data } : { ok: false, problems };
}

function settingOf(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): string | undefined {
  const file = env[`${name}_FILE`];
  if (file === undefined || file === '') return env[name];
  if (env[name] !== undefined) problems.push(`${name}: given twice, also as ${name}_FILE; remove one`);
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    problems.push(
      `${name}_FILE: ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`,
    );
    return undefined;
  }
}

const isSecret = (name: string): boolean => /(TOKEN|SECRET|KEY|KEYS|PASSWORD|URL|HEADERS)$/.test(name);

const show = (value: string | undefined): string => (value === undefined ? 'nothing' : JSON.stringify(value));

/** Several values, separated by commas. */
export const commaList = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);
