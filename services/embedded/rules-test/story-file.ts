import { z } from 'zod';
import type { Place } from '../../action-management/domain/language/ast.ts';
import { readElapsed } from '../../action-management/domain/language/duration.ts';
import { EVENT_FIELDS, type Field, PROFILE_FIELDS } from '../../action-management/domain/language/fields.ts';
import { findYamlTraps } from '../../action-management/domain/language/yaml-traps.ts';
import { REFUSALS } from '../../contracts/alert.ts';
import { HELD_REASONS, SEVERITIES } from '../../contracts/alert-request.ts';
import type { Profile } from '../../contracts/assessment.ts';
import { SIGNAL_TYPES, type SignalType } from '../../contracts/signal.ts';
import { type Locate, type Problem, parseYamlFile } from '../../platform/config/yaml-file.ts';

/*
 * `*.test.yaml`: stories about customers, and what is to come of them. Times are distances from the start of the
 * story (`2h30m`, `-7d`) or instants (RFC 3339). Keys that are not known are mistakes, never ignored.
 */

const time = z.string().describe('A distance from the start such as 2h30m or -7d, or an instant.');
const instant = z.iso.datetime({
  offset: true,
  error: 'expected an instant such as "2026-03-27T18:00:00+01:00"',
});

/** What people do to the customer's open alerts, told beside the signals. */
const ORDERS = ['alert.acked', 'alert.closed'] as const;
const HAPPENINGS = [...SIGNAL_TYPES, 'call_note.scored', ...ORDERS] as const;

const profile = z.strictObject(fieldsOf(PROFILE_FIELDS, []));

const happening = z.strictObject({
  ...fieldsOf(EVENT_FIELDS, [
    'type',
    'customer_id',
    'occurred_at',
    'received_at',
    'sentiment_label',
    'risk_change',
  ]),
  at: time.optional(),
  id: z.string().min(1).optional(),
  type: z.enum(HAPPENINGS),
  customer_id: z.string().min(1).optional(),
  event_time: time.optional(),
  redelivered: z.boolean().optional(),
  generate: z
    .strictObject({ count: z.int().min(1).max(10_000), every: z.string(), from: time.default('0m') })
    .optional(),
  rule: z.string().optional(),
  by: z.string().optional(),
  outcome: z.string().optional(),
  root_cause: z.string().optional(),
  refused: z.enum(REFUSALS).optional(),
});

const expectedAlert = z.strictObject({
  rule: z.string().optional(),
  key: z.string().optional(),
  severity: z.enum(SEVERITIES).optional(),
  state: z.enum(['open', 'acknowledged', 'snoozed', 'closed']).optional(),
  evidence: z.int().min(1).optional(),
  assignee: z.string().optional(),
  team: z.string().optional(),
  shadow: z.boolean().optional(),
  contacted: z.boolean().optional(),
  outcome: z.string().optional(),
  ack_by: instant.optional(),
  contact_by: instant.optional(),
  close_by: instant.optional(),
  contact_not_before: instant.optional(),
});
export type ExpectedAlert = z.output<typeof expectedAlert>;

const checkpoint = z.strictObject({
  at: time,
  alerts: z.array(expectedAlert).optional(),
  notified: z
    .array(z.strictObject({ step: z.string(), to: z.string().optional(), rule: z.string().optional() }))
    .optional(),
  notified_steps: z.array(z.string()).optional(),
  suppressed: z.partialRecord(z.enum(HELD_REASONS), z.int().min(0)).optional(),
  unknown: z.array(z.string()).optional(),
});

const story = z.strictObject({
  name: z.string().min(1),
  only: z.string().optional(),
  stage: z.enum(['live', 'shadow']).optional(),
  profiles: z.record(z.string(), profile).default({}),
  events: z.array(happening).min(1),
  expect: z.array(checkpoint).min(1),
});

/** The shape of `*.test.yaml`. */
export const ruleTestSchema = z.strictObject({
  apiVersion: z.literal('tocsin/v1'),
  kind: z.literal('RuleTest'),
  files: z.array(z.string()).min(1).optional(),
  start: instant,
  profiles: z.record(z.string(), profile).default({}),
  tests: z.array(story).min(1),
});
type RuleTestYaml = z.output<typeof ruleTestSchema>;
type HappeningYaml = z.output<typeof happening>;

/** A test file, with all times as instants and every repetition written out. */
export interface RuleTestFile {
  readonly file: string;
  /** As written: rule files, absent the one that is called like the test file; and files of calendars and teams. */
  readonly files?: readonly string[];
  readonly start: number;
  /** Minutes by which the clock of the start is ahead of UTC: in it, instants are shown. */
  readonly offsetMinutes: number;
  readonly stories: readonly Story[];
}

export interface Story {
  readonly name: string;
  readonly at: Place;
  /** Judge by this rule alone. */
  readonly only?: string;
  /** Judge as if every rule were in this stage. */
  readonly stage?: 'live' | 'shadow';
  readonly profiles: Readonly<Record<string, Profile>>;
  /** In the order of `at`. */
  readonly happenings: readonly Happening[];
  /** In the order of `at`. */
  readonly checkpoints: readonly Checkpoint[];
}

interface HappeningBase {
  readonly id: string;
  readonly at: number;
  readonly customerId: string;
}
export type Happening =
  | (HappeningBase & {
      readonly kind: 'signal';
      readonly type: SignalType;
      readonly occurredAt: number;
      /** Fields of the signal and of its assessment, by the names that rules use. */
      readonly fields: Readonly<Record<string, unknown>>;
    })
  | (HappeningBase & {
      readonly kind: 'order';
      readonly order: (typeof ORDERS)[number];
      readonly rule?: string;
      readonly by?: string;
      readonly outcome?: string;
      readonly rootCause?: string;
      /** The refusal that is expected. */
      readonly refused?: string;
    });

export interface Checkpoint extends Omit<z.output<typeof checkpoint>, 'at'> {
  readonly at: number;
  /** As the author wrote it. */
  readonly text: string;
  readonly place: Place;
}

/** Reads one test file: its stories, or everything that is wrong with it. */
export function parseRuleTest(
  file: string,
  text: string,
):
  | { readonly ok: true; readonly value: RuleTestFile }
  | { readonly ok: false; readonly problems: readonly Problem[] } {
  const parsed = parseYamlFile(file, text, ruleTestSchema);
  const traps = findYamlTraps(file, text);
  if (traps.length > 0) return { ok: false, problems: traps };
  if (!parsed.ok) return parsed;
  const reading = new Reading(parsed.value, parsed.at);
  const stories = parsed.value.tests.map((_, index) => reading.story(index));
  if (reading.problems.length > 0) return { ok: false, problems: reading.problems };
  const { files } = parsed.value;
  return {
    ok: true,
    value: {
      file,
      ...(files === undefined ? {} : { files }),
      start: reading.start,
      offsetMinutes: offsetOf(parsed.value.start),
      stories,
    },
  };
}

/** What `tocsin rules explain` is asked about: one signal, what is known of its customer, and what came before it. */
const eventFile = happening
  .omit({
    at: true,
    event_time: true,
    redelivered: true,
    generate: true,
    rule: true,
    by: true,
    outcome: true,
    root_cause: true,
    refused: true,
  })
  .extend({
    type: z.enum([...SIGNAL_TYPES, 'call_note.scored']),
    at: instant.optional(),
    profile: profile.default({}),
    before: z.array(happening).default([]),
  });

export interface EventStory {
  readonly story: Story;
  readonly start: number;
  readonly offsetMinutes: number;
}

/**
 * Reads one signal as a story: YAML or JSON, fields by the names that rules use. It happens `at`, else when the file says, else
 * `now`; what came `before` is told from there, as in a test: `at: -3d`. The story ends `lastsMs` later.
 */
export function parseEventFile(
  file: string,
  text: string,
  { at, now, lastsMs }: { readonly at?: string | undefined; readonly now: string; readonly lastsMs: number },
):
  | { readonly ok: true; readonly value: EventStory }
  | { readonly ok: false; readonly problems: readonly Problem[] } {
  const parsed = parseYamlFile(file, text, eventFile);
  if (!parsed.ok) return parsed;
  const {
    at: said = now,
    profile: known,
    before,
    customer_id: customer = 'customer',
    ...event
  } = parsed.value;
  const events = [...before, { ...event, at: '0m' }].map((one) => ({ customer_id: customer, ...one }));
  const start = at ?? said;
  const until = new Date(Date.parse(start) + lastsMs).toISOString();
  const yaml: RuleTestYaml = {
    apiVersion: 'tocsin/v1',
    kind: 'RuleTest',
    start,
    profiles: { [customer]: known },
    tests: [{ name: file, profiles: {}, events, expect: [{ at: until }] }],
  };
  // `tests/0/events/2/at` of the story is `before/2/at` of the file; the last event is the file itself.
  const locate: Locate = (path, message, where) => {
    const [place, ...rest] = path.slice(3);
    return parsed.at(
      place === before.length || place === undefined ? rest : ['before', place, ...rest],
      message,
      where,
    );
  };
  const reading = new Reading(yaml, locate);
  const told = reading.story(0);
  if (reading.problems.length > 0) return { ok: false, problems: reading.problems };
  return { ok: true, value: { story: told, start: reading.start, offsetMinutes: offsetOf(start) } };
}

/** Turns the checked shape into stories and collects what only the values show to be wrong. */
class Reading {
  readonly problems: Problem[] = [];
  readonly start: number;
  readonly #yaml: RuleTestYaml;
  readonly #at: Locate;

  constructor(yaml: RuleTestYaml, at: Locate) {
    this.#yaml = yaml;
    this.#at = at;
    this.start = Date.parse(yaml.start);
  }

  story(index: number): Story {
    const path = ['tests', index];
    const yaml = this.#yaml.tests[index] as RuleTestYaml['tests'][number]; // the caller walks over these very tests
    const profiles = Object.entries({ ...this.#yaml.profiles, ...yaml.profiles });
    return {
      name: yaml.name,
      at: this.#place(path),
      ...(yaml.only === undefined ? {} : { only: yaml.only }),
      ...(yaml.stage === undefined ? {} : { stage: yaml.stage }),
      profiles: Object.fromEntries(profiles.map(([customer, fields]) => [customer, profileOf(fields)])),
      happenings: inOrder(
        yaml.events.flatMap((event, place) => this.#happenings(event, place, [...path, 'events', place])),
      ),
      checkpoints: inOrder(
        yaml.expect.map((expected, place) => ({
          ...expected,
          at: this.#time(expected.at, [...path, 'expect', place, 'at']),
          text: expected.at,
          place: this.#place([...path, 'expect', place]),
        })),
      ),
    };
  }

  #happenings(event: HappeningYaml, place: number, path: readonly PropertyKey[]): Happening[] {
    const { generate } = event;
    if (generate === undefined) {
      if (event.at === undefined) this.#report(path, 'an event needs "at", or "generate" for many');
      return [
        this.#happening(
          event,
          this.#time(event.at ?? '0m', [...path, 'at']),
          event.id ?? `#${place + 1}`,
          path,
        ),
      ];
    }
    if (event.at !== undefined) this.#report([...path, 'at'], '"generate" has its own "from"; remove "at"');
    const from = this.#time(generate.from, [...path, 'generate', 'from']);
    const every = this.#distance(generate.every, [...path, 'generate', 'every']);
    return Array.from({ length: generate.count }, (_, index) => {
      const n = index + 1;
      const id = event.id === undefined ? `#${place + 1}/${n}` : numbered(event.id, n);
      return this.#happening(allNumbered(event, n), from + index * every, id, path);
    });
  }

  #happening(event: HappeningYaml, at: number, id: string, path: readonly PropertyKey[]): Happening {
    if (event.customer_id === undefined) this.#report(path, 'an event needs "customer_id"');
    const base = { id, at, customerId: event.customer_id ?? '' };
    const { type, rule, by, outcome, root_cause: rootCause, refused } = event;
    if (type === 'alert.acked' || type === 'alert.closed') {
      const more = { rule, by, outcome, rootCause, refused };
      const said = Object.entries(more).filter(([, value]) => value !== undefined);
      return { ...base, kind: 'order', order: type, ...Object.fromEntries(said) };
    }
    const occurredAt =
      event.event_time === undefined ? at : this.#time(event.event_time, [...path, 'event_time']);
    const fields = Object.fromEntries(
      Object.entries(event).filter(([key, value]) => EVENT_FIELDS.has(key) && value !== undefined),
    );
    return { ...base, kind: 'signal', type: signalType(type), occurredAt, fields };
  }

  #time(text: string, path: readonly PropertyKey[]): number {
    if (/^\d{4}-/.test(text)) {
      const at = Date.parse(text);
      if (Number.isNaN(at)) this.#report(path, `got "${text}", expected a time such as 2h30m or an instant`);
      return at;
    }
    const isBefore = text.startsWith('-');
    const distance = this.#distance(isBefore ? text.slice(1) : text, path);
    return this.start + (isBefore ? -distance : distance);
  }

  #distance(text: string, path: readonly PropertyKey[]): number {
    const read = readElapsed(text);
    if (read.ok) return read.value;
    this.#report(path, read.message);
    return 0;
  }

  #report(path: readonly PropertyKey[], message: string): void {
    this.problems.push(this.#at(path, message));
  }

  #place(path: readonly PropertyKey[]): Place {
    const { line, column } = this.#at(path, '');
    return { line, column };
  }
}

/** A note is known when it has been scored; rules speak of its arrival. */
const signalType = (type: Exclude<HappeningYaml['type'], (typeof ORDERS)[number]>): SignalType =>
  type === 'call_note.scored' ? 'call_note.received' : type;

const inOrder = <T extends { readonly at: number }>(items: readonly T[]): readonly T[] =>
  [...items].sort((a, b) => a.at - b.at);

const numbered = (text: string, n: number): string => text.replaceAll('{n}', String(n));

const allNumbered = (event: HappeningYaml, n: number): HappeningYaml =>
  // Only texts change, and each stays a text.
  Object.fromEntries(
    Object.entries(event).map(([key, value]) => [
      key,
      typeof value === 'string' ? numbered(value, n) : value,
    ]),
  ) as HappeningYaml;

/** The schema of fields as the rule language knows them, all optional. */
function fieldsOf(
  fields: ReadonlyMap<string, Field>,
  without: readonly string[],
): Record<string, z.ZodOptional> {
  const taken = [...fields].filter(([name]) => !without.includes(name));
  return Object.fromEntries(taken.map(([name, field]) => [name, schemaOf(field).optional()]));
}

function schemaOf({ type, values, range }: Field): z.ZodType {
  const word = values === undefined ? z.string() : z.enum(values);
  switch (type) {
    case 'number':
      return range === undefined ? z.number() : z.number().min(range[0]).max(range[1]);
    case 'string':
      return word;
    case 'boolean':
      return z.boolean();
    case 'list':
      return z.array(word);
    case 'instant':
      return instant;
  }
}

function profileOf(fields: z.output<typeof profile>): Profile {
  const entries = Object.entries(fields).map(([name, value]) => [
    camelCase(name),
    PROFILE_FIELDS.get(name)?.type === 'instant' ? Date.parse(String(value)) : value,
  ]);
  // Each name is a field of Profile, and the schema above has checked its type.
  return Object.fromEntries(entries) as Profile;
}

/** `complaints_30d` → `complaints30d`: rules write snake case, code and wire camel case. */
export const camelCase = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

function offsetOf(text: string): number {
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(text) ?? [];
  if (sign === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
