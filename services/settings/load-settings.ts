import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Parsed, Problem } from '../platform/config/yaml-file.ts';
import { type Calendars, parseCalendars } from './calendars.ts';
import { parseTeams, type Teams } from './teams.ts';

export interface Settings {
  readonly calendars: Calendars;
  readonly teams: Teams;
}

/** Reads `calendars.yaml` and `teams.yaml` of a rules folder: both, or neither with all problems. */
export function loadSettings(
  folder: string,
):
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly Problem[] } {
  const calendars = read(join(folder, 'calendars.yaml'), parseCalendars);
  if (!calendars.ok) return calendars;
  const teams = read(join(folder, 'teams.yaml'), (file, text) => parseTeams(file, text, calendars.value));
  if (!teams.ok) return teams;
  return { ok: true, settings: { calendars: calendars.value, teams: teams.value } };
}

function read<T>(file: string, parse: (file: string, text: string) => Parsed<T>): Parsed<T> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return { ok: false, problems: [{ file, line: 1, column: 1, message }] };
  }
  return parse(file, text);
}
