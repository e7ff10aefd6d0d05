import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { SASLOptions } from 'kafkajs';
import { z } from 'zod';
import { commaList } from '../config/env.ts';
import { LOG_LEVELS } from '../logging/logger.ts';
import { FAILPOINT_FORMS, parseFailpoint } from '../process/crash-point.ts';
import { tracingSettings } from '../tracing/settings.ts';

const number = (from: number, to: number) =>
  z.coerce
    .number('expected a number')
    .int()
    .min(from, `expected at least ${from}`)
    .max(to, `expected at most ${to}`);
const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

/** Where the servers are. Keys are environment variables; each `X` can be given as `X_FILE`, too. */
export const serverSettings = z.object({
  /** `host:port`, separated by commas. */
  TOCSIN_KAFKA_BROKERS: commaList.refine(
    (brokers) => brokers.length > 0,
    'expected host:port, separated by commas',
  ),
  /** `true` encrypts; the brokers' certificates are checked. */
  TOCSIN_KAFKA_TLS: z.enum(['true', 'false'], 'expected true or false').default('false'),
  /** PEM file of the authority that signed the brokers' certificates, where the system does not know it. */
  TOCSIN_KAFKA_CA: z.string().optional(),
  /** PEM files of the certificate and the key that prove to the brokers who we are, where they want that. */
  TOCSIN_KAFKA_CLIENT_CERT: z.string().optional(),
  TOCSIN_KAFKA_CLIENT_KEY: z.string().optional(),
  TOCSIN_KAFKA_SASL: z.enum(SASL_MECHANISMS, `expected one of ${SASL_MECHANISMS.join(', ')}`).optional(),
  TOCSIN_KAFKA_USERNAME: z.string().optional(),
  TOCSIN_KAFKA_PASSWORD: z.string().optional(),
  /** Begins the names of all topics, groups and subjects, for example `retention.`. */
  TOCSIN_TOPIC_PREFIX: z
    .string()
    .regex(/^[a-zA-Z0-9._-]{0,50}$/, 'expected letters, digits, dots, underscores and dashes')
    .default(''),
  /** Partitions of every topic: the most instances that a service can have. Not to be changed later. */
  TOCSIN_PARTITIONS: number(1, 1_000).default(6),
  /** Root of the Confluent-compatible API, for example `http://registry:8081`. */
  TOCSIN_REGISTRY_URL: z.url('expected a URL'),
  TOCSIN_REGISTRY_USERNAME: z.string().optional(),
  TOCSIN_REGISTRY_PASSWORD: z.string().optional(),
  /** `postgres://user@host:port/database?sslmode=verify-full` */
  TOCSIN_DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'expected postgres://user@host:port/database'),
  TOCSIN_DATABASE_PASSWORD: z.string().optional(),
});
export type ServerSettings = z.output<typeof serverSettings>;

/** What every service process reads. */
export const serviceSettings = serverSettings.extend({
  ...tracingSettings.shape,
  TOCSIN_DATABASE_CONNECTIONS: number(2, 200).default(10),
  /** Folder of rules, lexicon, risk model, calendars and teams. Default: the ones that come with Tocsin. */
  TOCSIN_RULES_DIR: z.string().optional(),
  /** Address and port of metrics, health and what the service itself serves. */
  TOCSIN_HOST: z.string().default('127.0.0.1'),
  TOCSIN_PORT: number(0, 65_535).default(8080),
  TOCSIN_LOG_LEVEL: z.enum(LOG_LEVELS, `expected one of ${LOG_LEVELS.join(', ')}`).default('info'),
  /** After so long without a word an instance loses its partitions. */
  TOCSIN_KAFKA_SESSION_MS: number(3_000, 300_000).default(30_000),
  /**
   * Replays: the service reads its topics again from this instant on (RFC 3339), into a database of its own, and puts
   * nothing out. See `replay.ts`.
   */
  TOCSIN_REPLAY_FROM: z.iso
    .datetime({ offset: true, error: 'expected an instant, for example 2026-03-01T00:00:00Z' })
    .transform((text) => Date.parse(text))
    .optional(),
  /** Days for which ids of published records, settled dead letters and the monthly tables of read models are kept. */
  TOCSIN_RETENTION_DAYS: number(30, 10_000).default(400),
  /** Days without a signal after which what is remembered of a customer is forgotten. Default: never. See `infra/privacy.md`. */
  TOCSIN_QUIET_CUSTOMER_DAYS: number(90, 10_000).optional(),
  /** For fault tests: where this process shall die. See `platform/process/crash-point.ts`. */
  TOCSIN_FAILPOINT: z
    .string()
    .refine((text) => parseFailpoint(text) !== undefined, `expected ${FAILPOINT_FORMS}`)
    .optional(),
});
export type ServiceSettings = z.output<typeof serviceSettings>;

/** What readable settings do not say together, as a line each; nothing when they can be used. */
export function contradictions(settings: Partial<ServerSettings>): readonly string[] {
  const given = (name: keyof ServerSettings): boolean => settings[name] !== undefined;
  const needs = (name: keyof ServerSettings, needed: keyof ServerSettings): readonly string[] =>
    given(name) && !given(needed) ? [`${needed}: is not set, and ${name} needs it`] : [];
  const without = (name: keyof ServerSettings, used: keyof ServerSettings): readonly string[] =>
    given(name) && !given(used) ? [`${used}: is not set, and ${name} has no effect without it`] : [];
  const unencrypted = PEM_FILES.filter(([name]) => given(name) && settings.TOCSIN_KAFKA_TLS !== 'true').map(
    ([name]) => `TOCSIN_KAFKA_TLS: is not true, and ${name} has no effect without it`,
  );
  return [
    ...unencrypted,
    ...PEM_FILES.flatMap(([name, holds]) => unreadable(name, settings[name], holds)),
    ...needs('TOCSIN_KAFKA_CLIENT_CERT', 'TOCSIN_KAFKA_CLIENT_KEY'),
    ...needs('TOCSIN_KAFKA_CLIENT_KEY', 'TOCSIN_KAFKA_CLIENT_CERT'),
    ...needs('TOCSIN_KAFKA_SASL', 'TOCSIN_KAFKA_USERNAME'),
    ...needs('TOCSIN_KAFKA_SASL', 'TOCSIN_KAFKA_PASSWORD'),
    ...without('TOCSIN_KAFKA_PASSWORD', 'TOCSIN_KAFKA_SASL'),
    ...needs('TOCSIN_REGISTRY_USERNAME', 'TOCSIN_REGISTRY_PASSWORD'),
    ...without('TOCSIN_REGISTRY_PASSWORD', 'TOCSIN_REGISTRY_USERNAME'),
  ];
}

/** Files in PEM form, with what stands in each. */
const PEM_FILES = [
  ['TOCSIN_KAFKA_CA', 'certificate'],
  ['TOCSIN_KAFKA_CLIENT_CERT', 'certificate'],
  ['TOCSIN_KAFKA_CLIENT_KEY', 'private key'],
] as const;

function unreadable(name: string, path: string | undefined, holds: string): readonly string[] {
  if (path === undefined) return [];
  try {
    const found = new RegExp(`BEGIN [A-Z ]*${holds.toUpperCase()}-`).test(readFileSync(path, 'utf8'));
    return found ? [] : [`${name}: ${path} holds no ${holds} in PEM form`];
  } catch (error) {
    return [`${name}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`];
  }
}

export function tlsOf(settings: ServerSettings): ConnectionOptions | undefined {
  if (settings.TOCSIN_KAFKA_TLS === 'false') return undefined;
  const pem = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : readFileSync(path, 'utf8');
  const ca = pem(settings.TOCSIN_KAFKA_CA);
  const cert = pem(settings.TOCSIN_KAFKA_CLIENT_CERT);
  const key = pem(settings.TOCSIN_KAFKA_CLIENT_KEY);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

export function saslOf(settings: ServerSettings): SASLOptions | undefined {
  const { TOCSIN_KAFKA_SASL: mechanism } = settings;
  if (mechanism === undefined) return undefined;
  return {
    mechanism,
    username: settings.TOCSIN_KAFKA_USERNAME ?? '',
    password: settings.TOCSIN_KAFKA_PASSWORD ?? '',
  };
}
