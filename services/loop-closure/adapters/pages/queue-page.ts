import { SEVERITIES } from '../../../contracts/alert-request.ts';
import { type Html, type HtmlPart, html } from '../../../platform/text/html.ts';
import { HOUR } from '../../../platform/time/clock.ts';
import type { Names } from '../../../settings/names.ts';
import type { AlertRow } from '../../domain/alert-row.ts';
import { count, DEADLINE_WORDS, plain, rfc3339 } from '../../domain/words.ts';
import type { Page } from '../../ports.ts';
import {
  alertPath,
  choices,
  countdown,
  customerLink,
  layout,
  live,
  moment,
  nextLink,
  type PageContext,
  ruleName,
  severityBadge,
} from './layout.ts';

export interface QueuePage {
  readonly page: Page<AlertRow>;
  /** The filter as it stands in the address. */
  readonly query: Readonly<Record<string, string>>;
  /** Whether there has ever been an alert. */
  readonly isNew: boolean;
  /** Where this server is reached, for the example of the empty page. */
  readonly origin: string;
}

/** The queue: what has to be done next, first. */
export const queuePage = (context: PageContext, { page, query, isNew, origin }: QueuePage): Html => {
  const late = page.rows.filter((row) => row.next !== undefined && row.next.dueAt <= context.now).length;
  const title = late === 0 ? 'Queue' : `(${late} late) Queue`;
  const rows =
    page.rows.length === 0
      ? emptyQueue(query, isNew ? lesson(context, origin) : ALL_DONE)
      : html`<p class="soft">${lateInWords(page.rows.length, late)}</p>${queueTable(context, page.rows)}`;
  return layout(
    context,
    title,
    html`<h1>Customers to look after</h1>
${filterForm(query, context.names)}
${live('queue', html`${rows}${nextLink('/', query, page.next)}`)}`,
  );
};

const lateInWords = (shown: number, late: number): string =>
  late === 0 ? `${count(shown, 'alert')}, none late.` : `${count(shown, 'alert')}, ${late} late.`;

const STATUSES = ['unfinished', 'open', 'acknowledged', 'snoozed', 'closed', 'all'];

const filterForm = (
  query: Readonly<Record<string, string>>,
  names: Names,
): Html => html`<form class="row card" method="get" action="/" aria-label="Filter">
<label>Status <select name="status">${choices(STATUSES.map(itself), query.status ?? 'unfinished')}</select></label>
<label>Severity <select name="severity">${choices([ANY, ...SEVERITIES.map(itself)], query.severity ?? '')}</select></label>
<label>Team <select name="team">${choices([ANY, ...names.teams], query.team ?? '')}</select></label>
<label>Owner <select name="owner">${choices([ANY, ...names.people], query.owner ?? '')}</select></label>
<label>Customer id <input name="customer" value="${query.customer ?? ''}" size="12"></label>
<label>Late <select name="overdue">${choices([ANY, { id: 'true', name: 'only late' }], query.overdue ?? '')}</select></label>
<button>Show</button>
<span class="links"><a href="/alerts.csv?${new URLSearchParams(query).toString()}" download>As CSV</a></span>
</form>`;

const ANY = { id: '', name: 'any' };
const itself = (word: string) => ({ id: word, name: word });

const queueTable = (
  context: PageContext,
  rows: readonly AlertRow[],
): Html => html`<div class="card"><table class="stacked">
<thead><tr><th>Due</th><th>Alert</th><th>Customer</th><th>Why</th><th>Status</th><th>Owner</th></tr></thead>
<tbody>${rows.map((row) => queueRow(context, row))}</tbody></table></div>`;

const queueRow = (context: PageContext, row: AlertRow): Html => html`<tr>
<td>${dueCell(context, row)}</td>
<td class="nowrap"><a href="${alertPath(row.alertId)}">${row.label}</a> ${severityBadge(row.severity)}</td>
<td>${customerLink(row.subject, row.customerName)}<br><span class="soft small">${customerWords(row)}</span></td>
<td>${ruleName({ title: row.ruleTitle, id: row.ruleId })}<br><span class="soft small">${row.why}</span></td>
<td>${statusWords(row)}</td>
<td>${row.person === undefined ? html`<span class="soft">team</span>` : context.names.person(row.person)}<br><span class="soft small">${context.names.team(row.team)}</span></td>
</tr>`;

const dueCell = (context: PageContext, row: AlertRow): HtmlPart => {
  if (row.closedAt !== undefined)
    return html`<span class="soft">closed ${moment(row.closedAt, context)}</span>`;
  if (row.paused === true && row.snoozedUntil !== undefined) {
    return html`${countdown(row.snoozedUntil, context.now)}<br><span class="soft small">wakes up</span>`;
  }
  if (row.next === undefined) return html`<span class="soft">nothing due</span>`;
  return html`${countdown(row.next.dueAt, context.now)}<br><span class="soft small">${DEADLINE_WORDS[row.next.deadline]}</span>`;
};

const customerWords = (row: AlertRow): string =>
  [row.valueTier, row.riskScore === undefined ? undefined : `risk ${Math.round(row.riskScore)} of 100`]
    .filter((part) => part !== undefined)
    .join(', ');

const statusWords = (row: AlertRow): HtmlPart => {
  const details = [
    row.contactedAt === undefined ? undefined : `contacted${row.contactProven ? ', proven' : ''}`,
    row.contactedAt === undefined && row.contactAttempts > 0
      ? count(row.contactAttempts, 'attempt')
      : undefined,
    row.rung > 0 ? count(row.rung, 'escalation') : undefined,
    row.outcome === undefined ? undefined : plain(row.outcome),
  ].filter((part) => part !== undefined);
  return html`${row.status}<br><span class="soft small">${details.join(', ')}</span>`;
};

const emptyQueue = (query: Readonly<Record<string, string>>, unfiltered: Html): Html => {
  const filtered = Object.entries(query).some(
    ([name, value]) => value !== '' && !(name === 'status' && value === 'unfinished'),
  );
  if (!filtered) return unfiltered;
  return html`<div class="card"><p>No alert matches this filter. <a href="/">Show all that are unfinished</a>.</p></div>`;
};

const ALL_DONE = html`<div class="card"><h2>Nobody is waiting</h2>
<p>Every loop is closed: see <a href="/?status=closed">the closed ones</a>, <a href="/kpis">how well they went</a> and
<a href="/held">what was held back</a>.</p></div>`;

const lesson = (context: PageContext, origin: string): Html => {
  const note = {
    id: 'first-note',
    customerId: 'c-1',
    // The full hour, so that the example stands still while somebody copies it.
    occurredAt: rfc3339(context.now - (context.now % HOUR)),
    direction: 'inbound',
    text: 'Third time I call about this outage. I want to cancel my contract.',
  };
  return html`<div class="card"><h2>No alert yet</h2>
<p>Alerts appear here when a rule sees that a customer is about to leave. Post a record and watch:</p>
<pre><code>curl -X POST ${origin}/v1/call-notes -H 'content-type: application/json' \\
  -d '${JSON.stringify(note)}'</code></pre>
<p class="soft">Or play a whole made-up company: <code>npx tocsin demo</code>. Matches that told nobody are under <a href="/held">Held back</a>.</p></div>`;
};
