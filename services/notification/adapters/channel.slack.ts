import {
  type FetchFunction,
  LogLevel,
  type Logger as SlackLogger,
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  WebClient,
} from '@slack/web-api';
import type { DeliveryReason, MessageRef } from '../../contracts/notification.ts';
import { MINUTE, SECOND } from '../../platform/time/clock.ts';
import type { DeliveryOrder, SlackOrder } from '../domain/message.ts';
import type { Channel, DeliveryAnswer, ModalOpener } from '../ports.ts';

export interface SlackChannelOptions {
  readonly token: string;
  /** `https://slack.com/api/`, or a fake for tests. */
  readonly apiUrl: string;
  /** No call takes longer, ms. */
  readonly timeoutMs?: number;
}

/**
 * Slack through its Web API. One attempt for each call: the client's own retries and its pause of all calls
 * after one rate limit are switched off, as the delivery queue does both better.
 */
export function createSlackChannel(options: SlackChannelOptions): Channel & ModalOpener {
  const client = new WebClient(options.token, {
    slackApiUrl: options.apiUrl,
    timeout: options.timeoutMs ?? ANSWER_WITHIN_MS,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    fetch: withReadableRetryAfter,
    logger: QUIET,
  });
  const ids = new Map<string, string>();
  return {
    pacing: 'per_address',
    deliver: (order) => deliver(client, ids, slackOnly(order)),
    find: (order) => find(client, ids, slackOnly(order)),
    open: async (triggerId, view) => {
      // Our view type is the part of Slack's that we write; the SDK's wants mutable arrays.
      await client.apiCall('views.open', { trigger_id: triggerId, view });
    },
  };
}

const ANSWER_WITHIN_MS = 10 * SECOND;
/** When Slack asks for patience without saying how much. */
const UNKNOWN_PATIENCE_SECONDS = 30;
/** A token is mended by people. Until then there is no use in asking often. */
const UNAUTHORIZED_PATIENCE_MS = 5 * MINUTE;
/** Slack's clock and ours, and the wait in its queue, when looking for a message that may have arrived. */
const CLOCK_MARGIN_MS = 5 * MINUTE;
const METADATA_TYPE = 'tocsin_delivery';

function slackOnly(order: DeliveryOrder): SlackOrder {
  if (order.channel === 'slack') return order;
  throw new Error(`delivery ${order.deliveryId} is for ${order.channel}, not for slack`);
}

async function deliver(
  client: WebClient,
  ids: Map<string, string>,
  order: SlackOrder,
): Promise<DeliveryAnswer> {
  try {
    const answer = await call(client, order);
    const channel = text(answer.channel) ?? order.address;
    const ts = text(answer.ts);
    if (ts === undefined)
      return { type: 'failed', reason: 'rejected', retriable: false, detail: 'no ts in the answer' };
    ids.set(order.address, channel);
    return { type: 'accepted', ref: { address: channel, id: ts } };
  } catch (error) {
    return failureOf(error);
  }
}

type SlackAnswer = Readonly<Record<string, unknown>>;

async function call(client: WebClient, order: SlackOrder): Promise<SlackAnswer> {
  const message = {
    text: order.content.text,
    blocks: order.content.blocks,
    metadata: {
      event_type: METADATA_TYPE,
      event_payload: { alert_id: order.alertId, delivery_id: order.deliveryId },
    },
  };
  const quiet = { unfurl_links: false, unfurl_media: false };
  switch (order.form.type) {
    case 'post':
      return {
        ...(await client.apiCall('chat.postMessage', { channel: order.address, ...message, ...quiet })),
      };
    case 'reply':
      // A reminder in a thread that nobody follows reminds nobody, so the channel sees it as well.
      return {
        ...(await client.apiCall('chat.postMessage', {
          channel: order.form.to.address,
          thread_ts: order.form.to.id,
          reply_broadcast: true,
          ...message,
          ...quiet,
        })),
      };
    case 'update':
      return {
        ...(await client.apiCall('chat.update', {
          channel: order.form.ref.address,
          ts: order.form.ref.id,
          text: message.text,
          blocks: message.blocks,
        })),
      };
  }
}

/** Looks through what was said since the delivery was due for our own mark. */
async function find(
  client: WebClient,
  ids: Map<string, string>,
  order: SlackOrder,
): Promise<MessageRef | undefined> {
  const channel =
    order.form.type === 'reply' ? order.form.to.address : await channelId(client, ids, order.address);
  if (channel === undefined) return undefined;
  const since = {
    channel,
    oldest: String((order.dueAt - CLOCK_MARGIN_MS) / SECOND),
    include_all_metadata: true,
    limit: 200,
  };
  const answer =
    order.form.type === 'reply'
      ? await client.apiCall('conversations.replies', { ...since, ts: order.form.to.id })
      : await client.apiCall('conversations.history', since);
  for (const message of list(record(answer).messages)) {
    const payload = record(record(record(message).metadata).event_payload);
    const ts = text(record(message).ts);
    if (payload.delivery_id === order.deliveryId && ts !== undefined) return { address: channel, id: ts };
  }
  return undefined;
}

/** Slack posts to a name, but reads only by id. */
async function channelId(
  client: WebClient,
  ids: Map<string, string>,
  address: string,
): Promise<string | undefined> {
  const known = ids.get(address);
  if (known !== undefined) return known;
  if (/^[UW][A-Z0-9]+$/.test(address)) {
    return text(record(record(await client.apiCall('conversations.open', { users: address })).channel).id);
  }
  if (!address.startsWith('#')) return address;
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = record(
      await client.apiCall('conversations.list', {
        types: 'public_channel,private_channel',
        exclude_archived: true,
        limit: 1000,
        ...(cursor === undefined ? {} : { cursor }),
      }),
    );
    const found = list(answer.channels).find((one) => record(one).name === address.slice(1));
    if (found !== undefined) return text(record(found).id);
    cursor = text(record(answer.response_metadata).next_cursor);
    if (cursor === undefined || cursor === '') return undefined;
  }
  return undefined;
}

/** 20,000 channels; more would cost more calls than looking is worth. */
const MOST_PAGES = 20;

/** What went wrong, in our words. */
function failureOf(error: unknown): DeliveryAnswer {
  if (error instanceof WebAPIRateLimitedError) {
    return {
      type: 'failed',
      reason: 'rate_limited',
      retriable: true,
      retryAfterMs: error.retryAfter * SECOND,
    };
  }
  if (error instanceof WebAPIPlatformError) return platformFailure(error.data.error);
  if (error instanceof WebAPIHTTPError) {
    const detail = `HTTP ${error.statusCode}`;
    return error.statusCode >= 500 || error.statusCode === 408
      ? { type: 'failed', reason: 'unavailable', retriable: true, detail }
      : { type: 'failed', reason: 'rejected', retriable: false, detail };
  }
  if (error instanceof WebAPIRequestError) return connectionFailure(error.original);
  throw error;
}

type Failure = Omit<Extract<DeliveryAnswer, { readonly type: 'failed' }>, 'type' | 'detail'>;

/** Errors of Slack's methods: https://docs.slack.dev/reference/methods/chat.postMessage#errors */
function platformFailure(code: string): DeliveryAnswer {
  const group = PLATFORM_ERRORS.find(({ codes }) => codes.includes(code));
  const failure: Failure = group?.failure ?? { reason: 'rejected', retriable: false };
  return { type: 'failed', ...failure, detail: code };
}

const permanent = (reason: DeliveryReason): Failure => ({ reason, retriable: false });
const PLATFORM_ERRORS: readonly { readonly failure: Failure; readonly codes: readonly string[] }[] = [
  {
    failure: { reason: 'rate_limited', retriable: true, retryAfterMs: UNKNOWN_PATIENCE_SECONDS * SECOND },
    codes: ['ratelimited', 'rate_limited', 'message_limit_exceeded'],
  },
  {
    failure: { reason: 'unavailable', retriable: true },
    codes: ['internal_error', 'service_unavailable', 'request_timeout', 'team_added_to_org', 'accesslimited'],
  },
  // "Some aspect of the operation may have succeeded before the error was raised."
  { failure: { reason: 'unavailable', retriable: true, uncertain: true }, codes: ['fatal_error'] },
  {
    failure: { reason: 'unauthorized', retriable: true, retryAfterMs: UNAUTHORIZED_PATIENCE_MS },
    codes: [
      'invalid_auth',
      'not_authed',
      'account_inactive',
      'token_revoked',
      'token_expired',
      'no_permission',
      'missing_scope',
      'not_allowed_token_type',
      'org_login_required',
      'ekm_access_denied',
      'team_access_not_granted',
    ],
  },
  {
    failure: permanent('target_unknown'),
    codes: [
      'channel_not_found',
      'is_archived',
      'not_in_channel',
      'user_not_found',
      'users_not_found',
      'user_disabled',
      'cannot_dm_bot',
      'channel_type_not_supported',
      'message_not_found',
      'thread_not_found',
    ],
  },
  {
    failure: permanent('content_refused'),
    codes: [
      'invalid_blocks',
      'invalid_blocks_format',
      'msg_too_long',
      'msg_blocks_too_long',
      'no_text',
      'too_many_attachments',
      'invalid_arguments',
      'invalid_metadata_format',
      'invalid_metadata_schema',
      'metadata_too_large',
    ],
  },
];

/** Errors before the request was on the wire: nothing can have arrived. */
const NEVER_SENT = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
];

function connectionFailure(error: Error): DeliveryAnswer {
  const code = codeOf(error);
  if (code !== undefined && NEVER_SENT.includes(code)) {
    return { type: 'failed', reason: 'unavailable', retriable: true, detail: code };
  }
  const reason = error.name === 'TimeoutError' ? 'timeout' : 'connection_lost';
  return { type: 'failed', reason, retriable: true, uncertain: true, detail: code ?? error.name };
}

/** `fetch` wraps what the socket said. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return text(record(error).code) ?? codeOf(error.cause);
}

/** The client gives up on a 429 whose Retry-After it cannot read; it is given one that it can. */
const withReadableRetryAfter: FetchFunction = async (url, init) => {
  const response = await fetch(url, init);
  if (response.status !== 429 || /^\d+$/.test(response.headers.get('retry-after') ?? '')) return response;
  const headers = new Headers(response.headers);
  headers.set('retry-after', String(UNKNOWN_PATIENCE_SECONDS));
  return new Response(response.body, { status: 429, headers });
};

/** The client would log whole messages at its debug level. What matters is in the answers. */
const QUIET: SlackLogger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  setLevel: () => undefined,
  getLevel: () => LogLevel.ERROR,
  setName: () => undefined,
};

const record = (value: unknown): SlackAnswer =>
  // Any object may be read by key; what is found is checked again.
  typeof value === 'object' && value !== null ? (value as SlackAnswer) : {};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
