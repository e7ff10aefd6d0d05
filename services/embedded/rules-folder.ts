import { fileURLToPath } from 'node:url';
import type { RuleSet } from '../action-management/domain/compile.ts';
import type { LoadedRules } from '../action-management/domain/read-rule-set.ts';
import { loadRuleSet, namesIn } from '../action-management/load-rules.ts';
import { formatProblem, type Problem } from '../platform/config/yaml-file.ts';
import { crashPoint } from '../platform/process/crash-point.ts';
import { loadScoringSettings, type ScoringSettings } from '../scoring/settings.ts';
import { loadSettings, type Settings } from '../settings/load-settings.ts';

/** What ops people write beside the rules. */
export interface OpsSettings extends Settings {
  readonly scoring: ScoringSettings;
}

/** Everything that ops people write, read as a whole. */
export interface RulesFolder extends OpsSettings {
  readonly ruleSet: RuleSet;
}

/** The rules folder is not usable; `message` lists every problem with file, line and column. */
export class RulesBroken extends Error {
  override readonly name = 'RulesBroken';
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

/** The rules that come with Tocsin. */
export const SHIPPED_RULES = fileURLToPath(new URL('../../rules', import.meta.url));

/** Reads the folder, or throws `RulesBroken` with all problems of all its files. */
export async function readRulesFolder(folder: string): Promise<RulesFolder> {
  const settings = readOpsSettings(folder);
  const rules = await readRules(folder, settings);
  if (!rules.ok) throw new RulesBroken(rules.problems);
  return { ...settings, ruleSet: rules.ruleSet };
}

/** Calendars, teams, lexicon and risk model; throws `RulesBroken` with all problems of their files. */
export function readOpsSettings(folder: string): OpsSettings {
  const settings = loadSettings(folder);
  const scoring = loadScoringSettings(folder);
  if (!settings.ok || !scoring.ok) {
    throw new RulesBroken([
      ...(settings.ok ? [] : settings.problems),
      ...(scoring.ok ? [] : scoring.problems),
    ]);
  }
  crashPoint('cp9');
  return { ...settings.settings, scoring: scoring.value };
}

/** The rules themselves, by the names of the settings beside them. */
export const readRules = (folder: string, settings: Settings): Promise<LoadedRules> =>
  loadRuleSet(folder, namesIn(settings));
