import { createHash } from 'node:crypto';
import { subjectInWords } from '../../../contracts/identity.ts';
import { type Html, type HtmlPart, html, raw } from '../../../platform/text/html.ts';
import type { Named, Names } from '../../../settings/names.ts';
import { distanceInWords, instantInWords, momentInWords, rfc3339 } from '../../domain/words.ts';

/** What every page needs. */
export interface PageContext {
  readonly now: number;
  /** Path where this page is found again, for the navigation, for coming back, and for reading it anew. */
  readonly path: string;
  /** Who acts, as an id or as they called themselves; absent until they have said it. */
  readonly person?: string;
  readonly names: Names;
  /** IANA zone by whose clock the page tells times; it says so once. */
  readonly zone: string;
  /** Where messages stand that went nowhere else; absent where nobody can look at them. */
  readonly sandbox?: string;
}

const NAVIGATION = [
  ['/', 'Queue'],
  ['/kpis', 'KPIs'],
  ['/held', 'Held back'],
  ['/audit', 'Audit'],
  ['/operations', 'Operations'],
] as const;

export const layout = (context: PageContext, title: string, body: HtmlPart): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Tocsin</title>
<link rel="icon" href="${raw(ICON)}">
<link rel="stylesheet" href="/console/console.css">
<script type="module" src="/console/console.js"></script>
</head>
<body data-now="${context.now}" data-path="${context.path}">
<a class="skip" href="#main">Skip to content</a>
<header class="top">
<a class="brand" href="/">Tocsin</a>
<nav aria-label="Pages">${NAVIGATION.map(([path, name]) => navigationLink(context, path, name))}
${context.sandbox !== undefined && navigationLink(context, context.sandbox, 'Sandbox')}</nav>
<span class="zone soft">Times: ${context.zone}</span>
<span id="connection" role="status"></span>
${personForm(context)}
</header>
<main id="main">${body}</main>
</body>
</html>`;

/** A bell. As text in the page it needs no request and no file. */
const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#b3261e" d="M8 1a4 4 0 0 0-4 4v4l-2 2v1h12v-1l-2-2V5a4 4 0 0 0-4-4zM6 13a2 2 0 0 0 4 0z"/></svg>',
)}`;

const navigationLink = (context: PageContext, path: string, name: string): Html =>
  context.path === path
    ? html`<a href="${path}" aria-current="page">${name}</a>`
    : html`<a href="${path}">${name}</a>`;

/** People say who they are until access control knows it: every act is audited under a name. */
const personForm = (context: PageContext): Html => html`<form class="top-form" method="post" action="/me">
<label for="person">You are</label>
<input id="person" name="person" value="${context.person === undefined ? '' : context.names.person(context.person)}" placeholder="your name" autocomplete="username" required maxlength="200">
<input type="hidden" name="back" value="${context.path}">
<button class="plain">Save</button>
</form>`;

/** Asks who acts, as part of a form, where nobody has said it yet: an order in nobody's name helps nobody. */
export const whoField = (context: PageContext): HtmlPart =>
  context.person === undefined &&
  html`<label>Your name <input name="person" required maxlength="200" autocomplete="username"></label>`;

/** What became of the order that led to this page. */
export interface Notice {
  readonly kind: 'done' | 'refused';
  readonly words: string;
}

export const noticePart = (notice: Notice | undefined): HtmlPart =>
  notice === undefined
    ? undefined
    : html`<p class="card notice ${notice.kind}" role="${notice.kind === 'done' ? 'status' : 'alert'}">${notice.words}</p>`;

/** A part of a page that the browser takes over when it changed. The key changes exactly when the part does. */
export const live = (id: string, body: Html): Html => {
  // Countdowns are left out, as the browser counts them itself; and so are the names of orders not yet given.
  const stable = body.text
    .replaceAll(/(<time class="countdown[^"]*"[^>]*>)[^<]*/g, '$1')
    .replaceAll(/(name="orderId" value=)"[^"]*"/g, '$1');
  const key = createHash('sha256').update(stable).digest('base64url').slice(0, 12);
  return html`<div id="${id}" data-live="${key}">${body}</div>`;
};

/** A moment by the page's clock, with the exact one behind it. */
export const moment = (at: number, { zone }: Pick<PageContext, 'zone'>): Html =>
  html`<time datetime="${rfc3339(at)}">${momentInWords(at, zone)}</time>`;

/** The same moment by somebody else's clock, which has to be named. */
export const momentElsewhere = (at: number, zone: string): Html =>
  html`<time datetime="${rfc3339(at)}">${instantInWords(at, zone)}</time>`;

/** How far away a deadline is; the browser keeps it running. */
export const countdown = (dueAt: number, now: number): Html =>
  html`<time class="countdown ${dueAt <= now ? 'late' : ''}" data-due="${dueAt}" datetime="${rfc3339(dueAt)}">${distanceInWords(dueAt, now)}</time>`;

export const severityBadge = (severity: string): Html =>
  html`<span class="badge ${severity}">${severity}</span>`;

/** A rule by its title, with the id that its file and the command line know it by. */
export const ruleName = ({ title, id }: { readonly title: string; readonly id: string }): Html =>
  html`${title} <span class="soft small id">${id}</span>`;

/** A customer by name, with the id; whoever is not known by name, as they are called elsewhere. */
export const customerLink = (subject: string, name: string | undefined): Html =>
  html`<a href="${customerPath(subject)}">${name ?? subjectInWords(subject)}</a>${
    name === undefined ? undefined : html` <span class="soft small id">${subject}</span>`
  }`;

/** What can be chosen, by name; a value that is not among it stays what it is. */
export const choices = (named: readonly Named[], chosen: string): readonly Html[] => {
  const known = named.some(({ id }) => id === chosen) ? named : [...named, { id: chosen, name: chosen }];
  return known.map(({ id, name }) =>
    id === chosen
      ? html`<option value="${id}" selected>${name}</option>`
      : html`<option value="${id}">${name}</option>`,
  );
};

export const alertPath = (alertId: string): string => `/alerts/${encodeURIComponent(alertId)}`;

export const customerPath = (customerId: string): string => `/customers/${encodeURIComponent(customerId)}`;

/** Link to the next page of a list. */
export const nextLink = (
  path: string,
  query: Readonly<Record<string, string>>,
  next: string | undefined,
): HtmlPart =>
  next === undefined
    ? undefined
    : html`<p><a href="${path}?${new URLSearchParams({ ...query, cursor: next }).toString()}">Next page</a></p>`;
