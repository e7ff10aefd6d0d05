import type { CheckedFolder } from '../../action-management/ports.ts';
import { formatProblem } from '../../platform/config/yaml-file.ts';
import { lintRulesFolder } from '../rules-editor/lint-folder.ts';
import { findTestFiles, runRuleTests } from '../rules-test/run-rule-tests.ts';

/**
 * Reads a folder, looks at its rules as a set and plays the tests beside them. Takes as long as the tests take; see
 * `check-worker.ts`.
 */
export async function checkFolder(folder: string): Promise<CheckedFolder> {
  const { hash, problems, findings } = await lintRulesFolder(folder);
  const wrong = [...problems, ...findings.filter(({ level }) => level === 'error')].map(formatProblem);
  if (wrong.length > 0) return { hash, problems: wrong };
  const tests = runRuleTests(findTestFiles(folder));
  const failed = tests.results.filter(({ passed }) => !passed);
  return {
    hash,
    problems: [
      ...tests.problems.map(formatProblem),
      ...failed.map(
        ({ file, line, name }) => `${file}:${line}:1: the test "${name}" fails; see tocsin rules test`,
      ),
    ],
  };
}
