import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Actor } from '../../contracts/alert.ts';
import { takeForms } from '../../platform/http/forms.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { describeError } from '../../platform/process/run-process.ts';
import { type Html, html, raw } from '../../platform/text/html.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Names } from '../../settings/names.ts';
import { alertUrl } from '../domain/briefing.ts';
import { MAIL_LINK_PATH, type MailLink, orderIdOf, readMailLink } from '../domain/mail-link.ts';
import {
  ACTION_DONE,
  ACTION_WORDS,
  type ActionAnswer,
  actionFrom,
  type HandleAction,
} from '../domain/slack-action.ts';
import { FORM_TITLES, formOf } from '../domain/slack-modal.ts';
import { inZone } from '../domain/when.ts';
import type { WebhookOutcome } from '../metrics.ts';
import { renderField } from './form-html.ts';

export interface MailLinkParts {
  readonly secret: string;
  /** Stores the action before it answers; repeats of an `actionId` count once. What Slack's clicks reach as well. */
  readonly handle: HandleAction;
  readonly names: Names;
  /** Where the pages are, without a slash at the end. */
  readonly publicUrl: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: { mailLink(outcome: WebhookOutcome): void };
}

/**
 * The links of mails, at `/mail/act`. `GET` shows what would be done and changes nothing, as mail scanners and
 * previews fetch every link; the form on that page does it by `POST`.
 *
 * A link counts with a valid signature until it expires, and once: when its order was obeyed it is spent. One
 * that was refused can be tried again. Whoever has the link may use it, as with a mail that was passed on.
 */
export async function registerMailLinks(app: FastifyInstance, parts: MailLinkParts): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    takeForms(scope);
    scope.addHook('onRequest', async (_, reply) => {
      reply.headers(HEADERS);
    });
    scope.get(MAIL_LINK_PATH, async (request, reply) => {
      const link = validLink(parts, tokenIn(request.query), reply);
      return link === undefined ? reply : send(reply, 200, confirmPage(parts, link));
    });
    scope.post(MAIL_LINK_PATH, async (request, reply) => {
      const link = validLink(parts, tokenIn(request.body), reply);
      return link === undefined ? reply : act(parts, link, request, reply);
    });
  });
}

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  // The address is as good as the right to act: nobody else is told.
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'x-robots-tag': 'noindex',
} as const;

/** A link whose signature holds and whose time is not over, with its text. */
interface GoodLink extends MailLink {
  readonly token: string;
}

const Holder = z.object({ t: z.string().max(4000) });
const tokenIn = (holder: unknown): string => {
  const read = Holder.safeParse(holder);
  return read.success ? read.data.t : '';
};

/** The link, or nothing after the reply has said what is wrong with it. */
function validLink(parts: MailLinkParts, token: string, reply: FastifyReply): GoodLink | undefined {
  const read = readMailLink(parts.secret, token, parts.clock.now());
  if (read.state === 'valid') return { ...read.link, token };
  parts.metrics.mailLink(read.state);
  if (read.state === 'forged') {
    const words = 'Perhaps the mail program cut it off. Use the button in the mail, or open the alert.';
    send(reply, 403, page('This link is not whole', html`<p>${words}</p>`));
  } else {
    const until = inZone(read.link.expiresAt, parts.names.zone(read.link.recipient));
    const words = `The links of this mail worked until ${until}. Nothing was changed.`;
    send(reply, 410, page('This link has expired', html`<p>${words}</p>${alertLink(parts, read.link)}`));
  }
  return undefined;
}

const Form = z.record(z.string(), z.string());

async function act(
  parts: MailLinkParts,
  link: GoodLink,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const entered = Form.parse(request.body);
  const by = personOf(parts.names, link, entered.person);
  if (by === undefined) return send(reply, 422, confirmPage(parts, link, 'Say who you are.', entered));
  const read = actionFrom(
    link.type,
    link.alert,
    { by, via: 'email', actionId: orderIdOf(link.token) },
    entered,
  );
  if (!read.ok) {
    return send(reply, 422, confirmPage(parts, link, Object.values(read.problems).join('; '), entered));
  }
  let said: ActionAnswer;
  try {
    said = await parts.handle(read.action);
  } catch (error) {
    parts.metrics.mailLink('failed');
    parts.log.error(
      { alertId: link.alert.alertId, type: link.type, error: describeError(error) },
      'could not take the order of a mail',
    );
    const words = 'Nothing was changed: orders cannot be taken at this moment. Please try again.';
    return send(reply, 503, confirmPage(parts, link, words, entered));
  }
  parts.metrics.mailLink('accepted');
  if (!said.ok) return send(reply, 409, confirmPage(parts, link, said.message, entered));
  return said.repeated === true
    ? send(reply, 409, usedPage(parts, link))
    : send(reply, 200, donePage(parts, link, by));
}

/** The person whose mailbox it is; in the mailbox of a team everybody has to say who they are. */
function personOf(names: Names, { recipient }: MailLink, said: string | undefined): Actor | undefined {
  const id = isPersonal(names, recipient) ? names.personId(recipient) : said?.trim().slice(0, LONGEST_NAME);
  return id === undefined || id === '' ? undefined : { kind: 'person', id };
}

const LONGEST_NAME = 200;
const isPersonal = (names: Names, recipient: string): boolean => names.personId(recipient) !== recipient;

const titleOf = ({ type }: MailLink): string =>
  type === 'acknowledge' ? ACTION_WORDS.acknowledge : FORM_TITLES[type];

/** What would be done, and by whom, with the form that does it. `problem` is what was wrong with it before. */
function confirmPage(
  parts: MailLinkParts,
  link: GoodLink,
  problem?: string,
  entered: Readonly<Record<string, string>> = {},
): Html {
  const { alert, type, recipient, token } = link;
  const fields = type === 'acknowledge' ? [] : formOf(type, alert);
  const who = isPersonal(parts.names, recipient)
    ? html`<p>You act as <b>${parts.names.person(recipient)}</b>.</p>`
    : html`<label>You are <input name="person" value="${entered.person}" required maxlength="${LONGEST_NAME}" autocomplete="username"></label>`;
  return page(
    `${titleOf(link)}: ${alert.label}`,
    html`${problem !== undefined && html`<p class="problem" role="alert">${problem}</p>`}
<form method="post" action="${MAIL_LINK_PATH}"><input type="hidden" name="t" value="${token}">
${fields.map((field) => renderField(field, entered[field.name]))}${who}
<button>${ACTION_WORDS[type]}</button></form>${alertLink(parts, link)}`,
  );
}

const donePage = (parts: MailLinkParts, link: GoodLink, by: Actor): Html =>
  page(
    `${ACTION_DONE[link.type]} ${link.alert.label}`,
    html`<p role="status">Done, by ${parts.names.person(by.id)}.</p>${alertLink(parts, link)}`,
  );

const usedPage = (parts: MailLinkParts, link: GoodLink): Html =>
  page(
    `${ACTION_DONE[link.type]} ${link.alert.label} already`,
    html`<p role="status">That was done before, and each link works once: nothing was changed now.</p>${alertLink(parts, link)}`,
  );

const alertLink = ({ publicUrl }: MailLinkParts, { alert }: MailLink): Html =>
  html`<p><a href="${alertUrl(publicUrl, alert)}">Open the alert ${alert.label}</a></p>`;

const page = (title: string, words: Html): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Tocsin</title>
<style>${raw(CSS)}</style>
</head>
<body><main><h1>${title}</h1>${words}</main></body>
</html>`;

const CSS = `:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;margin:0;background:Canvas;color:CanvasText}
main{max-width:34rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}
label{display:block;margin:0 0 1rem}
input,select,textarea{display:block;box-sizing:border-box;width:100%;font:inherit;padding:.5rem}
button{font:inherit;font-weight:600;padding:.6rem 1.4rem}
.problem{border-left:4px solid;padding-left:.75rem}`;

const send = (reply: FastifyReply, status: number, body: Html): FastifyReply =>
  reply.code(status).type('text/html; charset=utf-8').send(body.text);
