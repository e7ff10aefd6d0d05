import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Parsed, Problem } from '../platform/config/yaml-file.ts';
import { type Calendars, parseCalendars } from './calendars.ts';
import { parseTeams, type Teams } from './teams.ts';

export interface Settings {
  readonly calendars: Calendars;
  readonly teams: Teams;
}

export type SettingsLoaded =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads `calendars.yaml` and `teams.yaml` of a rules folder: both, or neither with all problems. */
export function loadSettings(folder: string): SettingsLoaded {
  const calendars = read(join(folder, 'calendars.yaml'), parseCalendars);
  if (!calendars.ok) return calendars;
  const teams = read(join(folder, 'teams.yaml'), (file, text) => parseTeams(file, text, calendars.value));
  if (!teams.ok) return teams;
  return { ok: true, settings: { calendars: calendars.value, teams: teams.value } };
}

/** Files of calendars and of teams, by their names. */
export const CALENDARS_FILE = /(^|\.)calendars\.yaml$/;
export const TEAMS_FILE = /(^|\.)teams\.yaml$/;

/**
 * Settings with the calendars, teams and people of other files of the folder in the place of those that are called the
 * same: what a test presumes, whatever hours and people the company has.
 */
export function presuming(folder: string, names: readonly string[], own: Settings): SettingsLoaded {
  let { calendars, teams } = own;
  for (const name of names.filter((one) => CALENDARS_FILE.test(one))) {
    const presumed = read(join(folder, name), parseCalendars);
    if (!presumed.ok) return presumed;
    calendars = new Map([...calendars, ...presumed.value]);
  }
  for (const name of names.filter((one) => TEAMS_FILE.test(one))) {
    const presumed = read(join(folder, name), (file, text) => parseTeams(file, text, calendars));
    if (!presumed.ok) return presumed;
    const { byId, people, defaultTeam } = presumed.value;
    teams = {
      byId: new Map([...teams.byId, ...byId]),
      people: new Map([...teams.people, ...people]),
      defaultTeam,
    };
  }
  return { ok: true, settings: { calendars, teams } };
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
