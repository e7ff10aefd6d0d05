import { createHmac } from 'node:crypto';
import { sameSecret } from '../../platform/http/bearer-key.ts';
import type { Access } from '../ports.ts';

export const isOpen = (access: Access): boolean =>
  access.ingestKeys.length + access.opsKeys.length + access.signingSecrets.length === 0;

/** An older signature is refused, so that a recorded request cannot be played again later. */
const SIGNATURE_LIFE_SECONDS = 300;

/** Why a signature is not good; undefined when it is. `now` is epoch ms. */
export function signatureFault(
  header: string,
  body: Buffer,
  secrets: readonly string[],
  now: number,
): string | undefined {
  const parts = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header);
  if (parts === null) return 'X-Tocsin-Signature must be "t=<unix seconds>,v1=<64 hex digits>"';
  const [, time = '', signature = ''] = parts;
  if (Math.abs(now / 1000 - Number(time)) > SIGNATURE_LIFE_SECONDS) {
    return `the signature's time is more than ${SIGNATURE_LIFE_SECONDS} seconds away from ours`;
  }
  let good = false;
  for (const secret of secrets) good = sameSecret(sign(secret, time, body), signature) || good;
  return good ? undefined : 'the signature does not fit the body';
}

/** The `v1` part for a body: what a sender computes. */
export const sign = (secret: string, unixSeconds: string, body: Buffer | string): string =>
  createHmac('sha256', secret).update(`${unixSeconds}.`).update(body).digest('hex');
