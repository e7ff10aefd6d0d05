import type { FastifyInstance, FastifyRequest } from 'fastify';
import { takeForms } from '../../platform/http/forms.ts';
import type { Clock } from '../../platform/time/clock.ts';
import {
  ACTION_DONE,
  actionFrom,
  actionTypeOf,
  type HandleAction,
  readButtonValue,
} from '../domain/slack-action.ts';
import type { SandboxStore } from '../ports.ts';
import { renderSandbox } from './sandbox-html.ts';

export interface SandboxPageParts {
  readonly store: SandboxStore;
  /** What Slack's own clicks reach as well. */
  readonly click: HandleAction;
  readonly clock: Clock;
  /** In whose name the buttons act: there is no login here. */
  readonly person?: string;
  /** The name behind a Slack member id, for people who know no ids. */
  readonly nameOf?: (address: string) => string | undefined;
}

/** Newest messages on the page; older ones are of no use to somebody who tries things out. */
const SHOWN = 200;

/**
 * The sandbox: what would have gone to Slack and to mailboxes, with buttons that work.
 *
 * `GET /sandbox` the page · `GET /sandbox/messages` the same as JSON · `POST /sandbox/click` a button or form.
 */
export async function registerSandbox(app: FastifyInstance, parts: SandboxPageParts): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    takeForms(scope);
    scope.get<{ Querystring: Query }>('/sandbox', async (request, reply) => {
      const { said, channel, form, mail, still } = request.query;
      const page = renderSandbox({
        messages: parts.store.list(SHOWN),
        now: parts.clock.now(),
        person: parts.person ?? DEFAULT_PERSON,
        nameOf: (address) => parts.nameOf?.(address) ?? address,
        ...(typeof said === 'string' ? { said } : {}),
        ...(typeof channel === 'string' ? { channel } : {}),
        ...(typeof form === 'string' ? { form } : {}),
        ...(typeof mail === 'string' ? { mail } : {}),
        still: still !== undefined,
      });
      return reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', PAGE_POLICY)
        .header('cache-control', 'no-store')
        .send(page);
    });
    scope.get('/sandbox/messages', async () => ({ messages: parts.store.list(SHOWN) }));
    scope.post('/sandbox/click', async (request, reply) => {
      if (!fromOwnPage(request)) return reply.code(403).send({ error: 'clicks count only from this page' });
      const entered = asForm(request.body);
      const said = await obey(parts, entered);
      const back = new URLSearchParams({ channel: entered.back ?? '', said });
      return reply.redirect(`/sandbox?${back}`, 303);
    });
  });
}

interface Query {
  readonly said?: unknown;
  readonly channel?: unknown;
  readonly form?: unknown;
  readonly mail?: unknown;
  readonly still?: unknown;
}

const DEFAULT_PERSON = 'you';
/** No script runs on this page, whatever a customer wrote. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** What became of the click, in words for the page. */
async function obey(parts: SandboxPageParts, entered: Readonly<Record<string, string>>): Promise<string> {
  const type = actionTypeOf(entered.action ?? '');
  const value = readButtonValue(entered.value ?? '');
  if (type === undefined || value === undefined) return 'This button is not known.';
  const by = { kind: 'person', id: entered.person?.trim() || (parts.person ?? DEFAULT_PERSON) } as const;
  const actionId = `sandbox:${entered.once ?? ''}:${value.alertId}:${type}`;
  const read = actionFrom(type, value, { by, via: 'slack', actionId }, entered);
  if (!read.ok) return Object.values(read.problems).join('; ');
  const said = await parts.click(read.action);
  return said.ok ? `${ACTION_DONE[type]} ${value.label}.` : said.message;
}

/** Another site must not press these buttons. Browsers tell where a form was sent from; programs say nothing. */
function fromOwnPage({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  if (headers.origin === undefined) return true;
  return URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host;
}

function asForm(body: unknown): Readonly<Record<string, string>> {
  // Our own content type parser made it, of text only.
  return typeof body === 'object' && body !== null ? (body as Record<string, string>) : {};
}
