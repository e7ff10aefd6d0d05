import type { Stage } from '../../../contracts/alert-request.ts';
import { type Html, type HtmlPart, html } from '../../../platform/text/html.ts';
import type { HeldRow } from '../../domain/alert-view.ts';
import type { AuditRow } from '../../domain/audit.ts';
import type { Kept, KeptGroup, KeptRates } from '../../domain/kept.ts';
import type { GroupKpis, HitRate, Kpis, Spread, TimeTo } from '../../domain/kpi.ts';
import type { Share } from '../../domain/share.ts';
import { eventInWords, ownWords } from '../../domain/story.ts';
import {
  actorInWords,
  count,
  DEADLINE_WORDS,
  durationInWords,
  HELD_WORDS,
  ownersNamed,
  percent,
  plain,
} from '../../domain/words.ts';
import type { Page } from '../../ports.ts';
import type { LoopReport } from '../../service.ts';
import {
  alertPath,
  customerLink,
  layout,
  live,
  moment,
  nextLink,
  type PageContext,
  ruleName,
  severityBadge,
} from './layout.ts';

/** How well loops were closed. */
export const kpiPage = (context: PageContext, kpis: LoopReport, days: number): Html =>
  layout(
    context,
    'KPIs',
    html`<h1>How well loops are closed</h1>
<form class="row card" method="get" action="/kpis"><label>Alerts opened in the last
<select name="days">${[1, 7, 30, 90, 365].map((choice) => daysOption(choice, days))}</select></label><button>Show</button>
<span class="links"><a href="/kpis.csv?days=${days}" download>Figures as CSV</a> <a href="/kept.csv?days=${days}" download>Customers kept as CSV</a></span></form>
${live('kpis', html`${kpis.opened === 0 ? NO_KPIS : kpiParts(kpis)}${keptPart(kpis.kept)}`)}`,
  );

const daysOption = (choice: number, chosen: number): Html =>
  choice === chosen
    ? html`<option value="${choice}" selected>${count(choice, 'day')}</option>`
    : html`<option value="${choice}">${count(choice, 'day')}</option>`;

const NO_KPIS = html`<div class="card"><p>No alert was opened in this time. Choose a longer one, or see the <a href="/">queue</a>.</p></div>`;

const kpiParts = (kpis: Kpis): Html => html`<div class="tiles">
${tile(String(kpis.opened), `opened, ${kpis.reopened} of them again`)}
${tile(String(kpis.overdueNow), html`<a href="/?overdue=true">late now</a>`)}
${tile(percent(kpis.deadlines.contact_by.rate), 'contacted in time')}
${tile(percent(kpis.proven.share), `of ${kpis.proven.of} contacts proven by a record`)}
${tile(percent(kpis.saidSaved.share), `of ${kpis.saidSaved.of} closed as saved: what people said`)}
${tile(percent(kpis.falseAlarms.share), 'false alarms among the closed')}
</div>
<section class="card"><h2>Time from opening</h2><table>
<thead><tr><th>To</th><th class="number">n</th><th>Median</th><th>90 %</th><th>95 %</th><th>Median in business time</th><th>90 % in business time</th></tr></thead>
<tbody>${timeRow('acknowledge', kpis.timeTo.acknowledge)}${timeRow('contact', kpis.timeTo.contact)}${timeRow('close', kpis.timeTo.close)}</tbody></table></section>
<section class="card"><h2>Deadlines</h2><table>
<thead><tr><th>Deadline</th><th class="number">Met</th><th class="number">Missed</th><th class="number">Running</th><th class="number">No longer needed</th><th class="number">Hit rate</th></tr></thead>
<tbody>${(['ack_by', 'contact_by', 'close_by'] as const).map((deadline) => hitRow(DEADLINE_WORDS[deadline], kpis.deadlines[deadline]))}</tbody></table></section>
${groupTable('Rule', kpis.byRule, ruleName)}${groupTable('Team', kpis.byTeam, ({ title }) => html`${title}`)}${groupTable('Person', kpis.byPerson, personName)}
<div class="columns">${countTable('By outcome', kpis.byOutcome)}${countTable('By root cause', kpis.byRootCause)}</div>
<section class="card"><h2>Held back: ${kpis.heldBack.total}</h2>${heldCounts(kpis)}</section>`;

/** What people said when closing is above; here is what customers did. */
const keptPart = (
  kept: readonly Kept[],
): Html => html`<section class="card"><h2>Whether customers were kept</h2>
<p class="soft">Of alerts opened so many days before the time above, and closed: whether the customer still was one so many
days after closing, as the CRM says. Recovered: and nothing alerted about them in between. False alarms are left out.</p>
${kept.map(keptTable)}</section>`;

const keptTable = (kept: Kept): Html => html`<h3>${kept.days} days after closing</h3>
${
  kept.all.recovered.of === 0
    ? html`<p>Nothing to tell yet.</p>`
    : html`<table>
<thead><tr><th>Of</th><th class="number">Loops</th><th class="number">Said saved</th><th class="number">Of these still customers</th><th class="number">Recovered, of all loops</th></tr></thead>
<tbody>${keptRow(html`<b>All</b>`, kept.all)}${keptRows('Rule', kept.byRule)}${keptRows('Team', kept.byTeam)}${keptRows('Cause', kept.byRootCause)}</tbody></table>`
}
${kept.running + kept.unknown > 0 && html`<p class="soft small">Not counted: ${kept.running} whose days are not over, ${kept.unknown} of whom the CRM does not say whether they are customers (<code>attributes.active</code>).</p>`}`;

const keptRows = (kind: string, groups: readonly KeptGroup[]): readonly Html[] =>
  groups.map((group) =>
    keptRow(
      html`<span class="soft">${kind}</span> ${kind === 'Cause' ? plain(group.title) : group.title}`,
      group,
    ),
  );

const keptRow = (name: Html, { saved, recovered }: KeptRates): Html =>
  html`<tr><td>${name}</td><td class="number">${recovered.of}</td><td class="number">${saved.of}</td>
<td class="number">${shareCell(saved)}</td><td class="number">${shareCell(recovered)}</td></tr>`;

const tile = (number: string, words: HtmlPart): Html =>
  html`<div class="tile"><b>${number}</b><span class="soft small">${words}</span></div>`;

const timeRow = (
  name: string,
  { wall, business }: TimeTo,
): Html => html`<tr><td>${name}</td><td class="number">${wall.n}</td>
<td>${duration(wall.p50Ms)}</td><td>${duration(wall.p90Ms)}</td><td>${duration(wall.p95Ms)}</td><td>${businessCell(business)}</td><td>${duration(business.p90Ms)}</td></tr>`;

const businessCell = (spread: Spread): string => duration(spread.p50Ms);

const duration = (ms: number | undefined): string => (ms === undefined ? '–' : durationInWords(ms));

const hitRow = (
  name: string,
  rate: HitRate,
): Html => html`<tr><td>${name}</td><td class="number">${rate.met}</td>
<td class="number">${rate.missed}</td><td class="number">${rate.running}</td><td class="number">${rate.void}</td><td class="number">${percent(rate.rate)}</td></tr>`;

const groupTable = (
  kind: 'Rule' | 'Team' | 'Person',
  groups: readonly GroupKpis[],
  nameOf: (group: GroupKpis) => Html,
): Html => html`<section class="card"><h2>By ${kind.toLowerCase()}</h2><table>
<thead><tr><th>${kind}</th><th class="number">Opened</th><th class="number">Open</th><th class="number">Closed</th><th class="number">Late now</th><th class="number">Contacted in time</th><th>Median to contact</th><th class="number">Said saved</th><th class="number">False alarms</th></tr></thead>
<tbody>${groups.map(
  (
    group,
  ) => html`<tr><td>${nameOf(group)}</td><td class="number">${group.opened}</td><td class="number">${group.open}</td><td class="number">${group.closed}</td>
<td class="number">${group.overdueNow}</td><td class="number">${percent(group.contactHitRate.rate)}</td><td>${duration(group.medianToContactMs)}</td>
<td class="number">${shareCell(group.saidSaved)}</td><td class="number">${shareCell(group.falseAlarms)}</td></tr>`,
)}</tbody></table></section>`;

/** Whoever owns alerts, with a way to those that are not finished. */
const personName = ({ id, title }: GroupKpis): Html =>
  id === ''
    ? html`<span class="soft">${title}</span>`
    : html`<a href="/?owner=${encodeURIComponent(id)}">${title}</a>`;

const shareCell = ({ share, n }: Share): string => (share === undefined ? '–' : `${n} (${percent(share)})`);

const countTable = (title: string, counts: Readonly<Record<string, number>>): Html =>
  html`<section class="card"><h2>${title}</h2>${countRows(counts)}</section>`;

const countRows = (counts: Readonly<Record<string, number>>): Html => {
  const rows = Object.entries(counts).map(
    ([name, n]) => html`<tr><td>${plain(name)}</td><td class="number">${n}</td></tr>`,
  );
  return rows.length === 0
    ? html`<p class="soft">Nothing is closed yet.</p>`
    : html`<table><tbody>${rows}</tbody></table>`;
};

const heldCounts = (kpis: Kpis): Html =>
  html`<table><tbody>${Object.entries(kpis.heldBack.byReason).map(
    ([reason, n]) => html`<tr><td>${plain(reason)}</td><td class="number">${n}</td></tr>`,
  )}</tbody></table><p><a href="/held">Each of them, with its reason</a></p>`;

/** Matches that told nobody. */
export const heldPage = (context: PageContext, page: Page<HeldRow>): Html =>
  layout(
    context,
    'Held back',
    html`<h1>Held back</h1>
<p class="soft">A rule matched, and yet nobody was told. Nothing disappears: each has its reason.</p>
${live('held', page.rows.length === 0 ? NO_HELD : heldTable(context, page))}`,
  );

const NO_HELD = html`<div class="card"><p>Nothing has been held back. When a customer is muted, was looked after a short while ago, or a
storm is on, matches appear here instead of in the <a href="/">queue</a>.</p></div>`;

const heldTable = (context: PageContext, page: Page<HeldRow>): Html => html`<div class="card"><table>
<thead><tr><th>When</th><th>Rule</th><th>Customer</th><th>Reason</th></tr></thead>
<tbody>${page.rows.map(
  (
    row,
  ) => html`<tr><td class="nowrap">${moment(row.at, context)}</td><td>${severityBadge(row.severity)} ${ruleName({ title: row.ruleTitle, id: row.ruleId })}${shadowMark(row.stage)}</td>
<td>${customerLink(row.subject, row.customerName)}</td>
<td>${HELD_WORDS[row.reason]}${row.heldBy === undefined ? undefined : html`<br><span class="soft small">${row.heldBy}</span>`}</td></tr>`,
)}</tbody></table></div>${nextLink('/held', {}, page.next)}`;

/** Who did what to which alert, from where. */
export const auditPage = (
  context: PageContext,
  page: Page<AuditRow>,
  query: Readonly<Record<string, string>>,
): Html =>
  layout(
    context,
    'Audit',
    html`<h1>Audit</h1>
<form class="row card" method="get" action="/audit"><label>Who <input name="actor" value="${query.actor === undefined ? '' : context.names.person(query.actor)}"></label>
<label>Alert key <input name="alert" value="${query.alert ?? ''}" size="36"></label><button>Show</button>
<span class="links"><a href="/audit.csv?${new URLSearchParams(query).toString()}" download>All of it as CSV</a></span></form>
${live('audit', page.rows.length === 0 ? NO_AUDIT : auditTable(context, page, query))}`,
  );

const NO_AUDIT = html`<div class="card"><p>Nothing has happened to an alert here. Whatever does is written down for good: who, when, from where,
and what was before and after.</p></div>`;

const auditTable = (
  context: PageContext,
  page: Page<AuditRow>,
  query: Readonly<Record<string, string>>,
): Html => html`<div class="card"><table>
<thead><tr><th>When</th><th>Who</th><th>Alert</th><th>What</th><th>Before</th><th>After</th></tr></thead>
<tbody>${page.rows.map(
  (
    row,
  ) => html`<tr><td class="nowrap">${moment(row.at, context)}</td><td>${actorInWords({ kind: row.actorKind, id: row.actorId }, context.names)}</td>
<td class="nowrap"><a href="${alertPath(row.alertId)}">${row.label}</a>${shadowMark(row.stage)}</td><td>${eventInWords(row, context)}${ownWordsPart(row)}</td><td class="small">${ownersNamed(row.before, context.names)}</td><td class="small">${ownersNamed(row.after, context.names)}</td></tr>`,
)}</tbody></table></div>${nextLink('/audit', query, page.next)}`;

/** What a rule in shadow does concerns nobody yet. */
const shadowMark = (stage: Stage): HtmlPart =>
  stage === 'shadow' ? html`<br><span class="soft small">rule in shadow</span>` : undefined;

const ownWordsPart = (row: AuditRow): HtmlPart => {
  const words = ownWords(row);
  return words === undefined ? undefined : html`<br><span class="soft small">“${words}”</span>`;
};

/** What was asked for is not there, or cannot be read. */
export const messagePage = (context: PageContext, title: string, words: Html): Html =>
  layout(context, title, html`<h1>${title}</h1><div class="card">${words}</div>`);
