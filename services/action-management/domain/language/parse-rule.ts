import { type Parsed, type Problem, parseYamlFile } from '../../../platform/config/yaml-file.ts';
import type { Defaults, Rule } from './ast.ts';
import { type Check, createCheck, type Names } from './check.ts';
import { checkRule } from './check-rule.ts';
import { readOver } from './check-windows.ts';
import { readElapsed } from './duration.ts';
import { LIMITS } from './limits.ts';
import { type DefaultsFile, defaultsFileSchema, ruleFileSchema } from './rule-file.ts';
import { findYamlTraps } from './yaml-traps.ts';

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads one `<id>.rule.yaml`: its rule, or everything that is wrong with it. */
export function parseRule(file: string, text: string, names: Names, defaults: Defaults): Read<Rule> {
  const parsed = parseChecked(file, text, ruleFileSchema);
  if (!parsed.ok) return parsed;
  const { check, problems } = createCheck(parsed.at, names);
  const rule = checkRule(file, parsed.value, defaults, check);
  return rule === undefined || problems.length > 0 ? { ok: false, problems } : { ok: true, value: rule };
}

/** Reads `_defaults.yaml`. */
export function parseDefaults(file: string, text: string): Read<Defaults> {
  const parsed = parseChecked(file, text, defaultsFileSchema);
  if (!parsed.ok) return parsed;
  const { check, problems } = createCheck(parsed.at, { teams: [], calendars: [], templates: [] });
  const elapsed = (key: 'allowed_lateness' | 'max_event_age'): number => {
    const read = readElapsed(parsed.value[key]);
    if (!read.ok) check.report([key], read.message);
    return read.ok ? read.value : 0;
  };
  const defaults = {
    allowedLatenessMs: elapsed('allowed_lateness'),
    maxEventAgeMs: elapsed('max_event_age'),
    severity: parsed.value.severity,
    ...readStorm(parsed.value, check),
  };
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: defaults };
}

function readStorm({ storm }: DefaultsFile, check: Check): Pick<Defaults, 'storm'> {
  if (storm === undefined) return {};
  const overMs = readOver(storm.over, ['storm', 'over'], check);
  return overMs === undefined ? {} : { storm: { max: storm.max_new, overMs } };
}

/** Size and YAML traps first: a trap explains the errors that it causes better than they do. */
function parseChecked<S extends typeof ruleFileSchema | typeof defaultsFileSchema>(
  file: string,
  text: string,
  schema: S,
): Parsed<ReturnType<S['parse']>> {
  const bytes = Buffer.byteLength(text);
  if (bytes > LIMITS.ruleFileBytes) {
    const message = `the file has ${bytes} bytes; a rule has at most ${LIMITS.ruleFileBytes}`;
    return { ok: false, problems: [{ file, line: 1, column: 1, message }] };
  }
  const parsed = parseYamlFile(file, text, schema);
  const refusal = !parsed.ok && parsed.problems.some(({ message }) => /alias|nested deeper/.test(message));
  const traps = refusal ? [] : findYamlTraps(file, text);
  if (traps.length > 0) return { ok: false, problems: traps };
  // zod's output type of S is what S.parse returns; TypeScript does not see that through the type parameter.
  return parsed as Parsed<ReturnType<S['parse']>>;
}
