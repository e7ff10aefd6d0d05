import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';

const promtool = spawnSync('promtool', ['--version']).status === 0;

test.skipIf(!promtool)(
  'the rules for drifting scores fire when they should, and only then (needs promtool)',
  () => {
    const { status, stderr, stdout } = spawnSync(
      'promtool',
      ['test', 'rules', 'infra/prometheus/scores.rules.test.yaml'],
      { encoding: 'utf8' },
    );
    expect(`${stdout}${stderr}`).toContain('SUCCESS');
    expect(status).toBe(0);
  },
);

test('the alert names a runbook that is there', () => {
  expect(existsSync('infra/runbooks/scores-drifted.md')).toBe(true);
});
