import type { Locate, Problem } from '../../../platform/config/yaml-file.ts';
import type { Place } from './ast.ts';

export type Path = readonly PropertyKey[];

/** The names that a rule may use besides fields and its own windows. */
export interface Names {
  readonly teams: readonly string[];
  /** `24x7` is always known. */
  readonly calendars: readonly string[];
  readonly templates: readonly string[];
  /** Ids of all people; when absent, a person is only checked for the form of the name. */
  readonly people?: readonly string[];
  /** Ids of all rules in the folder. */
  readonly rules?: readonly string[];
}

/** Collects the problems of one file while its parts are checked. */
export interface Check {
  readonly names: Names;
  readonly report: (path: Path, message: string, where?: 'key' | 'value') => undefined;
  readonly place: (path: Path) => Place;
}

export function createCheck(at: Locate, names: Names): { check: Check; problems: Problem[] } {
  const problems: Problem[] = [];
  const check: Check = {
    names,
    report: (path, message, where = 'value') => {
      problems.push(at(path, message, where));
    },
    place: (path) => {
      const { line, column } = at(path, '', 'key');
      return { line, column };
    },
  };
  return { check, problems };
}

/** How a value stands in a message. */
export const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
};
