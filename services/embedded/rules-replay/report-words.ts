import type { ReplayReport, RuleReport, TeamReport } from './report.ts';

/** Characters of a chart: a terminal is eighty wide, and names need their part. */
const CHART_WIDTH = 32;
const BARS = ' ▁▂▃▄▅▆▇█';

/** A replay for the terminal. */
export function replayWords(report: ReplayReport): string {
  const { signals, from, to, days, history, hash, signalsPerSecond, tooOld } = report;
  if (signals === 0) return `${history}: no signals to replay\n`;
  const span = from === to ? from : `${from} to ${to}, ${days.length} days`;
  return [
    `${signals} signals of ${history}, ${span}; rule set ${hash}; ${signalsPerSecond} signals/s`,
    ...tooOldWords(tooOld, signals),
    '',
    ruleTable(report.rules, days.length),
    '',
    ...workWords(report),
    teamTable(report.teams),
    ...leavingWords(report),
    '',
  ].join('\n');
}

/** Whose work it is, where the report is about one rule. */
const workWords = ({ withLive }: ReplayReport): string[] =>
  withLive === undefined ? [] : [`The work of teams, with the live rules and ${withLive}:`, ''];

/** How many of those who left had been heard, where the history knows who left. */
const leavingWords = ({ left, recall }: ReplayReport): string[] =>
  recall === undefined
    ? []
    : ['', `${left} customers left; of ${percent(recall)} there was an alert in the 90 days before`];

const percent = (share: number | undefined): string =>
  share === undefined ? '' : `${Math.round(share * 100)} %`;

/** The figures of a replay as Markdown, to be pasted into a review. */
export function replayMarkdown(report: ReplayReport): string {
  const { history, signals, from, to, days, hash } = report;
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rules = report.rules.map(({ rule, stage, alerts, customers, precision, recall, held }) =>
    row([
      rule,
      stage,
      String(alerts),
      (alerts / Math.max(1, days.length)).toFixed(1),
      String(customers),
      percent(precision),
      percent(recall),
      heldWords(held),
    ]),
  );
  const teams = report.teams
    .filter(({ alerts }) => alerts > 0)
    .map(({ team, alerts, busiest, capacityPerDay, daysOverCapacity }) =>
      row([
        team,
        String(alerts),
        `${busiest.alerts} on ${busiest.day}`,
        capacityPerDay === undefined ? 'not given' : String(capacityPerDay),
        capacityPerDay === undefined ? '' : String(daysOverCapacity),
      ]),
    );
  return [
    `Replay of ${signals} signals of ${history}, ${from} to ${to} (${days.length} days), rule set \`${hash}\``,
    '',
    row(['rule', 'stage', 'alerts', 'a day', 'customers', 'right', 'of those who left', 'held back']),
    row(['---', '---', '--:', '--:', '--:', '--:', '--:', '---']),
    ...rules,
    '',
    ...workWords(report),
    row(['team', 'alerts', 'busiest day', 'capacity a day', 'days over it']),
    row(['---', '--:', '---', '--:', '--:']),
    ...teams,
    ...leavingWords(report),
    '',
  ].join('\n');
}

/** A history that was imported at once raises nothing when it is replayed by the time of its arrival. */
function tooOldWords(tooOld: number, signals: number): string[] {
  if (tooOld < signals / 10) return [];
  return [
    `${tooOld} of them were too old to raise anything when they arrived, as after an import; --time event replays by when things happened`,
  ];
}

function ruleTable(rules: readonly RuleReport[], days: number): string {
  const rows = rules.map((rule) => [
    rule.rule,
    rule.stage,
    String(rule.alerts),
    days === 0 ? '' : (rule.alerts / days).toFixed(1),
    String(rule.customers),
    percent(rule.precision),
    percent(rule.recall),
    sparkline(rule.perDay),
    heldWords(rule.held),
  ]);
  return table(
    ['rule', 'stage', 'alerts', 'a day', 'customers', 'right', 'of leavers', 'by day', 'held back'],
    rows,
    [2, 3, 4, 5, 6],
  );
}

function teamTable(teams: readonly TeamReport[]): string {
  const rows = teams.map(({ team, alerts, capacityPerDay, busiest, daysOverCapacity, perDay }) => [
    team,
    String(alerts),
    busiest.alerts === 0 ? '' : `${busiest.alerts} on ${busiest.day}`,
    capacityPerDay === undefined ? 'not given' : `${capacityPerDay} a day`,
    capacityPerDay === undefined ? '' : String(daysOverCapacity),
    sparkline(perDay),
  ]);
  return table(['team', 'alerts', 'busiest day', 'capacity', 'days over it', 'by day'], rows, [1, 4]);
}

const heldWords = (held: RuleReport['held']): string =>
  Object.entries(held)
    .map(([reason, count]) => `${reason} ${count}`)
    .join(', ');

/** Bars of equal height for equal counts; several days share a bar when there are more than fit. */
export function sparkline(counts: readonly number[]): string {
  const width = Math.min(CHART_WIDTH, counts.length);
  const sums = Array.from({ length: width }, () => 0);
  for (const [index, count] of counts.entries()) {
    const column = Math.floor((index * width) / counts.length);
    sums[column] = (sums[column] ?? 0) + count;
  }
  const most = Math.max(...sums, 0);
  return sums.map((sum) => BARS[most === 0 ? 0 : Math.ceil((sum / most) * (BARS.length - 1))]).join('');
}

/** Columns under their heads; those of `right` are numbers. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[],
): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return right.includes(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return all.map(line).join('\n');
}
