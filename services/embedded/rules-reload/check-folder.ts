import type { CheckedFolder } from '../../action-management/ports.ts';
import { formatProblem } from '../../platform/config/yaml-file.ts';
import { lintRulesFolder } from '../rules-editor/lint-folder.ts';
import { findTestFiles, runRuleTests, type StoryResult } from '../rules-test/run-rule-tests.ts';

/**
 * Reads a folder, looks at its rules as a set and plays the tests beside them. Takes as long as the tests take; see
 * `check-worker.ts`.
 */
export async function checkFolder(folder: string): Promise<CheckedFolder> {
  const { hash, problems, findings } = await lintRulesFolder(folder);
  const wrong = [...problems, ...findings.filter(({ level }) => level === 'error')].map(formatProblem);
  if (wrong.length > 0) return { hash, problems: wrong };
  const tests = runRuleTests(findTestFiles(folder));
  return { hash, problems: [...tests.problems.map(formatProblem), ...tests.results.flatMap(failureWords)] };
}

/** In one line which test fails, and what was the first to differ; nothing of one that passes. */
function failureWords({ file, line, name, failure }: StoryResult): readonly string[] {
  if (failure === undefined) return [];
  const [first] = failure.differences;
  const differs =
    first === undefined
      ? ''
      : `: ${first.what} expected ${inShort(first.expected)}, found ${inShort(first.found)}`;
  return [`${file}:${line}:1: the test "${name}" fails at ${failure.at}${differs}; see tocsin rules test`];
}

/** On one line; whoever wants all of it runs the tests. */
function inShort(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > LONGEST_SHOWN ? `${line.slice(0, LONGEST_SHOWN)}…` : line;
}

/** Characters: an alert with its deadlines has about that many. */
const LONGEST_SHOWN = 160;
