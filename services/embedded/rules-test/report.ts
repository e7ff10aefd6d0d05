import { formatProblem } from '../../platform/config/yaml-file.ts';
import type { RuleTestReport, StoryResult } from './run-rule-tests.ts';

/** Whether everything could be read and every test passed, and there was one. */
export const isGreen = ({ results, problems }: RuleTestReport): boolean =>
  problems.length === 0 && results.length > 0 && results.every(({ passed }) => passed);

/** The report for a terminal: failures with expected, found and the trace, then one line of sums. */
export function reportWords(report: RuleTestReport): string {
  const { files, results, problems } = report;
  const failed = results.filter(({ passed }) => !passed);
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0);
  const sums =
    results.length === 0 && problems.length === 0
      ? 'no test here; tests are files called <rule>.test.yaml beside the rules'
      : `${results.length - failed.length} passed, ${failed.length} failed in ${files} ${files === 1 ? 'file' : 'files'} (${seconds.toFixed(2)} s)`;
  return [...problems.map(formatProblem), ...failed.map(failureWords), sums].join('\n').concat('\n');
}

function failureWords({ file, line, name, failure }: StoryResult): string {
  if (failure === undefined) return '';
  const differences = failure.differences.flatMap(({ what, expected, found }) => [
    `    ${what}`,
    `      expected ${indented(expected)}`,
    `      found    ${indented(found)}`,
  ]);
  return [
    `✗ ${name}`,
    `  ${file}:${failure.line || line}, at ${failure.at}`,
    ...differences,
    '    how it was decided',
    ...failure.trace.map((step) => `      ${step}`),
    '',
  ].join('\n');
}

const indented = (text: string): string => text.replaceAll('\n', '\n      ');

/** The report as build servers read it. */
export function reportJunit({ results, problems }: RuleTestReport): string {
  const byFile = Map.groupBy(results, ({ file }) => file);
  const suites = [...byFile].map(([file, cases]) => {
    const failures = cases.filter(({ passed }) => !passed).length;
    return `  <testsuite name="${xml(file)}" tests="${cases.length}" failures="${failures}">\n${cases.map(caseXml).join('')}  </testsuite>\n`;
  });
  const broken = problems.map(
    (problem) =>
      `  <testsuite name="${xml(problem.file)}" tests="1" errors="1">\n    <testcase name="can be read"><error message="${xml(formatProblem(problem))}"/></testcase>\n  </testsuite>\n`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${[...broken, ...suites].join('')}</testsuites>\n`;
}

function caseXml(result: StoryResult): string {
  const { name, file, line, seconds, passed } = result;
  const open = `    <testcase name="${xml(name)}" classname="${xml(file)}" line="${line}" time="${seconds.toFixed(3)}"`;
  if (passed) return `${open}/>\n`;
  return `${open}><failure message="${xml(result.failure?.differences[0]?.what ?? '')}">${xml(failureWords(result))}</failure></testcase>\n`;
}

/** Control characters have no place in XML, not even escaped. */
const xml = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that XML forbids.
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
