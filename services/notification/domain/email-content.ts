import type { Alert } from '../../contracts/alert.ts';
import { type Html, html, httpUrl, raw } from '../../platform/text/html.ts';
import { type Briefing, type BriefingSettings, brief, type DueLine } from './briefing.ts';
import type { EmailContent } from './message.ts';
import { cut } from './slack-text.ts';
import { nextDue, wordingOf } from './wording.ts';

/** The alert as an e-mail that says as much as the Slack message, as text and as HTML. */
export function emailAlert(alert: Alert, template: string, settings: BriefingSettings): EmailContent {
  const briefing = brief(alert, settings);
  return {
    subject: subjectOf(briefing, template),
    text: textOf(briefing, template),
    html: htmlOf(briefing, template).text,
  };
}

/** Says that a mail may have come before. The subject stays, so that mailboxes keep both together. */
export const markEmailRepeat = (content: EmailContent): EmailContent => ({
  subject: content.subject,
  text: `${REPEAT}\n\n${content.text}`,
  html: content.html.replace(BODY_START, `${BODY_START}<p><em>${REPEAT}</em></p>`),
});

const REPEAT = 'This may be a repeat: an earlier attempt was not answered.';
const BODY_START = '<body style="font-family:system-ui,sans-serif;line-height:1.5;max-width:42em">';
const BODY = raw(BODY_START);

/** Longer subjects are cut by mail programs anyway; the due time must survive. */
const LONGEST_SUBJECT = 160;

function subjectOf(briefing: Briefing, template: string): string {
  const next = nextDue(briefing);
  const due = next === undefined ? '' : ` – ${next.what.toLowerCase()} by ${next.by}`;
  const start = `[${briefing.severity}] ${wordingOf(template).kind}: ${briefing.label} ${briefing.who}, ${briefing.title}`;
  return `${cut(start.toWellFormed(), LONGEST_SUBJECT - due.length)}${due}`;
}

function textOf(briefing: Briefing, template: string): string {
  const blocks: readonly (readonly string[])[] = [
    [
      `${briefing.severity} ${briefing.label} · ${briefing.who}: ${briefing.title}`,
      briefing.status,
      `Owner: ${briefing.owner}`,
    ],
    [wordingOf(template).ask(briefing)],
    ['Why', ...briefing.because.map((line) => `- ${line}`)],
    quotesText(briefing),
    ['The customer', ...briefing.customer.map(([label, value]) => `${label}: ${value}`)],
    riskText(briefing),
    briefing.playbook.length === 0
      ? []
      : ['What to do', ...briefing.playbook.map((step, index) => `${index + 1}. ${step}`)],
    briefing.due.length === 0 ? [] : ['By when', ...briefing.due.map((line) => `- ${dueText(line)}`)],
    [`Answer on ${briefing.answerOn}.`, `Rule: ${briefing.ruleId}`, `Open the alert: ${briefing.url}`],
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`.toWellFormed();
}

function quotesText({ quotes, quotesLeftOut }: Briefing): readonly string[] {
  if (quotes.length === 0) return [];
  const lines = quotes.flatMap(({ words, said, mood }) => [
    ...(words === undefined ? [] : [`"${words}"`]),
    `  ${said}${mood.length === 0 ? '' : ` (mood: ${mood.join(', ')})`}`,
  ]);
  return [
    "In the customer's words",
    ...lines,
    ...(quotesLeftOut === 0 ? [] : [`and ${quotesLeftOut} more on the alert's page`]),
  ];
}

const riskText = ({ risk }: Briefing): readonly string[] =>
  risk === undefined
    ? []
    : [`Risk of leaving: ${risk.score} of 100`, ...risk.contributions.map((line) => `- ${line}`)];

function dueText({ what, by, customersClock, rule, state }: DueLine): string {
  const done = DONE_WORDS[state];
  return `${what} by ${by} (${rule})${customersClock === undefined ? '' : `, customer's clock: ${customersClock}`}${done}`;
}

const DONE_WORDS: { readonly [S in DueLine['state']]: string } = {
  ahead: '',
  met: ' – done',
  missed: ' – MISSED',
  met_late: ' – done, but late',
};

function htmlOf(briefing: Briefing, template: string): Html {
  const url = httpUrl(briefing.url);
  return html`<!doctype html><html lang="en">${BODY}
<h2>${briefing.severity} ${briefing.label} · ${briefing.who}: ${briefing.title}</h2>
<p><strong>${briefing.status}</strong><br>Owner: ${briefing.owner}</p>
<p>${wordingOf(template).ask(briefing)}</p>
<h3>Why</h3>${list(briefing.because)}
${briefing.quotes.length > 0 && html`<h3>In the customer's words</h3>${briefing.quotes.map(quoteHtml)}`}
${briefing.quotesLeftOut > 0 && html`<p>and ${briefing.quotesLeftOut} more on the alert's page</p>`}
<h3>The customer</h3><table>${briefing.customer.map(
    ([label, value]) => html`<tr><th align="left">${label}</th><td>${value}</td></tr>`,
  )}</table>
${briefing.risk !== undefined && html`<h3>Risk of leaving: ${briefing.risk.score} of 100</h3>${list(briefing.risk.contributions)}`}
${briefing.playbook.length > 0 && html`<h3>What to do</h3><ol>${briefing.playbook.map((step) => html`<li>${step}</li>`)}</ol>`}
${briefing.due.length > 0 && html`<h3>By when</h3>${list(briefing.due.map(dueText))}`}
<p>Answer on ${briefing.answerOn}.<br><small>Rule: ${briefing.ruleId}</small></p>
${url !== undefined && html`<p><a href="${url}">Open the alert</a></p>`}
</body></html>`;
}

const quoteHtml = ({ words, said, mood }: Briefing['quotes'][number]): Html =>
  html`<blockquote>${words !== undefined && html`“${words}”<br>`}<small>${said}${
    mood.length > 0 && ` · mood: ${mood.join(', ')}`
  }</small></blockquote>`;

const list = (lines: readonly string[]): Html =>
  html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
