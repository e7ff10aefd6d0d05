import { z } from 'zod';
import { NO_OWN_VOICES, type OwnVoices, ownVoices } from './domain/ignore.ts';
import type { Access } from './ports.ts';

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

/** Long enough that nobody guesses it: 16 characters of a random key hold 64 bits and more. */
const MIN_KEY = 16;
const keys = list
  .refine(
    (all) => all.every((key) => key.length >= MIN_KEY),
    `expected keys of at least ${MIN_KEY} characters`,
  )
  .default([]);

/** Settings of ingestion. Each `X` may also come from a file named by `X_FILE`. Lists are separated by commas. */
export const ingestionSettings = z.object({
  /** Keys that producers present as `Authorization: Bearer …`. No key and no secret: everybody may post. */
  TOCSIN_INGEST_KEYS: keys,
  /** Keys of operators: they may post, and separate identities. */
  TOCSIN_OPS_KEYS: keys,
  /** Secrets for signed requests (`X-Tocsin-Signature`); several while one replaces another. */
  TOCSIN_SIGNING_SECRET: keys,
  /** The company's own accounts, `network:handle`: what they post is ignored. */
  TOCSIN_OWN_HANDLES: list
    .refine(
      (all) => ownVoices(all, []).unknown.length === 0,
      'expected network:handle, for example twitter:acme',
    )
    .default([]),
  /** The company's own mail, addresses or `@domain`: what they send is ignored. */
  TOCSIN_OWN_EMAILS: list
    .refine((all) => ownVoices([], all).unknown.length === 0, 'expected addresses or @domains')
    .default([]),
});
export type IngestionConfig = z.output<typeof ingestionSettings>;

export const accessOf = (config: IngestionConfig): Access => ({
  ingestKeys: config.TOCSIN_INGEST_KEYS,
  opsKeys: config.TOCSIN_OPS_KEYS,
  signingSecrets: config.TOCSIN_SIGNING_SECRET,
});

export const ownVoicesOf = (config: IngestionConfig): OwnVoices =>
  config.TOCSIN_OWN_HANDLES.length + config.TOCSIN_OWN_EMAILS.length === 0
    ? NO_OWN_VOICES
    : ownVoices(config.TOCSIN_OWN_HANDLES, config.TOCSIN_OWN_EMAILS);
