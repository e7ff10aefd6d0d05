import { type Html, html, httpUrl, raw } from '../../platform/text/html.ts';
import type { Block, Button, EmailContent, SlackContent } from '../domain/message.ts';
import { actionTypeOf, readButtonValue } from '../domain/slack-action.ts';
import { FORM_TITLES, formOf } from '../domain/slack-modal.ts';
import { fromNow } from '../domain/when.ts';
import type { SandboxMessage } from '../ports.ts';
import { renderField } from './form-html.ts';
import { SANDBOX_CSS } from './sandbox-css.ts';

export interface SandboxView {
  readonly messages: readonly SandboxMessage[];
  readonly now: number;
  readonly person: string;
  readonly nameOf: (address: string) => string;
  /** The place that is open: a Slack address, or `mail`. Default: the one with the newest message. */
  readonly channel?: string;
  /** The form that is open: `<message id>.<action>`. */
  readonly form?: string;
  /** The mail that is open, by its id. */
  readonly mail?: string;
  /** Whether the page is held: somebody reads it. */
  readonly still?: boolean;
  /** What became of the last click. */
  readonly said?: string;
}

/** The sandbox page: Slack's look, without a script; it reloads itself until somebody opens a form or a mail, or holds it. */
export function renderSandbox(view: SandboxView): string {
  const slack = view.messages.filter(({ channel }) => channel === 'slack');
  const mail = view.messages.filter(({ channel }) => channel === 'email');
  const places = [...new Set(slack.map(({ address }) => address))].sort();
  const open = openPlace(view, places, mail.length > 0);
  const here = `/sandbox?channel=${encodeURIComponent(open)}`;
  const reloads = view.form === undefined && view.mail === undefined && view.still !== true;
  const body = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${reloads && html`<meta http-equiv="refresh" content="${REFRESH_SECONDS}; url=${here}">`}
<title>Tocsin sandbox</title>
<style>${raw(SANDBOX_CSS)}</style>
</head>
<body>
<nav aria-label="Channels">
<h1>Tocsin sandbox</h1>
<p>Slack and mail are not set up, so messages come here. Nobody outside is told.</p>
<h2>Channels</h2>
<ul>${places.map((place) => placeLink(place, view.nameOf(place), countIn(slack, place), open))}</ul>
<h2>Mail</h2>
<ul>${placeLink(MAIL, 'Outgoing mail', mail.length, open)}</ul>
<p><a href="/">Queue of alerts</a></p>
<p>${reloads ? html`This page reloads itself. <a href="${here}&amp;still=1">Hold it</a>` : html`This page is held. <a href="${here}">Let it reload</a>`}</p>
</nav>
<main>
${view.said !== undefined && html`<p class="said" role="status">${view.said}</p>`}
${open === MAIL ? mailPlace(mail, view) : slackPlace(open, slack, view)}
</main>
</body>
</html>`;
  return body.text;
}

const MAIL = 'mail';
/** Short enough to watch a demo. */
const REFRESH_SECONDS = 5;

function openPlace({ channel, messages }: SandboxView, places: readonly string[], hasMail: boolean): string {
  if (channel !== undefined && (places.includes(channel) || channel === MAIL)) return channel;
  const newest = messages.findLast((message) => message.channel === 'slack');
  return newest?.address ?? (hasMail ? MAIL : '');
}

const countIn = (messages: readonly SandboxMessage[], place: string): number =>
  messages.filter(({ address, thread }) => address === place && thread === undefined).length;

const placeLink = (place: string, label: string, count: number, open: string): Html =>
  html`<li><a href="/sandbox?channel=${encodeURIComponent(place)}"${place === open && raw(' aria-current="page"')}>${label} <small>${count}</small></a></li>`;

function slackPlace(place: string, messages: readonly SandboxMessage[], view: SandboxView): Html {
  if (place === '')
    return html`<h2>Nothing yet</h2><p>When a rule raises an alert, its message appears here.</p>`;
  const here = messages.filter(({ address }) => address === place);
  const threads = Map.groupBy(here, ({ thread }) => thread);
  const mains = [...(threads.get(undefined) ?? [])].reverse();
  return html`<h2>${view.nameOf(place)}</h2>${mains.map((message) => slackMessage(message, threads.get(message.id) ?? [], view))}`;
}

function slackMessage(message: SandboxMessage, replies: readonly SandboxMessage[], view: SandboxView): Html {
  const edited = message.updatedAt === undefined ? '' : ` (edited ${fromNow(message.updatedAt, view.now)})`;
  return html`<article id="${message.id}" aria-label="Message about ${message.alertId}">
<header><strong>Tocsin</strong> <span class="app">APP</span> <time datetime="${new Date(message.at).toISOString()}">${fromNow(message.at, view.now)}${edited}</time></header>
${blocksOf(message).map((block) => renderBlock(block, message, view))}
${replies.length > 0 && html`<details open class="thread"><summary>${replies.length} ${replies.length === 1 ? 'reply' : 'replies'}</summary>${replies.map((reply) => slackReply(reply, view))}</details>`}
</article>`;
}

const slackReply = (reply: SandboxMessage, view: SandboxView): Html =>
  html`<div class="reply"><header><strong>Tocsin</strong> <time datetime="${new Date(reply.at).toISOString()}">${fromNow(reply.at, view.now)}</time></header>${blocksOf(reply).map((block) => renderBlock(block, reply, view))}</div>`;

// A message's channel says which kind of content the sandbox channel stored with it.
const blocksOf = (message: SandboxMessage): readonly Block[] => (message.content as SlackContent).blocks;

function renderBlock(block: Block, message: SandboxMessage, view: SandboxView): Html {
  switch (block.type) {
    case 'header':
      return html`<h3>${block.text.text}</h3>`;
    case 'section':
      return html`${block.text !== undefined && html`<div class="section">${mrkdwn(block.text.text)}</div>`}${
        block.fields !== undefined &&
        html`<div class="fields">${block.fields.map((field) => html`<div>${mrkdwn(field.text)}</div>`)}</div>`
      }`;
    case 'context':
      return html`<div class="context">${block.elements.map((element) => mrkdwn(element.text))}</div>`;
    case 'divider':
      return html`<hr>`;
    case 'actions':
      return html`<div class="actions">${block.elements.map((button) => renderButton(button, message, view))}</div>`;
  }
}

function renderButton(button: Button, message: SandboxMessage, view: SandboxView): Html {
  const type = actionTypeOf(button.action_id);
  const value = readButtonValue(button.value ?? '');
  if (type === undefined || value === undefined) return html``;
  const hidden = html`
<input type="hidden" name="action" value="${button.action_id}">
<input type="hidden" name="value" value="${button.value}">
<input type="hidden" name="back" value="${message.address}">
<input type="hidden" name="once" value="${message.id}.${message.updatedAt ?? message.at}.${view.now}">`;
  if (type === 'acknowledge') {
    return html`<form method="post" action="/sandbox/click">${hidden}<button class="primary">${button.text.text}</button></form>`;
  }
  const form = `${message.id}.${type}`;
  if (view.form !== form) {
    const query = new URLSearchParams({ channel: message.address, form });
    return html`<a class="button" href="/sandbox?${query.toString()}#${message.id}">${button.text.text}</a>`;
  }
  return html`<form class="form" method="post" action="/sandbox/click" aria-label="${FORM_TITLES[type]} ${value.label}">${hidden}
<strong>${FORM_TITLES[type]}</strong>
${formOf(type, value).map((field) => renderField(field))}
<label>In the name of <input name="person" value="${view.person}" maxlength="100"></label>
<span><button class="primary">Save</button> <a class="button" href="/sandbox?channel=${encodeURIComponent(message.address)}">Cancel</a></span></form>`;
}

/**
 * Slack's mrkdwn, as far as we write it: bold, italic, code, quotes, links and line breaks. Text comes escaped
 * for Slack, whose three entities are HTML's too; quotation marks are escaped here before anything else.
 */
function mrkdwn(text: string): Html {
  const safe = text.replaceAll('"', '&quot;').replaceAll("'", '&#39;');
  const lines = safe.split('\n').map((line) => {
    const quoted = line.startsWith('> ');
    const shown = inline(quoted ? line.slice(2) : line);
    return quoted ? `<blockquote>${shown}</blockquote>` : `${shown}<br>`;
  });
  return raw(lines.join('').replace(/<br>$/, ''));
}

const LINK = /(<https?:[^|>\s]*\|[^>]*>)/;

const inline = (line: string): string =>
  line
    .split(LINK)
    .map((part, index) => (index % 2 === 1 ? link(part) : emphasis(part)))
    .join('');

function link(token: string): string {
  const [url = '', label = ''] = token.slice(1, -1).split('|');
  const href = httpUrl(url.replaceAll('&amp;', '&'));
  return href === undefined ? label : html`<a href="${href}">${raw(label)}</a>`.text;
}

/** What is left of angle brackets is no markup of ours. */
const emphasis = (text: string): string =>
  text
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/(^|[\s(])\*([^*\n]+)\*(?=$|[\s).,:;])/g, '$1<strong>$2</strong>')
    .replace(/(^|\s)_([^_\n]+)_(?=$|[\s).,:;])/g, '$1<em>$2</em>')
    .replace(/`([^`\n]+)`/g, '<code>$1</code>');

function mailPlace(mail: readonly SandboxMessage[], view: SandboxView): Html {
  if (mail.length === 0) return html`<h2>Outgoing mail</h2><p>No mail yet.</p>`;
  return html`<h2>Outgoing mail</h2>${mail.toReversed().map((message) => mailPart(message, view))}`;
}

/** A mail is opened by a link, so that the page stands still while somebody reads it. */
function mailPart(message: SandboxMessage, { now, mail }: SandboxView): Html {
  // As above: an e-mail's content is an e-mail.
  const content = message.content as EmailContent;
  const isOpen = mail === message.id;
  const link = isOpen
    ? '/sandbox?channel=mail'
    : `/sandbox?channel=mail&mail=${encodeURIComponent(message.id)}`;
  return html`<article id="${message.id}" aria-label="Mail: ${content.subject}"><header><strong>To ${message.address}</strong> <time datetime="${new Date(message.at).toISOString()}">${fromNow(message.at, now)}</time></header>
<p class="subject"><a href="${link}#${message.id}" aria-expanded="${String(isOpen)}">${content.subject}</a></p>${isOpen && html`<pre>${content.text.split('\n').map(mailLine)}</pre>`}</article>`;
}

/** A line such as `Acknowledge: https://…` leads there, as it does in a mail program. Customers' words begin no such line. */
function mailLine(line: string): Html {
  const [, words, address] = /^([A-Z][a-z ]+): (\S+)$/.exec(line) ?? [];
  const url = httpUrl(address);
  return url === undefined
    ? html`${line}\n`
    : html`${words}: <a href="${url}" rel="noreferrer">${address}</a>\n`;
}
