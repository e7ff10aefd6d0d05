import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { compileRuleSet, type RuleSet } from '../../action-management/domain/compile.ts';
import { explain } from '../../action-management/domain/evaluate.ts';
import type { Explanation } from '../../action-management/domain/explain.ts';
import type { Rule } from '../../action-management/domain/language/ast.ts';
import { DEFAULTS_FILE, RULE_FILE, readRuleSet } from '../../action-management/domain/read-rule-set.ts';
import { didYouMean, type Problem } from '../../platform/config/yaml-file.ts';
import {
  CALENDARS_FILE,
  loadSettings,
  presuming,
  type Settings,
  type SettingsLoaded,
  TEAMS_FILE,
} from '../../settings/load-settings.ts';
import { TEMPLATES } from '../../settings/templates.ts';
import { compare, type Difference, instantText } from './compare.ts';
import { type Judgement, type Outcome, playStory } from './play-story.ts';
import { parseRuleTest, type RuleTestFile, type Story } from './story-file.ts';

export const TEST_FILE = /\.test\.yaml$/;

/** How one test ended. */
export interface StoryResult {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
  /** The first moment at which something differed; later ones follow from it. */
  readonly failure?: {
    /** As written: `2h31m`. */
    readonly at: string;
    readonly line: number;
    readonly differences: readonly Difference[];
    /** How the rules came to what was found, a line each. */
    readonly trace: readonly string[];
  };
}

export interface RuleTestReport {
  readonly files: number;
  readonly results: readonly StoryResult[];
  /** Files that cannot be read: none of their tests ran. */
  readonly problems: readonly Problem[];
}

/** A test file together with the rules that it is about, ready to play. */
export interface PreparedTests {
  readonly tests: RuleTestFile;
  readonly ruleSet: RuleSet;
  readonly settings: Settings;
}

/** Runs test files, or all `*.test.yaml` of folders. */
export function runRuleTests(paths: readonly string[]): RuleTestReport {
  const files = paths.flatMap(findTestFiles);
  const problems: Problem[] = [];
  const results: StoryResult[] = [];
  const settingsOf = remembering(settingsFor);
  for (const file of files) {
    const prepared = prepareTests(file, settingsOf);
    if (prepared.ok) results.push(...runStories(prepared.value));
    else problems.push(...prepared.problems);
  }
  return { files: files.length, results, problems };
}

/** The calendars, teams and people by which stories are played: those of the folder, but for what they presume. */
function settingsFor(folder: string, presumed: readonly string[]): SettingsLoaded {
  const own = loadSettings(folder);
  return own.ok ? presuming(folder, presumed, own.settings) : own;
}

/** Asks once for the same arguments. */
function remembering(ask: typeof settingsFor): typeof settingsFor {
  const answers = new Map<string, SettingsLoaded>();
  return (folder, presumed) => {
    const asked = [folder, ...presumed].join('\0');
    const answer = answers.get(asked) ?? ask(folder, presumed);
    answers.set(asked, answer);
    return answer;
  };
}

/** A file itself, or the test files right in a folder. */
export function findTestFiles(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => TEST_FILE.test(name));
  return names.sort().map((name) => join(path, name));
}

/** Reads a test file and the rules, calendars and teams of its folder. */
export function prepareTests(
  file: string,
  settingsOf: typeof settingsFor = settingsFor,
):
  | { readonly ok: true; readonly value: PreparedTests }
  | { readonly ok: false; readonly problems: readonly Problem[] } {
  const parsed = parseRuleTest(file, readFileSync(file, 'utf8'));
  if (!parsed.ok) return parsed;
  const folder = dirname(file);
  const there = readdirSync(folder);
  const wanted = wantedFiles(parsed.value, there);
  if (!wanted.ok) return wanted;
  const settings = settingsOf(folder, wanted.presumed);
  if (!settings.ok) return settings;
  const { teams, calendars } = settings.settings;
  const read = readRuleSet(
    wanted.files.map((name) => ({
      name: join(folder, name),
      text: readFileSync(join(folder, name), 'utf8'),
    })),
    {
      teams: [...teams.byId.keys()],
      calendars: [...calendars.keys()],
      templates: TEMPLATES,
      people: [...teams.people.keys()],
      rules: there.filter((name) => RULE_FILE.test(name)).map((name) => name.replace(RULE_FILE, '')),
    },
  );
  if (!read.ok) return read;
  const unknown = unknownRules(parsed.value, read.ruleSet.rules);
  if (unknown.length > 0) return { ok: false, problems: unknown };
  return { ok: true, value: { tests: parsed.value, ruleSet: read.ruleSet, settings: settings.settings } };
}

/** The rule files that a test names, else the one called like it; the folder's defaults; calendars and teams it presumes. */
function wantedFiles(
  { file, files = [] }: RuleTestFile,
  there: readonly string[],
):
  | { readonly ok: true; readonly files: readonly string[]; readonly presumed: readonly string[] }
  | { readonly ok: false; readonly problems: Problem[] } {
  const presumed = files.filter((name) => CALENDARS_FILE.test(name) || TEAMS_FILE.test(name));
  const usual = basename(file).replace(TEST_FILE, '.rule.yaml');
  const named = presumed.length < files.length ? files : [usual, ...files];
  const missing = named.filter((name) => !there.includes(name));
  if (missing.length > 0) {
    const problems = missing.map((name) => ({
      file,
      line: 1,
      column: 1,
      message: `the folder has no file "${name}"${didYouMean(
        name,
        there.filter((file) => RULE_FILE.test(file) || CALENDARS_FILE.test(file) || TEAMS_FILE.test(file)),
      )}`,
    }));
    return { ok: false, problems };
  }
  const defaults = there.filter((name) => DEFAULTS_FILE.test(name));
  const rules = named.filter((name) => RULE_FILE.test(name));
  return { ok: true, files: [...new Set([...rules, ...defaults])], presumed };
}

function unknownRules({ file, stories }: RuleTestFile, rules: readonly Rule[]): Problem[] {
  const ids = rules.map(({ id }) => id);
  return stories.flatMap(({ only, at }) =>
    only === undefined || ids.includes(only)
      ? []
      : [{ file, ...at, message: `only: unknown rule "${only}"${didYouMean(only, ids)}` }],
  );
}

/** Plays every story of a file. Pure but for the time it takes. */
export function runStories({ tests, ruleSet, settings }: PreparedTests): StoryResult[] {
  return tests.stories.map((story) => runStory(story, tests, rulesFor(story, ruleSet), settings));
}

/** A draft is tested as what it is meant to become: live. Whoever wants to see one rule alone says `only`. */
function rulesFor({ only, stage }: Story, { rules, defaults, hash }: RuleSet): RuleSet {
  const taken = only === undefined ? rules : rules.filter(({ id }) => id === only);
  return compileRuleSet(
    taken.map((rule) => {
      if (rule.stage === 'retired') return rule;
      return { ...rule, stage: stage ?? (rule.stage === 'draft' ? 'live' : rule.stage) };
    }),
    defaults,
    hash,
  );
}

function runStory(
  story: Story,
  { file, start, offsetMinutes }: RuleTestFile,
  ruleSet: RuleSet,
  settings: Settings,
): StoryResult {
  const began = performance.now();
  let failure: StoryResult['failure'];
  playStory(story, { ruleSet, settings, start }, (checkpoint, outcome) => {
    if (failure !== undefined) return;
    const differences = compare(checkpoint, outcome, offsetMinutes);
    if (differences.length === 0) return;
    const { text, place } = checkpoint;
    failure = { at: text, line: place.line, differences, trace: traceOf(outcome, offsetMinutes) };
  });
  return {
    file,
    line: story.at.line,
    name: story.name,
    passed: failure === undefined,
    seconds: (performance.now() - began) / 1000,
    ...(failure === undefined ? {} : { failure }),
  };
}

/** Judgements shown in a trace: the latest say most, and a generated flood would bury them. */
const TRACED_JUDGEMENTS = 6;

/** How it was decided: the last judgements with every condition, and what was held back and why. */
function traceOf({ judgements, heldBack }: Outcome, offsetMinutes: number): string[] {
  const skipped = judgements.length - TRACED_JUDGEMENTS;
  return [
    ...(skipped > 0 ? [`… ${skipped} judgements before these`] : []),
    ...judgements.slice(-TRACED_JUDGEMENTS).flatMap((judgement) => judgementWords(judgement, offsetMinutes)),
    ...heldBack
      .slice(-TRACED_JUDGEMENTS)
      .map(
        ({ at, held, heldBy, alert }) =>
          `${instantText(at, offsetMinutes)} ${alert.ruleId} of ${alert.subject} held back: ${held}${heldBy === undefined ? '' : ` (${heldBy})`}`,
      ),
  ];
}

function judgementWords({ at, rule, evaluation }: Judgement, offsetMinutes: number): string[] {
  const { signal } = evaluation.facts.assessment;
  const result = evaluation.result.replace('_', ' ');
  const head = `${instantText(at, offsetMinutes)} ${rule.rule.id}, ${signal.type} ${signal.id}: ${result}`;
  if (evaluation.result === 'error') return [`${head}: ${String(evaluation.error)}`];
  return [head, ...explanationLines(explain(rule, evaluation), 1)];
}

/** A condition with its parts, indented; `✓` true, `✗` false, `?` unknown. */
export function explanationLines({ truth, words, at, parts }: Explanation, depth: number): string[] {
  const mark = { true: '✓', false: '✗', unknown: '?' }[truth];
  return [
    `${'  '.repeat(depth)}${mark} ${words} (line ${at.line})`,
    ...(parts ?? []).flatMap((part) => explanationLines(part, depth + 1)),
  ];
}
