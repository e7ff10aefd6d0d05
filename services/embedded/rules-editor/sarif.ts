import { relative, sep } from 'node:path';
import { type Finding, LINTS } from '../../action-management/domain/lint/finding.ts';
import type { Problem } from '../../platform/config/yaml-file.ts';

/** The id under which problems of a single file are listed. */
const UNREADABLE = 'not-readable';

/**
 * Findings as a SARIF 2.1.0 log, which code hosts show beside the lines of a change. Paths are relative to the
 * working directory, as code hosts expect them.
 */
export function sarifOf(
  problems: readonly Problem[],
  findings: readonly Finding[],
  version: string,
): unknown {
  const rules = [
    { id: UNREADABLE, shortDescription: { text: 'A file cannot be taken as it is.' } },
    ...Object.entries(LINTS).map(([id, { says, level }]) => ({
      id,
      shortDescription: { text: says },
      defaultConfiguration: { level },
    })),
  ];
  const results = [
    ...problems.map((problem) => result(UNREADABLE, 'error', problem, problem.message)),
    ...findings.map((found) =>
      result(found.lint, found.level, found, `${found.message}. To fix: ${found.fix}`),
    ),
  ];
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'tocsin rules lint', version, rules } }, results }],
  };
}

const result = (ruleId: string, level: string, { file, line, column }: Problem, text: string) => ({
  ruleId,
  level,
  message: { text },
  locations: [
    {
      physicalLocation: {
        artifactLocation: { uri: relative(process.cwd(), file).split(sep).join('/') },
        region: { startLine: line, startColumn: column },
      },
    },
  ],
});
