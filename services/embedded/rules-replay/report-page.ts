import { type Html, html, raw } from '../../platform/text/html.ts';
import type { ReplayReport, RuleReport, TeamReport } from './report.ts';

/** A replay as one page without anything around it: to be opened, mailed, or kept with a change of rules. */
export function replayPage(report: ReplayReport): string {
  const { signals, history, from, to, days, hash, rules, teams } = report;
  const alerts = rules.reduce((sum, rule) => sum + rule.alerts, 0);
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Replay of rule set ${hash}</title><style>${STYLE}</style></head>
<body>
<h1>What these rules would have done</h1>
<p>${signals} signals of ${history}, ${from} to ${to} (${days.length} days). Rule set <code>${hash}</code>. ${alerts} alerts.</p>
<h2>By team</h2>
<table><thead><tr><th>team<th class="n">alerts<th>busiest day<th class="n">capacity a day<th class="n">days over it<th>by day</tr></thead>
<tbody>${teams.map((team) => teamRow(team, days))}</tbody></table>
<h2>By rule</h2>
<table><thead><tr><th>rule<th>stage<th class="n">alerts<th class="n">a day<th class="n">customers<th class="n">right<th class="n">of leavers<th>held back<th>by day</tr></thead>
<tbody>${rules.map((rule) => ruleRow(rule, days))}</tbody></table>
<p class="note">“Right” is the share of closed alerts, of those whose outcome tells, that were neither a false alarm nor about a
customer not at risk. “Of leavers” is the share of the ${report.left} customers who left about whom there was an alert in the
90 days before. Shadow rules are nobody's work yet; they count for their team only when asked for.</p>
</body></html>
`.text;
}

const STYLE = raw(`
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1d2530; background: #fff }
table { border-collapse: collapse; width: 100%; margin-bottom: 2rem }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #dde2e8; vertical-align: bottom }
.n { text-align: right; font-variant-numeric: tabular-nums }
.over { color: #a4262c; font-weight: 600 }
.note { color: #57616e }
svg { display: block }
svg rect { fill: #3a6ea5 } svg rect.over { fill: #a4262c } svg line { stroke: #8a94a0; stroke-dasharray: 3 2 }
`);

const teamRow = (team: TeamReport, days: readonly string[]): Html => {
  const { capacityPerDay, busiest, daysOverCapacity } = team;
  return html`<tr><td>${team.team}<td class="n">${team.alerts}<td>${busiest.alerts === 0 ? '' : `${busiest.alerts} on ${busiest.day}`}<td class="n">${capacityPerDay ?? 'not given'}<td class="n${raw(daysOverCapacity > 0 ? ' over' : '')}">${capacityPerDay === undefined ? '' : daysOverCapacity}<td>${chart(team.perDay, days, capacityPerDay)}</tr>`;
};

const ruleRow = (rule: RuleReport, days: readonly string[]): Html => {
  const held = Object.entries(rule.held).map(([reason, count]) => `${reason} ${count}`);
  const percent = (share: number | undefined) => (share === undefined ? '' : `${Math.round(share * 100)} %`);
  const [right, recall] = [percent(rule.precision), percent(rule.recall)];
  return html`<tr><td>${rule.rule}<td>${rule.stage}<td class="n">${rule.alerts}<td class="n">${(rule.alerts / Math.max(1, days.length)).toFixed(1)}<td class="n">${rule.customers}<td class="n">${right}<td class="n">${recall}<td>${held.join(', ')}<td>${chart(rule.perDay, days)}</tr>`;
};

const WIDTH = 320;
const HEIGHT = 36;

/** One bar a day, its count under the pointer, and the capacity as a line. */
function chart(counts: readonly number[], days: readonly string[], capacity?: number): Html {
  const most = Math.max(1, capacity ?? 0, ...counts);
  const step = WIDTH / Math.max(1, counts.length);
  const bars = counts.map((count, index) => {
    const height = (count / most) * HEIGHT;
    const over = capacity !== undefined && count > capacity ? ' class="over"' : '';
    return html`<rect${raw(over)} x="${(index * step).toFixed(1)}" y="${(HEIGHT - height).toFixed(1)}" width="${Math.max(0.5, step - 1).toFixed(1)}" height="${height.toFixed(1)}"><title>${days[index] ?? ''}: ${count}</title></rect>`;
  });
  const y = (HEIGHT - ((capacity ?? 0) / most) * HEIGHT).toFixed(1);
  const line = capacity === undefined ? '' : html`<line x1="0" x2="${WIDTH}" y1="${y}" y2="${y}"/>`;
  return html`<svg width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${counts.join(', ')}">${bars}${line}</svg>`;
}
