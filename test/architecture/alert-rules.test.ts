import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../services/cli/commands.ts';
import {
  dashboardExpressions,
  metricOf,
  promtoolCases,
  rulesIn,
  runbookFaults,
  seriesNames,
} from './alert-rules.ts';
import { metricNames } from './documents.ts';
import { filesMatching, type SourceFile } from './source-tree.ts';

const ruleFiles = filesMatching('infra/prometheus/*.rules.yaml');
const rules = ruleFiles.flatMap(rulesIn);
const alerts = rules.flatMap(({ alert, annotations }) =>
  alert === undefined ? [] : [{ alert, runbook: annotations?.runbook ?? '' }],
);
const recorded = rules.flatMap(({ record }) => record ?? []);
const dashboards = filesMatching('infra/grafana/*.json');
const runbooks = filesMatching('infra/runbooks/*.md');

test('every alert has a runbook of its own, with its four parts and three commands', () => {
  const faults = alerts.flatMap(({ alert, runbook }) => {
    const page = runbooks.find(({ path }) => path === runbook);
    return page === undefined ? [`${alert}: no page "${runbook}"`] : runbookFaults(page, alert);
  });
  expect(faults).toEqual([]);
  const pages = alerts.map(({ runbook }) => runbook);
  expect(pages.filter((page, index) => pages.indexOf(page) !== index)).toEqual([]);
});

test('the index of the runbooks has a line for every alert', () => {
  const index = runbooks.find(({ path }) => path.endsWith('/README.md'))?.text ?? '';
  expect(alerts.filter(({ alert }) => !index.includes(`\`${alert}\``))).toEqual([]);
});

test('every alert is seen to fire and, unless it always does, to be silent by a promtool case', () => {
  const cases = filesMatching('infra/prometheus/*.rules.test.yaml').flatMap(promtoolCases);
  const has = (alert: string, fires: boolean) =>
    cases.some((one) => one.alert === alert && one.fires === fires);
  expect(alerts.filter(({ alert }) => !has(alert, true)).map(({ alert }) => alert)).toEqual([]);
  expect(alerts.filter(({ alert }) => !has(alert, false)).map(({ alert }) => alert)).toEqual([
    'TocsinWatchdog',
  ]);
});

test('every alert is a page, a ticket, or the watchdog', () => {
  const severities = rules.flatMap(({ alert, labels }) =>
    alert === undefined || alert === 'TocsinWatchdog' ? [] : [labels?.severity],
  );
  expect([...new Set(severities)].toSorted()).toEqual(['page', 'ticket']);
});

test('rules and dashboard ask for metrics that are in infra/metrics.md, or are recorded', () => {
  const documented = filesMatching('infra/metrics.md').flatMap(metricNames);
  const asked = [...rules.map(({ expr }) => expr), ...dashboards.flatMap(dashboardExpressions)].flatMap(
    seriesNames,
  );
  const known = (name: string) =>
    name.startsWith('tocsin:')
      ? recorded.includes(name)
      : !name.startsWith('tocsin_') || [name, metricOf(name)].some((one) => documented.includes(one));
  expect([...new Set(asked.filter((name) => !known(name)))].toSorted()).toEqual([]);
});

test('what is recorded is used', () => {
  const users = [...ruleFiles, ...dashboards, ...filesMatching('infra/kubernetes/*.yaml')];
  const uses = (name: string) => users.reduce((count, { text }) => count + text.split(name).length - 1, 0);
  expect(recorded.filter((name) => uses(name) < 2)).toEqual([]);
});

test('runbooks name commands and metrics that there are', () => {
  const documented = filesMatching('infra/metrics.md').flatMap(metricNames);
  const names = COMMANDS.map(({ name }) => name);
  const faults = runbooks.flatMap(({ path, text }) => [
    ...[...text.matchAll(/\btocsin ([a-z]+(?: [a-z]+)?)/g)]
      .filter(([, words = '']) => !names.some((name) => name === words || words.split(' ')[0] === name))
      .filter(([whole]) => text.includes(`npx ${whole}`))
      .map(([, words]) => `${path}: no command "tocsin ${words}"`),
    ...[...text.matchAll(/\btocsin_[a-z0-9_]+/g)]
      .map(([name]) => name)
      .filter((name) => !documented.some((one) => one === name || one === metricOf(name)))
      .map((name) => `${path}: no metric ${name}`),
  ]);
  expect(faults).toEqual([]);
});

describe('the checks find', () => {
  test('the series of an expression, without labels and functions', () => {
    const expr = 'sum by (up_to) (rate(tocsin_a_total{b="tocsin_c"}[5m])) > 0 and up == 1 or tocsin:d:rate5m';
    expect(seriesNames(expr)).toEqual(['tocsin_a_total', 'up', 'tocsin:d:rate5m']);
  });

  test('a runbook without an end, and with too many commands', () => {
    const text = '**Symptom.** `A`\n**What it means.**\n**First three commands.**\n```sh\na\nb\nc\nd\n```';
    expect(runbookFaults({ path: 'a.md', text }, 'A')).toHaveLength(2);
  });

  test('expressions in nested panels', () => {
    const text = JSON.stringify({ panels: [{ panels: [{ targets: [{ expr: 'a' }] }] }] });
    expect(dashboardExpressions({ path: 'a.json', text } satisfies SourceFile)).toEqual(['a']);
  });
});
