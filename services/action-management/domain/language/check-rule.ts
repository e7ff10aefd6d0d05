import { OUTCOMES } from '../../../contracts/alert.ts';
import {
  type AlertPlan,
  type Deadline,
  MILESTONES,
  type Severity,
} from '../../../contracts/alert-request.ts';
import { didYouMean } from '../../../platform/config/yaml-file.ts';
import type { Condition, Defaults, Fatigue, Route, Rule, Storm, Window } from './ast.ts';
import type { Check, Path } from './check.ts';
import { readCondition, ruleScope, type Scope, segmentScope, sequenceScope } from './check-condition.ts';
import { readEscalation } from './check-escalation.ts';
import { readSegmentKey, segmentWindows } from './check-segment.ts';
import { readSequence, stepNames } from './check-sequence.ts';
import { readSettle } from './check-settle.ts';
import { readOver, readWindows } from './check-windows.ts';
import { ALWAYS, readElapsed, readTimeBox } from './duration.ts';
import { PROFILE_FIELDS } from './fields.ts';
import type { RuleFile, SpecFile } from './rule-file.ts';
import { BUILT_IN_PLACEHOLDERS, readTemplate, type Template } from './template.ts';

/**
 * Checks every name and literal of a well-formed rule file and turns it into the rule that is compiled.
 * Reports all problems it finds; the rule is complete only when there were none.
 */
export function checkRule(file: string, rule: RuleFile, defaults: Defaults, check: Check): Rule | undefined {
  const { metadata, spec } = rule;
  checkMetadata(file, metadata, check);
  const key = readKey(spec, check);
  const good = readWindows(spec.windows, ['spec', 'windows'], check);
  const windows = spec.scope === 'segment' ? segmentWindows(good, ['spec', 'windows'], check) : good;
  const sequence = spec.sequence && readSequence(spec, ['spec', 'sequence'], check);
  const names = namesOf(spec, windows, check);
  const when = names.condition(spec.when, ['spec', 'when']);
  const severity = readSeverity(spec, defaults.severity, names, check);
  const route = readRoutes(spec, names, check);
  const muteIf =
    spec.suppress.mute_if && names.condition(spec.suppress.mute_if, ['spec', 'suppress', 'mute_if']);
  const dedupeKey = readDedupeKey(spec, names, check);
  const playbook = spec.playbook.map((line, index) => names.template(line, ['spec', 'playbook', index]));
  const plan = readPlan(spec, check);
  if (when === undefined) return undefined;
  const { id, title, owner, stage, runbook } = metadata;
  const checked = {
    id,
    title,
    owner,
    stage,
    ...(runbook === undefined ? {} : { runbook }),
    file,
    listen: [...new Set(spec.listen)],
    scope: spec.scope,
    key,
    canaryPercent: metadata.canary_percent ?? USUAL_CANARY_PERCENT,
    windows,
    ...(sequence === undefined ? {} : { sequence }),
    when,
    severity,
    route,
    dedupeKey,
    ...(muteIf === undefined ? {} : { muteIf }),
    inhibitedBy: readInhibition(spec, check),
    at: { inhibitedBy: check.place(['spec', 'suppress', 'inhibited_by']) },
    ...readFatigue(spec, check),
    ...readStorm(spec, defaults, check),
    onCustomerClock: spec.timebox.timezone === 'customer',
    playbook,
    plan,
  };
  return { ...checked, settleMs: readSettle(spec, checked, defaults, check) };
}

/** One customer in ten is enough to see, and few enough to apologise to. */
const USUAL_CANARY_PERCENT = 10;

function checkMetadata(
  file: string,
  { id, owner, stage, canary_percent: share }: RuleFile['metadata'],
  check: Check,
): void {
  const expected = file
    .split('/')
    .pop()
    ?.replace(/\.rule\.yaml$/, '');
  if (expected !== undefined && expected !== id && file.endsWith('.rule.yaml')) {
    check.report(
      ['metadata', 'id'],
      `got "${id}", but the file is called ${expected}.rule.yaml; both must be the same`,
    );
  }
  checkOwner(owner, ['metadata', 'owner'], check);
  if (share !== undefined && stage !== 'canary') {
    check.report(['metadata', 'canary_percent'], `has no meaning in the stage ${stage}; remove it`);
  }
}

function readKey(spec: SpecFile, check: Check): Rule['key'] {
  if (spec.scope === 'segment') return readSegmentKey(spec, check);
  for (const [index, key] of spec.key.entries()) {
    if (key === 'customer_id') continue;
    check.report(
      ['spec', 'key', index],
      `got "${key}"; the key of a customer rule is [customer_id]${didYouMean(key, ['customer_id'])}`,
    );
  }
  return [];
}

/** Reads conditions and texts of one rule, all with the same names to choose from. */
interface RuleNames {
  readonly condition: (value: unknown, path: Path) => Condition | undefined;
  readonly template: (text: string, path: Path) => Template;
}

function namesOf(spec: SpecFile, good: readonly Window[], check: Check): RuleNames {
  const bad = Object.keys(spec.windows).filter((name) => good.every((window) => window.name !== name));
  const scope: Scope = { ...scopeOf(spec, good), refused: (name) => bad.includes(name) };
  const placeholders = [...BUILT_IN_PLACEHOLDERS, ...scope.allowed];
  return {
    condition: (value, path) => readCondition(value, path, scope, check),
    template: (text, path) =>
      readTemplate(text, scope.find, (name) => {
        if (bad.includes(name)) return;
        check.report(path, `unknown placeholder "{${name}}"${didYouMean(name, placeholders)}`);
      }),
  };
}

function scopeOf(spec: SpecFile, windows: readonly Window[]): Scope {
  if (spec.scope === 'segment') return segmentScope(windows, spec.key);
  return spec.sequence === undefined ? ruleScope(windows) : sequenceScope(windows, stepNames(spec.sequence));
}

function readSeverity(spec: SpecFile, usual: Severity, names: RuleNames, check: Check): Rule['severity'] {
  const list = spec.severity ?? [{ set: usual }];
  const path = ['spec', 'severity'];
  checkLastIsForAll(list, path, 'severity', check);
  return list.map((entry, index) => {
    const condition = entry.if && names.condition(entry.if, [...path, index, 'if']);
    return { set: entry.set, ...(condition === undefined ? {} : { if: condition }) };
  });
}

/** Of a list of which the first fitting entry is taken, exactly the last one must fit always. */
function checkLastIsForAll(
  list: readonly { readonly if?: unknown }[],
  path: Path,
  what: string,
  check: Check,
): void {
  const catchAll = list.findIndex((entry) => entry.if === undefined);
  if (catchAll === -1) {
    check.report([...path, list.length - 1], `no ${what} when no "if" holds; add a last entry without "if"`);
  } else if (catchAll < list.length - 1) {
    check.report(
      [...path, catchAll + 1],
      `never reached: the entry before it has no "if" and takes everything`,
    );
  }
}

function readRoutes(spec: SpecFile, names: RuleNames, check: Check): Route[] {
  const path = ['spec', 'route'];
  checkLastIsForAll(spec.route, path, 'owner', check);
  return spec.route.map((route, index) => {
    const condition = route.if && names.condition(route.if, [...path, index, 'if']);
    const to = readRouteTarget(route.to, [...path, index, 'to'], check);
    if (route.fallback !== undefined) checkOwner(route.fallback, [...path, index, 'fallback'], check);
    if (typeof to !== 'string' && route.fallback === undefined) {
      check.report(
        [...path, index],
        'an owner from the profile may be unknown or away; add fallback: team/…',
      );
    }
    return {
      ...(condition === undefined ? {} : { if: condition }),
      to,
      ...(route.fallback === undefined ? {} : { fallback: route.fallback }),
    };
  });
}

function readRouteTarget(to: string, path: Path, check: Check): Route['to'] {
  const [, name] = /^owner:\{profile\.([^}]*)\}$/.exec(to) ?? [];
  if (name === undefined) {
    checkOwner(to, path, check);
    return to;
  }
  const texts = [...PROFILE_FIELDS].filter(([, field]) => field.type === 'string').map(([field]) => field);
  const field = PROFILE_FIELDS.get(name);
  if (field?.type === 'string') return { ownerFrom: name, field };
  check.report(path, `"profile.${name}" cannot name a person${didYouMean(name, texts)}`);
  return to;
}

/** `team/<id>` of a known team, or `person/<id>`. */
function checkOwner(owner: string, path: Path, check: Check): void {
  const [kind = '', ...rest] = owner.split('/');
  const id = rest.join('/');
  const { people } = check.names;
  if (kind === 'person' && id !== '') {
    const known = people === undefined || people.includes(id);
    if (!known) check.report(path, `unknown person "${id}"${didYouMean(id, people)}`);
    return;
  }
  if (kind !== 'team' || id === '') {
    check.report(
      path,
      `got "${owner}", expected team/<team>, person/<name> or "owner:{profile.account_manager}"`,
    );
  } else if (!check.names.teams.includes(id)) {
    check.report(path, `unknown team "${id}"${didYouMean(id, check.names.teams)}`);
  }
}

/** One open alert per rule and customer, unless the rule says otherwise. */
const USUAL_DEDUPE_KEY = '{rule.id}:{customer_id}';

function readDedupeKey(spec: SpecFile, names: RuleNames, check: Check): Template {
  const path = ['spec', 'suppress', 'dedupe_key'];
  const isSegment = spec.scope === 'segment';
  const usual = isSegment ? `{rule.id}:${spec.key.map((field) => `{${field}}`).join(':')}` : USUAL_DEDUPE_KEY;
  const key = names.template(spec.suppress.dedupe_key ?? usual, path);
  const used = key.parts.flatMap((part) => (typeof part === 'string' ? [] : [part.name]));
  if (!used.includes('rule.id')) {
    check.report(
      path,
      'without {rule.id} the alerts of other rules would join this one; start with "{rule.id}:"',
    );
  }
  if (isSegment) {
    const missing = spec.key.filter((field) => !used.includes(field) && !used.includes(`event.${field}`));
    for (const field of missing)
      check.report(path, `without {${field}} alerts of different segments would become one; add it`);
    if (used.includes('customer_id') && !spec.key.includes('customer_id')) {
      check.report(
        path,
        '{customer_id} would make an alert for each customer; a segment rule has one for all',
      );
    }
    return key;
  }
  const isOne = (name: string) => name === 'customer_id' || ONE_CUSTOMERS.test(name);
  if (!used.some(isOne)) {
    check.report(path, 'without {customer_id} alerts of different customers would become one; add it');
  }
  return key;
}

/** A complaint's number belongs to one customer as well. */
const ONE_CUSTOMERS = /^[a-z][a-z0-9_]*\.complaint_id$/;

function readPlan(spec: SpecFile, check: Check): Rule['plan'] {
  const { calendar } = spec.timebox;
  const calendars = [...new Set([...check.names.calendars, ALWAYS])];
  if (!calendars.includes(calendar)) {
    check.report(
      ['spec', 'timebox', 'calendar'],
      `unknown calendar "${calendar}"${didYouMean(calendar, calendars)}`,
    );
  }
  const deadlines = readDeadlines(spec, calendar, check);
  const named = MILESTONES.filter(
    (name): name is Deadline => name !== 'opened' && spec.timebox[name] !== undefined,
  );
  const reopenWithinMs = readSuppressTime(spec, 'reopen_within', check);
  return {
    calendar,
    deadlines,
    escalation: readEscalation(spec.escalate, { calendar, deadlines: named }, ['spec', 'escalate'], check),
    mergeOpen: spec.suppress.merge_open ?? true,
    ...(reopenWithinMs === undefined ? {} : { reopenWithinMs }),
    cooldownMs: readSuppressTime(spec, 'cooldown', check) ?? 0,
    closeRequires: spec.close.requires ?? USUAL_CLOSE[spec.scope],
    outcomes: spec.close.outcomes ?? [...OUTCOMES],
    pauseOn: readPauseOn(spec, check),
  };
}

/** What closing needs when the rule says nothing. Nobody speaks to a segment. */
const USUAL_CLOSE: Readonly<Record<Rule['scope'], AlertPlan['closeRequires']>> = {
  customer: ['contact.logged', 'outcome', 'root_cause'],
  segment: ['outcome', 'root_cause'],
};

function readDeadlines(spec: SpecFile, calendar: string, check: Check): AlertPlan['deadlines'] {
  const deadlines: { -readonly [D in Deadline]?: NonNullable<AlertPlan['deadlines'][D]> } = {};
  for (const name of MILESTONES) {
    const text = name === 'opened' ? undefined : spec.timebox[name];
    if (name === 'opened' || text === undefined) continue;
    const read = readTimeBox(text, calendar);
    if (read.ok) deadlines[name] = read.value;
    else check.report(['spec', 'timebox', name], read.message);
  }
  return deadlines;
}

function readSuppressTime(
  spec: SpecFile,
  key: 'reopen_within' | 'cooldown',
  check: Check,
): number | undefined {
  const text = spec.suppress[key];
  if (text === undefined) return undefined;
  const read = readElapsed(text);
  return read.ok ? read.value : check.report(['spec', 'suppress', key], read.message);
}

/** While an alert is snoozed, for any reason or because we wait for the customer, its deadlines may stand still. */
const PAUSES = ['snoozed', 'waiting_on_customer'];

function readPauseOn(spec: SpecFile, check: Check): readonly string[] {
  const states = spec.timebox.pause_on ?? [];
  for (const [index, state] of states.entries()) {
    if (PAUSES.includes(state)) continue;
    check.report(
      ['spec', 'timebox', 'pause_on', index],
      `unknown state "${state}"${didYouMean(state, PAUSES)}`,
    );
  }
  return states;
}

/** Whether the rules that it names are segment rules is checked with the set: they are in other files. */
function readInhibition(spec: SpecFile, check: Check): readonly string[] {
  const ids = spec.suppress.inhibited_by ?? [];
  for (const [index, id] of ids.entries()) {
    const path = ['spec', 'suppress', 'inhibited_by', index];
    const rules = check.names.rules ?? [];
    if (!rules.includes(id)) check.report(path, `unknown rule "${id}"${didYouMean(id, rules)}`);
  }
  if (ids.length > 0 && spec.scope === 'segment') {
    check.report(
      ['spec', 'suppress', 'inhibited_by'],
      'only rules about customers can be held back by a segment',
    );
  }
  return ids;
}

function readFatigue(spec: SpecFile, check: Check): { readonly fatigue?: Fatigue } {
  const file = spec.suppress.contact_fatigue;
  if (file === undefined) return {};
  const path = ['spec', 'suppress', 'contact_fatigue'];
  if (spec.scope === 'segment') check.report(path, 'a segment is not contacted; remove it');
  const overMs = readOver(file.over, [...path, 'over'], check);
  return overMs === undefined ? {} : { fatigue: { max: file.max, overMs, count: file.count } };
}

function readStorm(spec: SpecFile, { storm }: Defaults, check: Check): { readonly storm?: Storm } {
  const file = spec.suppress.storm;
  if (spec.scope === 'segment') {
    if (file !== undefined)
      check.report(
        ['spec', 'suppress', 'storm'],
        'alerts about segments are few; only rules about customers have storms',
      );
    return {};
  }
  if (file === undefined) return storm === undefined ? {} : { storm };
  const overMs = readOver(file.over, ['spec', 'suppress', 'storm', 'over'], check);
  return overMs === undefined ? {} : { storm: { max: file.max_new, overMs } };
}
