import { z } from 'zod';
import { syntheticSettings } from '../ingestion/synthetic-check.ts';
import { commaList } from '../platform/config/env.ts';
import { LOG_LEVELS } from '../platform/logging/logger.ts';
import { FAILPOINT_FORMS, parseFailpoint } from '../platform/process/crash-point.ts';

/** Settings of the embedded pipeline itself; channels bring their own. Keys are environment variables. */
export const embeddedSettings = z.object({
  /** Folder of rules, lexicon, risk model, calendars and teams. Default: the ones that come with Tocsin. */
  TOCSIN_RULES_DIR: z.string().optional(),
  /** Address to listen on. Anything but loopback needs TOCSIN_INGEST_KEYS. */
  TOCSIN_HOST: z.string().default('127.0.0.1'),
  TOCSIN_LOG_LEVEL: z.enum(LOG_LEVELS, `expected one of ${LOG_LEVELS.join(', ')}`).default('info'),
  /** Keys that producers present as `Authorization: Bearer …`, separated by commas. None: everybody may post. */
  TOCSIN_INGEST_KEYS: commaList.default([]),
  /** Keys of operators: they may also separate identities. */
  TOCSIN_OPS_KEYS: commaList.default([]),
  /** Secrets with which producers sign their requests, separated by commas. */
  TOCSIN_INGEST_SECRETS: commaList.default([]),
  /** The company's own addresses, or `@domain`, separated by commas: mail from them is ignored. */
  TOCSIN_OWN_EMAILS: commaList.default([]),
  /** The company's own accounts, `network:handle`, separated by commas: what they post is ignored. */
  TOCSIN_OWN_HANDLES: commaList.default([]),
  /** Days for which the log, the ids of published records, and what pages show of the past are kept. */
  TOCSIN_RETENTION_DAYS: z.coerce
    .number('expected a number of days')
    .int()
    .min(30, 'expected at least 30')
    .default(400),
  ...syntheticSettings.shape,
  /** For fault tests: where this process shall die. See `platform/process/crash-point.ts`. */
  TOCSIN_FAILPOINT: z
    .string()
    .refine((text) => parseFailpoint(text) !== undefined, `expected ${FAILPOINT_FORMS}`)
    .optional(),
});
export type EmbeddedSettings = z.output<typeof embeddedSettings>;

/** Variables that other parts read: known, so that they are not taken for misspelt ones. */
export const OTHER_VARIABLES = [
  'TOCSIN_DATA_DIR',
  'TOCSIN_PORT',
  'TOCSIN_SAMPLE_DATA',
  'TOCSIN_API_KEY',
  'TOCSIN_LOOP_CLOSURE_URL',
  'TOCSIN_ACTION_MANAGEMENT_URL',
  'TOCSIN_INGESTION_URL',
] as const;
