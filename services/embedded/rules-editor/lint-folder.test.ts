import { expect, test } from 'vitest';
import { SHIPPED_RULES } from '../rules-folder.ts';
import { lintRulesFolder } from './lint-folder.ts';
import { sarifOf } from './sarif.ts';

test('nothing is wrong with the rules that come with Tocsin', async () => {
  const { problems, findings } = await lintRulesFolder(SHIPPED_RULES);
  expect({ problems, findings }).toEqual({ problems: [], findings: [] });
});

test('a folder that cannot be read is told as such, and its set is not looked at', async () => {
  expect(await lintRulesFolder('/nowhere/at/all')).toMatchObject({
    problems: expect.arrayContaining([expect.objectContaining({ line: 1 })]),
    findings: [],
  });
});

test('a code host reads a finding with its file, line and what to do', () => {
  const found = {
    file: `${process.cwd()}/rules/a.rule.yaml`,
    line: 7,
    column: 3,
    message: 'nothing reads the window "w"',
    fix: 'remove it',
    lint: 'window-unused',
    level: 'warning',
    rule: 'a',
  } as const;
  expect(sarifOf([], [found], '1.0.0')).toMatchObject({
    version: '2.1.0',
    runs: [
      {
        results: [
          {
            ruleId: 'window-unused',
            level: 'warning',
            message: { text: 'nothing reads the window "w". To fix: remove it' },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: 'rules/a.rule.yaml' },
                  region: { startLine: 7, startColumn: 3 },
                },
              },
            ],
          },
        ],
      },
    ],
  });
});
