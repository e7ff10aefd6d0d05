import { parse } from 'yaml';
import type { SourceFile } from './source-tree.ts';

/** One alert or recording rule of a Prometheus rule file. */
export interface PrometheusRule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The rules of a file, in order. Prometheus itself says whether they are well formed. */
export function rulesIn({ text }: SourceFile): readonly PrometheusRule[] {
  const { groups } = parse(text) as { groups: readonly { rules: readonly PrometheusRule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** What a PromQL expression asks for: names of metrics and of recorded series. */
export function seriesNames(expr: string): readonly string[] {
  const bare = expr.replace(/\{[^}]*\}|"[^"]*"/g, '');
  return [...bare.matchAll(/\b(?:up\b|(?:tocsin|nodejs|process)[_:][a-z0-9_:]+)/g)].map(([name]) => name);
}

/** The metric behind a series: histograms are asked for by their parts. */
export const metricOf = (series: string): string => series.replace(/_(bucket|sum|count)$/, '');

/** Alerts of a promtool test file, each with whether a case expects it to fire, and to be silent. */
export function promtoolCases({ text }: SourceFile): readonly { alert: string; fires: boolean }[] {
  const { tests } = parse(text) as {
    tests: readonly {
      alert_rule_test?: readonly { alertname: string; exp_alerts: readonly unknown[] }[];
    }[];
  };
  return tests.flatMap(({ alert_rule_test = [] }) =>
    alert_rule_test.map(({ alertname, exp_alerts }) => ({ alert: alertname, fires: exp_alerts.length > 0 })),
  );
}

/** Every expression of a Grafana dashboard: of panels, of rows that are folded, and of annotations. */
export function dashboardExpressions({ text }: SourceFile): readonly string[] {
  const found: string[] = [];
  JSON.parse(text, (key, value: unknown) => {
    if (key === 'expr' && typeof value === 'string') found.push(value);
    return value;
  });
  return found;
}

const PARTS = ['**Symptom.**', '**What it means.**', '**First three commands.**', '**It is over when**'];

/** What a runbook lacks, each as a complaint. */
export function runbookFaults({ path, text }: SourceFile, alert: string): readonly string[] {
  const places = PARTS.map((part) => text.indexOf(part));
  const inOrder = places.every((place, index) => place > (places[index - 1] ?? -1));
  const commands = /```sh\n([\s\S]*?)```/.exec(text)?.[1]?.trim().split('\n') ?? [];
  return [
    ...(inOrder ? [] : [`${path}: expected ${PARTS.join(', ')}, in this order`]),
    ...(commands.length === 3 ? [] : [`${path}: has ${commands.length} first commands; expected 3`]),
    ...(text.includes(`\`${alert}\``) ? [] : [`${path}: does not name ${alert}`]),
  ];
}
