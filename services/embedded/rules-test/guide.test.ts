import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lintRulesFolder } from '../rules-editor/lint-folder.ts';
import { SHIPPED_RULES } from '../rules-folder.ts';
import { runRuleTests } from './run-rule-tests.ts';

test('whoever follows the guide has a rule without findings and a test that passes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-guide-'));
  try {
    cpSync(SHIPPED_RULES, folder, { recursive: true });
    const guide = readFileSync(join(SHIPPED_RULES, 'README.md'), 'utf8');
    const written = [...guide.matchAll(/^ {3}```yaml\n(.*?)^ {3}```/gms)].map(([, yaml = '']) =>
      yaml.replaceAll(/^ {3}/gm, ''),
    );
    expect(written).toHaveLength(2);
    const [rule = '', story = ''] = written;
    const [ruleFile, testFile] = ['rule', 'test'].map((kind) => join(folder, `late-twice.${kind}.yaml`));
    writeFileSync(ruleFile ?? '', rule);
    writeFileSync(testFile ?? '', story);
    const { problems, findings } = await lintRulesFolder(folder);
    expect([problems, findings]).toEqual([[], []]);
    const report = runRuleTests([testFile ?? '']);
    expect(report.problems).toEqual([]);
    expect(report.results.map(({ failure }) => failure)).toEqual([undefined]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
