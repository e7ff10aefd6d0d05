import { SEVERITIES } from '../../contracts/alert-request.ts';

/** A rule with one thing changed. */
export interface Mutant {
  /** Where the change is, in the file as it was written. */
  readonly path: readonly PropertyKey[];
  /** Whether the path's key or its value is what changed. */
  readonly where: 'key' | 'value';
  /** What changed, for a sentence: `complaints_14d: gte 2 becomes gte 3`. */
  readonly change: string;
  /** The changed rule, as plain data. */
  readonly rule: Mapping;
}

export type Mapping = { readonly [key: string]: unknown };
type Path = readonly PropertyKey[];

/**
 * Every change of one literal, operator or branch that a test should notice: conditions, windows, severity, routes, time
 * box, ladder, what keeps the rule quiet, sequences, how long it settles. Texts for people (titles, playbook, templates, who exactly is told)
 * are left alone.
 */
export function mutantsOf(rule: Mapping, teams: readonly string[]): Mutant[] {
  const spec = mapping(rule.spec);
  const make: Make = (path, change, edit, where = 'value') => {
    const copy = structuredClone(rule) as Record<string, unknown>; // plain data without its `readonly`
    edit(at(copy, path.slice(0, -1)) as Editable, path.at(-1) as string); // the path leads through objects and lists
    return { path, where, change, rule: copy };
  };
  return [
    ...inList(spec.listen, ['spec', 'listen'], 'listen', make),
    ...windows(mapping(spec.windows), make),
    ...condition(spec.when, ['spec', 'when'], make),
    ...sequence(list(spec.sequence), make),
    ...settle(spec.settle, make),
    ...severities(list(spec.severity), make),
    ...routes(list(spec.route), teams, make),
    ...timebox(mapping(spec.timebox), make),
    // A rule in shadow tells nobody and nobody closes its alerts, so no test could notice.
    ...(mapping(rule.metadata).stage === 'shadow' ? [] : ladder(list(spec.escalate), make)),
    ...quiet(mapping(spec.suppress), mapping(rule.metadata).stage === 'shadow' ? ['mute_if'] : DROPPED, make),
  ];
}

/** What an edit may touch: a mapping by its keys, or a list by its places. */
type Editable = Record<string, unknown> & unknown[];
type Make = (
  path: Path,
  change: string,
  edit: (parent: Editable, key: string) => void,
  where?: 'key' | 'value',
) => Mutant;

const set =
  (value: unknown) =>
  (parent: Editable, key: string): void => {
    parent[key] = value;
  };
const drop = (parent: Editable, key: string): void => {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
};

function windows(all: Mapping, make: Make): Mutant[] {
  return Object.entries(all).flatMap(([name, value]) => {
    const path = ['spec', 'windows', name];
    const window = mapping(value);
    return [
      ...inList(window.of, [...path, 'of'], `${name} counts`, make),
      ...duration(window.over, [...path, 'over'], `${name} over`, make, [0.5, 2]),
      ...number(window.min_samples, [...path, 'min_samples'], `${name}: min_samples`, make),
      ...(window.where === undefined ? [] : condition(window.where, [...path, 'where'], make)),
      ...number(mapping(window.baseline).floor, [...path, 'baseline', 'floor'], `${name}: floor`, make),
    ];
  });
}

function condition(value: unknown, path: Path, make: Make): Mutant[] {
  const entries = Object.entries(mapping(value));
  return entries.flatMap(([key, part]) => {
    const inner = [...path, key];
    const alone = entries.length > 1 ? [make(inner, `${key} is left out`, drop, 'key')] : [];
    if (key === 'all' || key === 'any') return [...alone, ...branches(key, list(part), path, make)];
    if (key === 'not') {
      const dropped = make(
        inner,
        'not is left out',
        (parent) => replaceKey(parent, 'not', mapping(part)),
        'key',
      );
      return [...alone, dropped, ...condition(part, inner, make)];
    }
    if (key === 'ratio') return [...alone, ...comparisons('ratio', mapping(part), inner, make)];
    return [
      ...alone,
      ...comparisons(key, mapping(part), inner, make),
      ...negated(key, mapping(part), inner, make),
    ];
  });
}

function branches(key: 'all' | 'any', parts: readonly unknown[], path: Path, make: Make): Mutant[] {
  const inner = [...path, key];
  const other = key === 'all' ? 'any' : 'all';
  const several = parts.length > 1;
  return [
    ...(several
      ? [
          make(
            inner,
            `${key} becomes ${other}`,
            (parent) => replaceKey(parent, key, { [other]: parts }),
            'key',
          ),
        ]
      : []),
    ...parts.flatMap((part, index) => [
      ...(several ? [make([...inner, index], `${summary(part)} is left out`, drop)] : []),
      ...condition(part, [...inner, index], make),
    ]),
  ];
}

/** Puts other entries in the place of one key. */
function replaceKey(parent: Editable, key: string, entries: Mapping): void {
  delete parent[key];
  Object.assign(parent, entries);
}

const NEGATED: Readonly<Record<string, string>> = {
  eq: 'ne',
  ne: 'eq',
  gt: 'lte',
  gte: 'lt',
  lt: 'gte',
  lte: 'gt',
  in: 'not_in',
  not_in: 'in',
};

function comparisons(name: string, operators: Mapping, path: Path, make: Make): Mutant[] {
  return Object.entries(operators).flatMap(([operator, literal]) => {
    const inner = [...path, operator];
    const negation = NEGATED[operator];
    const said = `${name}: ${operator}`;
    return [
      ...(negation === undefined
        ? []
        : [
            make(
              inner,
              `${said} becomes ${negation}`,
              (parent) => replaceKey(parent, operator, { [negation]: literal }),
              'key',
            ),
          ]),
      ...(typeof literal === 'boolean'
        ? [make(inner, `${said} ${literal} becomes ${!literal}`, set(!literal))]
        : []),
      ...number(literal, inner, said, make),
      ...inList(literal, inner, said, make),
    ];
  });
}

/** Operators that have no opposite of their own are put under a `not`. */
function negated(name: string, operators: Mapping, path: Path, make: Make): Mutant[] {
  const without = Object.keys(operators).filter(
    (operator) => NEGATED[operator] === undefined && operator !== 'exists',
  );
  if (without.length === 0) return [];
  const edit = (parent: Editable, key: string): void =>
    replaceKey(parent, key, { not: { [name]: operators } });
  return [make(path, `${name}: ${without.join(', ')} is put under not`, edit, 'key')];
}

/** A step up and a step down: one for whole numbers, a tenth for others, a fifth for large ones. */
function number(value: unknown, path: Path, said: string, make: Make): Mutant[] {
  if (typeof value !== 'number') return [];
  const size = Math.abs(value);
  const step = Number.isInteger(value) ? Math.max(1, Math.round(size / 5)) : size < 0.1 ? size : 0.1;
  return [value + step, value - step].map((other) => {
    const changed = Number(other.toFixed(6));
    return make(path, `${said} ${value} becomes ${changed}`, set(changed));
  });
}

function inList(value: unknown, path: Path, said: string, make: Make): Mutant[] {
  if (!Array.isArray(value) || value.length < 2) return [];
  return value.map((item, index) => make([...path, index], `${said} ${String(item)} is left out`, drop));
}

function duration(
  value: unknown,
  path: Path,
  said: string,
  make: Make,
  factors: readonly number[] = [2],
): Mutant[] {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(\D.*)$/.exec(String(value)) ?? [];
  if (amount === undefined) return [];
  return factors.map((factor) => {
    const changed = `${Number(amount) * factor}${unit}`;
    return make(path, `${said} ${String(value)} becomes ${changed}`, set(changed));
  });
}

const SEVERITY_NAMES: readonly string[] = SEVERITIES;

function severities(entries: readonly unknown[], make: Make): Mutant[] {
  return entries.flatMap((entry, index) => {
    const path = ['spec', 'severity', index];
    const { set: severity, if: when } = mapping(entry);
    const place = SEVERITY_NAMES.indexOf(String(severity));
    const other = SEVERITIES[place + 1] ?? SEVERITIES[place - 1];
    return [
      make([...path, 'set'], `severity ${String(severity)} becomes ${other}`, set(other)),
      ...(when === undefined ? [] : [make(path, `the severity ${String(severity)} is left out`, drop)]),
      ...(when === undefined ? [] : condition(when, [...path, 'if'], make)),
    ];
  });
}

function routes(entries: readonly unknown[], teams: readonly string[], make: Make): Mutant[] {
  return entries.flatMap((entry, index) => {
    const path = ['spec', 'route', index];
    const { to, if: when, fallback } = mapping(entry);
    const taken = teams.map((team) => `team/${team}`).find((team) => team !== to && team !== fallback);
    return [
      ...(taken === undefined
        ? []
        : [make([...path, 'to'], `to ${String(to)} becomes ${taken}`, set(taken))]),
      ...(when === undefined ? [] : [make(path, `the route to ${String(to)} is left out`, drop)]),
      ...(when === undefined ? [] : condition(when, [...path, 'if'], make)),
    ];
  });
}

const timebox = (box: Mapping, make: Make): Mutant[] =>
  ['ack_by', 'contact_by', 'close_by'].flatMap((name) =>
    duration(box[name], ['spec', 'timebox', name], name, make),
  );

function ladder(steps: readonly unknown[], make: Make): Mutant[] {
  return steps.flatMap((step, index) => {
    const path = ['spec', 'escalate', index];
    const { at: moment, unless, repeat } = mapping(step);
    return [
      ...(steps.length > 1 ? [make(path, `the step at ${String(moment)} is left out`, drop)] : []),
      ...(unless === undefined || isNeedless(String(moment), unless)
        ? []
        : [
            make(
              [...path, 'unless'],
              `at ${String(moment)}: unless ${String(unless)} is left out`,
              drop,
              'key',
            ),
          ]),
      ...(repeat === undefined
        ? []
        : [make([...path, 'repeat'], `at ${String(moment)}: repeat is left out`, drop, 'key')]),
    ];
  });
}

/** A milestone that is met has no steps any more, and a closed alert has none at all; no test could notice. */
const isNeedless = (moment: string, unless: unknown): boolean =>
  unless === 'closed' ||
  (unless === 'acked' && moment.startsWith('ack_by')) ||
  (unless === 'contacted' && moment.startsWith('contact_by'));

const DROPPED = ['mute_if', 'cooldown', 'reopen_within', 'inhibited_by', 'contact_fatigue', 'storm'];

function quiet(suppress: Mapping, dropped: readonly string[], make: Make): Mutant[] {
  const path = ['spec', 'suppress'];
  const { mute_if: mute, merge_open: merge } = suppress;
  return [
    ...dropped
      .filter((key) => suppress[key] !== undefined)
      .map((key) => make([...path, key], `${key} is left out`, drop, 'key')),
    ...(mute === undefined ? [] : condition(mute, [...path, 'mute_if'], make)),
    ...(typeof merge === 'boolean'
      ? [make([...path, 'merge_open'], `merge_open ${merge} becomes ${!merge}`, set(!merge))]
      : []),
    ...number(
      mapping(suppress.contact_fatigue).max,
      [...path, 'contact_fatigue', 'max'],
      'contact_fatigue: max',
      make,
    ),
    ...number(mapping(suppress.storm).max_new, [...path, 'storm', 'max_new'], 'storm: max_new', make),
  ];
}

function sequence(steps: readonly unknown[], make: Make): Mutant[] {
  return steps.flatMap((step, index) => {
    const path = ['spec', 'sequence', index];
    const { where, for: time, within } = mapping(step);
    return [
      ...Object.keys(mapping(where)).map((key) =>
        make([...path, 'where', key], `where ${key} is left out`, drop, 'key'),
      ),
      ...duration(time, [...path, 'for'], 'absent for', make),
      ...duration(within, [...path, 'within'], 'within', make),
    ];
  });
}

/** `0s` says what leaving it out means. */
const settle = (time: unknown, make: Make): Mutant[] =>
  time === undefined || /^0\D*$/.test(String(time))
    ? []
    : [
        make(['spec', 'settle'], 'settle is left out', drop, 'key'),
        ...duration(time, ['spec', 'settle'], 'settle', make),
      ];

const at = (value: unknown, path: Path): unknown =>
  // Every step was taken from the data itself.
  path.reduce((inner, key) => (inner as Record<PropertyKey, unknown>)[key], value);

const mapping = (value: unknown): Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Mapping) : {};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A condition in a few words: its first name. */
const summary = (part: unknown): string =>
  `the part ${Object.keys(mapping(part)).join(', ') || String(part)}`;
