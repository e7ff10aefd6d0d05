import type { Alert } from '../../../contracts/alert.ts';
import { OUTCOMES } from '../../../contracts/alert.ts';
import type { Evidence } from '../../../contracts/alert-request.ts';
import { subjectInWords } from '../../../contracts/identity.ts';
import { INTENT_WORDS } from '../../../contracts/intent-words.ts';
import { CHANNELS } from '../../../contracts/sources.ts';
import { type Html, type HtmlPart, html, httpUrl } from '../../../platform/text/html.ts';
import type { Names } from '../../../settings/names.ts';
import { DEADLINES } from '../../domain/alert-row.ts';
import { eventInWords } from '../../domain/story.ts';
import {
  actorInWords,
  CHANNEL_WORDS,
  DEADLINE_WORDS,
  durationInWords,
  plain,
  rfc3339,
  SIGNAL_WORDS,
} from '../../domain/words.ts';
import type { BusinessClock } from '../../ports.ts';
import type { AlertFile } from '../../service.ts';
import {
  alertPath,
  countdown,
  customerLink,
  layout,
  live,
  moment,
  momentElsewhere,
  type Notice,
  noticePart,
  type PageContext,
  ruleName,
  severityBadge,
  whoField,
} from './layout.ts';
import { storyPart } from './story-part.ts';

export interface AlertPage {
  readonly file: AlertFile;
  readonly business: BusinessClock;
  /** Makes pressing a button twice one order. */
  readonly orderId: string;
  readonly notice?: Notice;
}

/** One alert: why, what to do, by when; and everything that was said and done. */
export const alertPage = (context: PageContext, page: AlertPage): Html => {
  const { row, alert } = page.file;
  return layout(
    context,
    `${row.label} ${row.customerName ?? subjectInWords(row.subject)}`,
    html`${noticePart(page.notice)}
${live('head', headPart(context, page))}
<div class="columns"><div>
${live('why', alert === undefined ? notKept(row.why) : whyPart(context, alert))}
<section class="card"><h2>The whole story</h2>${live('story', storyPart(context, page.file.story))}</section>
</div><div>
${live('actions', actionsPart(context, page))}
${live('when', alert === undefined ? html`` : whenPart(context, alert, page.business))}
${live('customer', alert === undefined ? html`` : customerPart(context, alert))}
${live('history', historyPart(context, page))}
</div></div>`,
  );
};

const headPart = (context: PageContext, { file }: AlertPage): Html => {
  const { row } = file;
  const due =
    row.next === undefined || row.status === 'closed'
      ? undefined
      : html` · ${DEADLINE_WORDS[row.next.deadline]} ${countdown(row.next.dueAt, context.now)}`;
  return html`<h1>${severityBadge(row.severity)} ${ruleName({ title: row.ruleTitle, id: row.ruleId })}</h1>
<p><b>${row.label}</b> · ${row.status}${row.stage === 'live' ? undefined : ` (${row.stage})`}${due} · ${row.person === undefined ? `team ${context.names.team(row.team)}, nobody in person` : `${context.names.person(row.person)}, ${context.names.team(row.team)}`}
· ${customerLink(row.subject, row.customerName)}
${file.cycles.length > 1 ? cyclesPart(file) : undefined}</p>`;
};

const cyclesPart = ({ cycles, row }: AlertFile): Html =>
  html`<br><span class="soft small">Cycles: ${cycles
    .toReversed()
    .map((cycle) =>
      cycle.alertId === row.alertId
        ? html`<b>${cycle.cycle}</b> `
        : html`<a href="${alertPath(cycle.alertId)}">${cycle.cycle} (${cycle.status})</a> `,
    )}</span>`;

const notKept = (why: string): Html => html`<section class="card"><h2>Why</h2><p>${why}</p>
<p class="soft">The evidence is older than the log keeps records.</p></section>`;

const whyPart = (context: PageContext, alert: Alert): Html => html`<section class="card"><h2>Why</h2>
<ul>${alert.because.map((reason) => html`<li>${reason}</li>`)}</ul>
${alert.evidence.toReversed().map((evidence) => evidencePart(context, evidence))}
${alert.evidenceCount > alert.evidence.length ? html`<p class="soft">${alert.evidenceCount} pieces of evidence in all; the latest are shown.</p>` : undefined}
</section>
<section class="card"><h2>What to do</h2>
<p>Answer on <b>${CHANNEL_WORDS[alert.answerOn]}</b>.</p>
<ol>${alert.plan.playbook.map((step) => html`<li>${step}</li>`)}</ol>
${runbookPart(alert)}</section>`;

const evidencePart = (context: PageContext, evidence: Evidence): Html => {
  const url = httpUrl(evidence.url);
  const words = [
    ...evidence.intents.map(({ intent }) => INTENT_WORDS[intent]),
    ...evidence.words.map(({ word, effect }) => `“${word}” ${effect > 0 ? '+' : ''}${effect.toFixed(2)}`),
  ];
  return html`<div><span class="soft small">${SIGNAL_WORDS[evidence.type]}, ${CHANNEL_WORDS[evidence.channel]}, ${moment(evidence.occurredAt, context)}${
    url === undefined
      ? undefined
      : html` · <a href="${url}" rel="noreferrer noopener" target="_blank">source</a>`
  }</span>
${evidence.quote === undefined ? undefined : html`<blockquote>${evidence.quote}</blockquote>`}
${words.length === 0 ? undefined : html`<p class="soft small">${words.join(' · ')}</p>`}</div>`;
};

const runbookPart = ({ runbook }: Alert): HtmlPart => {
  const url = httpUrl(runbook);
  if (runbook === undefined) return undefined;
  return html`<p class="soft small">Runbook: ${url === undefined ? runbook : html`<a href="${url}">${runbook}</a>`}</p>`;
};

const whenPart = (context: PageContext, alert: Alert, business: BusinessClock): Html => {
  const customerZone = alert.customer?.timezone;
  return html`<section class="card"><h2>By when</h2><table class="stacked">
<thead><tr><th>Deadline</th><th>Left</th><th>Due</th></tr></thead>
<tbody>${DEADLINES.map((deadline) => {
    const box = alert.deadlines[deadline];
    if (box === undefined) return undefined;
    return html`<tr><td>${DEADLINE_WORDS[deadline]}<br><span class="soft small">${box.text}</span></td>
<td>${leftCell(context, alert, box, business)}</td>
<td>${moment(box.dueAt, context)}${
      customerZone === undefined || customerZone === context.zone
        ? undefined
        : html`<br><span class="soft small">customer's clock: ${momentElsewhere(box.dueAt, customerZone)}</span>`
    }</td></tr>`;
  })}</tbody></table></section>`;
};

type Box = NonNullable<Alert['deadlines']['ack_by']>;

const leftCell = (context: PageContext, alert: Alert, box: Box, business: BusinessClock): HtmlPart => {
  if (box.metAt !== undefined) {
    const late = box.metAt > box.dueAt;
    return html`<span class="${late ? 'late' : 'good'}">${late ? 'done late' : 'done in time'}</span>`;
  }
  if (box.breachedAt !== undefined && alert.status === 'closed')
    return html`<span class="late">missed</span>`;
  if (alert.status === 'closed') return html`<span class="soft">no longer needed</span>`;
  if (box.dueAt <= context.now) return countdown(box.dueAt, context.now);
  const worked = business.msBetween(box.calendar, context.now, box.dueAt);
  return html`${countdown(box.dueAt, context.now)}${
    // A part that changes each minute would be sent anew each minute; hours are enough beside the countdown.
    worked === undefined
      ? undefined
      : html`<br><time class="countdown-business soft small" datetime="${rfc3339(box.dueAt)}">${durationInWords(worked)} of business time</time>`
  }`;
};

const customerPart = ({ names }: PageContext, { customer, subject }: Alert): Html => {
  if (customer === undefined) return html``;
  const facts: readonly (readonly [string, string | number | undefined])[] = [
    ['Customer', customer.name === undefined ? subject : `${customer.name} (${subject})`],
    [
      'Value',
      [customer.valueTier, customer.valuePerYear].filter((part) => part !== undefined).join(', ') ||
        undefined,
    ],
    ['Risk', `${Math.round(customer.riskScore)} of 100`],
    ['Contract', customer.contract],
    [
      'Renewal',
      customer.daysToRenewal === undefined ? undefined : `in ${Math.round(customer.daysToRenewal)} days`,
    ],
    ['With us', customer.tenureMonths === undefined ? undefined : `${customer.tenureMonths} months`],
    ['Product', customer.product],
    ['Account manager', customer.accountManager && names.person(customer.accountManager)],
    [
      'Prefers',
      customer.preferredChannel === undefined ? undefined : CHANNEL_WORDS[customer.preferredChannel],
    ],
    ['Language', customer.language],
  ];
  return html`<section class="card"><h2>Customer</h2>
<dl class="facts">${facts.map(([name, value]) => (value === undefined ? undefined : html`<dt>${name}</dt><dd>${value}</dd>`))}</dl>
${customer.riskContributions.length === 0 ? undefined : html`<h2>What drives the risk</h2>`}
<ul>${customer.riskContributions.map(({ words, points }) => html`<li>${words} <span class="soft">(${points > 0 ? '+' : ''}${points.toFixed(0)})</span></li>`)}</ul></section>`;
};

const historyPart = (
  context: PageContext,
  { file }: AlertPage,
): Html => html`<section class="card"><h2>History</h2><table>
<tbody>${file.events.toReversed().map(
  (event) => html`<tr><td class="small">${moment(event.at, context)}</td>
<td class="small">${eventInWords(event, context)}<br><span class="soft">${actorInWords({ kind: event.actorKind, id: event.actorId }, context.names)}</span></td></tr>`,
)}</tbody></table></section>`;

const actionsPart = (context: PageContext, page: AlertPage): Html => {
  const { row, alert } = page.file;
  if (row.status === 'closed') return closedPart(context, page);
  const outcomes = alert?.plan.outcomes.length ? alert.plan.outcomes : OUTCOMES;
  return html`<section class="card"><h2>Act</h2>
${row.acknowledgedAt === undefined ? orderForm(context, page, 'acknowledge', html`<button>Acknowledge: I have it</button>`) : undefined}
${action('Log contact', orderForm(context, page, 'contact', contactFields(row.answerOn)))}
${action('Snooze', orderForm(context, page, 'snooze', SNOOZE_FIELDS))}
${action('Reassign', orderForm(context, page, 'reassign', reassignFields(context.names)))}
${action('Close the loop', orderForm(context, page, 'close', closeFields(outcomes)))}</section>`;
};

const closedPart = (
  { names }: PageContext,
  { file }: AlertPage,
): Html => html`<section class="card"><h2>Closed</h2><dl class="facts">
<dt>Outcome</dt><dd>${plain(file.row.outcome ?? 'none')}</dd>
<dt>Root cause</dt><dd>${file.row.rootCause ?? 'none'}</dd>
<dt>By</dt><dd>${file.row.closedBy === undefined ? 'Tocsin' : names.person(file.row.closedBy)}</dd>
${file.alert?.closeNote === undefined ? undefined : html`<dt>Note</dt><dd>${file.alert.closeNote}</dd>`}</dl></section>`;

const action = (name: string, form: Html): Html =>
  html`<details class="action"><summary>${name}</summary>${form}</details>`;

const orderForm = (context: PageContext, page: AlertPage, verb: string, fields: Html): Html =>
  html`<form method="post" action="${alertPath(page.file.row.alertId)}/${verb}">
<input type="hidden" name="orderId" value="${page.orderId}">${whoField(context)}${fields}</form>`;

const contactFields = (answerOn: string): Html => html`<label>Channel <select name="channel">${CHANNELS.map(
  (channel) =>
    channel === answerOn
      ? html`<option value="${channel}" selected>${CHANNEL_WORDS[channel]}</option>`
      : html`<option value="${channel}">${CHANNEL_WORDS[channel]}</option>`,
)}</select></label>
<label>Did you speak to the customer? <select name="reached" required><option value="">choose</option><option value="true">yes</option><option value="false">no, only tried</option></select></label>
<label class="wide">What was said <textarea name="note" rows="3" cols="36" maxlength="2000"></textarea></label>
<button>Log contact</button>`;

const SNOOZE_FIELDS = html`<label>For <select name="for"><option value="1h">1 hour</option><option value="4h">4 hours</option><option value="1d">1 day</option><option value="3d">3 days</option><option value="7d">7 days</option></select></label>
<label class="wide">Why can it wait? <input name="reason" required maxlength="2000" size="36"></label>
<button>Snooze</button>`;

const reassignFields = ({ teams, people }: Names): Html => {
  const option = (to: string, name: string) => html`<option value="${to}">${name}</option>`;
  const choice =
    teams.length === 0
      ? html`<input name="to" required placeholder="person/anna or team/retention" size="30">`
      : html`<select name="to"><optgroup label="Teams">${teams.map(({ id, name }) => option(`team/${id}`, name))}</optgroup>
<optgroup label="People">${people.map(({ id, name }) => option(`person/${id}`, name))}</optgroup></select>`;
  return html`<label>To ${choice}</label>
<label class="wide">Why <input name="reason" maxlength="2000" size="36"></label>
<button>Reassign</button>`;
};

const closeFields = (
  outcomes: readonly string[],
): Html => html`<label>Outcome <select name="outcome" required><option value="">choose</option>${outcomes.map(
  (outcome) => html`<option value="${outcome}">${plain(outcome)}</option>`,
)}</select></label>
<label>Root cause <input name="rootCause" required maxlength="200" size="30"></label>
<label class="wide">Note <textarea name="note" rows="2" cols="36" maxlength="2000"></textarea></label>
<button>Close</button>`;
