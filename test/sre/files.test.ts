import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { dashboardExpressions } from '../architecture/alert-rules.ts';
import { filesMatching } from '../architecture/source-tree.ts';
import { run } from './support/run.ts';

test.each(filesMatching('infra/prometheus/*.rules.test.yaml'))(
  '$path: alerts fire when they should',
  ({ path }) => {
    expect(run('promtool', ['test', 'rules', path])).toContain('SUCCESS');
  },
);

test.each(['prometheus.yaml', 'embedded.yaml'])('infra/prometheus/%s is good, rules included', (file) => {
  expect(run('promtool', ['check', 'config', `infra/prometheus/${file}`])).toContain('rules found');
});

test('Alertmanager takes its configuration', () => {
  expect(run('amtool', ['check-config', 'infra/alertmanager/alertmanager.yaml'])).toContain('SUCCESS');
});

test.each(filesMatching('infra/grafana/*.json'))('$path: every expression parses', (dashboard) => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-dashboard-'));
  try {
    const exprs = dashboardExpressions(dashboard).map((expr) => expr.replaceAll('$__rate_interval', '5m'));
    const rules = exprs.map((expr, index) => ({ record: `panel:${index}`, expr }));
    writeFileSync(join(folder, 'rules.yaml'), stringify({ groups: [{ name: 'dashboard', rules }] }));
    expect(run('promtool', ['check', 'rules', join(folder, 'rules.yaml')])).toContain(
      `${exprs.length} rules found`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
