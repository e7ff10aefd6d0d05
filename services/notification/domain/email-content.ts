import type { Alert } from '../../contracts/alert.ts';
import { type Html, html, httpUrl, raw } from '../../platform/text/html.ts';
import { type Briefing, type BriefingSettings, brief, type DueLine } from './briefing.ts';
import { LINK_LIVES_MS, MAIL_LINK_PATH, writeMailLink } from './mail-link.ts';
import type { EmailContent } from './message.ts';
import { ACTION_WORDS } from './slack-action.ts';
import { buttonValueOf, offeredActions } from './slack-content.ts';
import { cut } from './slack-text.ts';
import { inZone } from './when.ts';
import { nextDue, wordingOf } from './wording.ts';

/** The alert as an e-mail that says as much as the Slack message, as text and as HTML. */
export function emailAlert(
  alert: Alert,
  template: string,
  settings: BriefingSettings,
  links?: MailLinks,
): EmailContent {
  const briefing = brief(alert, settings);
  return {
    subject: subjectOf(briefing, template),
    text: textOf(briefing, template, links),
    html: htmlOf(briefing, template, links).text,
  };
}

/** What its reader can do from the mail. */
export interface MailLinks {
  readonly actions: readonly { readonly words: string; readonly url: string }[];
  /** Until when they work. */
  readonly until: string;
}

/** Links for what may be done with the alert now, in the name of whoever has the mail; none when it is closed. */
export function mailLinksOf(
  alert: Alert,
  recipient: string,
  {
    publicUrl,
    zoneOf,
    mailLinkSecret: secret,
  }: BriefingSettings & { readonly mailLinkSecret?: string | undefined },
  now: number,
): MailLinks | undefined {
  const offered = offeredActions(alert);
  if (secret === undefined || offered.length === 0) return undefined;
  const expiresAt = now + LINK_LIVES_MS;
  const value = buttonValueOf(alert);
  return {
    actions: offered.map((type) => ({
      words: ACTION_WORDS[type],
      url: `${publicUrl}${MAIL_LINK_PATH}?t=${writeMailLink(secret, { type, alert: value, recipient, expiresAt })}`,
    })),
    until: inZone(expiresAt, zoneOf(alert.plan.calendar)),
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

function textOf(briefing: Briefing, template: string, links: MailLinks | undefined): string {
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
    links === undefined
      ? []
      : [...links.actions.map(({ words, url }) => `${words}: ${url}`), `${LINKS_WORK} ${links.until}.`],
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

function htmlOf(briefing: Briefing, template: string, links: MailLinks | undefined): Html {
  const url = httpUrl(briefing.url);
  return html`<!doctype html><html lang="en">${BODY}
<h2>${briefing.severity} ${briefing.label} · ${briefing.who}: ${briefing.title}</h2>
<p><strong>${briefing.status}</strong><br>Owner: ${briefing.owner}</p>
<p>${wordingOf(template).ask(briefing)}</p>
${links !== undefined && linksHtml(links)}
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

const LINKS_WORK = 'Nothing happens before you confirm. Each of these links works once, until';

const linksHtml = ({ actions, until }: MailLinks): Html =>
  html`<p>${actions.map(({ words, url }) => html`<a href="${url}" style="${BUTTON}">${words}</a> `)}<br>
<small>${LINKS_WORK} ${until}.</small></p>`;

const BUTTON =
  'display:inline-block;padding:.4em 1em;margin:0 .3em .3em 0;border:1px solid #888;border-radius:4px';

const quoteHtml = ({ words, said, mood }: Briefing['quotes'][number]): Html =>
  html`<blockquote>${words !== undefined && html`“${words}”<br>`}<small>${said}${
    mood.length > 0 && ` · mood: ${mood.join(', ')}`
  }</small></blockquote>`;

const list = (lines: readonly string[]): Html =>
  html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
