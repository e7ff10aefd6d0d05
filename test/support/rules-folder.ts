import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SHIPPED_RULES } from '../../services/embedded/rules-folder.ts';

/** Files by name, with their text. */
export type Files = Readonly<Record<string, string>>;

/** A rules folder as it ships, with these files added or replaced; without tests, which need not hold with them. */
export function shippedRulesWith(target: string, files: Files): string {
  return copyShipped(target, files, (name) => !name.endsWith('.test.yaml'));
}

/** A rules folder with these rules only, without tests. Teams, calendars and models are those that ship. */
export function onlyTheseRules(target: string, rules: Files): string {
  return copyShipped(target, rules, (name) => !/\.(rule|test)\.yaml$/.test(name));
}

function copyShipped(target: string, files: Files, wanted: (name: string) => boolean): string {
  mkdirSync(target, { recursive: true });
  for (const name of readdirSync(SHIPPED_RULES).filter(wanted)) {
    cpSync(join(SHIPPED_RULES, name), join(target, name), { recursive: true });
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(target, name), text);
  return target;
}

/** The shipped calendars without a night: what people do in a test does not depend on when it runs. */
export const AROUND_THE_CLOCK = `apiVersion: tocsin/v1
kind: Calendars
calendars:
  - {id: business, timezone: Europe/Berlin, hours: {mon-sun: ["00:00-24:00"]}}
  - {id: extended, timezone: Europe/Berlin, hours: {mon-sun: ["00:00-24:00"]}}
`;
