import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { CHANNELS } from '../../contracts/sources.ts';
import { DAY, SECOND } from '../../platform/time/clock.ts';
import { ACTION_TYPES, type ActionType, type ButtonValue } from './slack-action.ts';

/** What a link in a mail stands for: one action on one alert by whoever has the mail. */
export interface MailLink {
  readonly type: ActionType;
  readonly alert: ButtonValue;
  /** The address that the mail went to. */
  readonly recipient: string;
  /** Epoch ms, on the full second. */
  readonly expiresAt: number;
}

/** Loops are closed within days, and each later mail about an alert brings links of its own. */
export const LINK_LIVES_MS = 7 * DAY;

/** Where the links of mails lead, below the public URL. */
export const MAIL_LINK_PATH = '/mail/act';

/** The link as text for an address: what it stands for, then HMAC-SHA256 over it, both base64url. */
export function writeMailLink(secret: string, { type, alert, recipient, expiresAt }: MailLink): string {
  const { alertKey, alertId, label, outcomes, answerOn } = alert;
  // An outcome is asked for when a loop is closed, and nowhere else.
  const closing = type === 'close' ? outcomes : [];
  const said = [type, alertKey, alertId, label, closing, answerOn, recipient, Math.floor(expiresAt / SECOND)];
  const body = Buffer.from(JSON.stringify(said)).toString('base64url');
  return `${body}.${signatureOf(secret, body)}`;
}

export type ReadMailLink =
  | { readonly state: 'valid'; readonly link: MailLink }
  | { readonly state: 'expired'; readonly link: MailLink }
  /** Not made with this secret, or cut off on its way. */
  | { readonly state: 'forged' };

/** Nothing of a link is believed, or even parsed, before its signature holds. */
export function readMailLink(secret: string, token: string, now: number): ReadMailLink {
  const [body = '', signature = '', ...more] = token.split('.');
  const [expected, given] = [Buffer.from(signatureOf(secret, body)), Buffer.from(signature)];
  if (more.length > 0 || expected.length !== given.length || !timingSafeEqual(expected, given)) {
    return { state: 'forged' };
  }
  const [type, alertKey, alertId, label, outcomes, answerOn, recipient, expires] = payload.parse(
    JSON.parse(Buffer.from(body, 'base64url').toString('utf8')),
  );
  const alert = { alertKey, alertId, label, outcomes, answerOn };
  const link = { type, alert, recipient, expiresAt: expires * SECOND };
  return { state: now < link.expiresAt ? 'valid' : 'expired', link };
}

const payload = z.tuple([
  z.enum(ACTION_TYPES),
  z.string(),
  z.string(),
  z.string(),
  z.array(z.string()),
  z.enum(CHANNELS),
  z.string(),
  z.int(),
]);

/** The purpose stands before what is signed, so that no signature made for something else fits. */
const signatureOf = (secret: string, body: string): string =>
  createHmac('sha256', secret).update(`tocsin-mail-link-1:${body}`).digest('base64url');

/** Makes an order count once however often its link is used. Says nothing about the link itself. */
export const orderIdOf = (token: string): string => `mail:${token.slice(token.indexOf('.') + 1)}`;
