import type {
  AlertRequest,
  CustomerCard,
  Evidence,
  HeldReason,
  Stage,
} from '../../contracts/alert-request.ts';
import type { Assessment } from '../../contracts/assessment.ts';
import type { Silence } from '../../contracts/silence.ts';
import type { Channel } from '../../contracts/sources.ts';
import { isZone } from '../../settings/calendars.ts';
import type { CompiledRule, RuleSet } from './compile.ts';
import type { Facts } from './facts.ts';
import type { Operand, Rule } from './language/ast.ts';
import { durationWords } from './language/duration.ts';
import type { Value } from './language/fields.ts';
import type { Placeholder, Template } from './language/template.ts';
import { fnv } from './segment-state.ts';
import { severityIn } from './severity.ts';
import { silenceWords, silencing } from './silences.ts';
import { TRUE } from './truth.ts';
import { becauseWords, valueWords } from './words.ts';

/** A rule that matched, with what an alert request needs besides what the rule says. */
export interface Match {
  readonly rule: CompiledRule;
  readonly facts: Facts;
  /** The signal after which the match is named: the same match always has the same name. */
  readonly signalId: string;
  /** Customer id, or the segment's key. */
  readonly subject: string;
  readonly evidence: readonly Evidence[];
  /** When it happened that the rule matched. */
  readonly at: number;
  /** The newest signal of the same customer or segment. */
  readonly newestAt: number;
  readonly because: readonly string[];
  readonly contactNotBefore?: number;
}

/** What matches of one moment are judged by. */
export interface Circumstances {
  readonly ruleSet: RuleSet;
  readonly silences: readonly Silence[];
  readonly now: number;
}

/** What a match means for the people: the complete order for an alert, or the record of why there is none. */
export function requestOf(match: Match, circumstances: Circumstances): AlertRequest {
  const { rule, facts, subject, evidence, because, contactNotBefore } = match;
  const { assessment } = facts;
  const { id, title, owner, runbook, plan, scope } = rule.rule;
  return {
    id: `${id}/${match.signalId}`,
    alertKey: filled(rule.rule.dedupeKey, rule, facts, keyText),
    ruleId: id,
    ruleTitle: title,
    ruleSetHash: circumstances.ruleSet.hash,
    ruleOwner: owner,
    ...(runbook === undefined ? {} : { runbook }),
    stage: stageFor(rule.rule, subject),
    scope,
    subject,
    ...(scope === 'customer' ? { customer: cardOf(assessment) } : {}),
    severity: severityIn(rule, facts, circumstances.ruleSet),
    requestedAt: circumstances.now,
    because,
    evidence,
    answerOn: answerOn(assessment),
    ...(contactNotBefore === undefined ? {} : { contactNotBefore }),
    plan: {
      ...plan,
      calendar: calendarFor(rule.rule, assessment),
      ...ownerOf(rule, facts),
      playbook: [
        ...(contactNotBefore === undefined ? [] : [fatigueWords(rule.rule, contactNotBefore)]),
        ...rule.rule.playbook.map((line) => filled(line, rule, facts, valueWords)),
      ],
    },
    ...heldOf(match, circumstances),
  };
}

/** A canary rule is live for a share of its customers, always the same ones; for the others it is in shadow. */
export function stageFor({ id, stage, canaryPercent }: Rule, subject: string): Stage {
  if (stage !== 'canary') return stage;
  return fnv(`${id} ${subject}`) % 100 < canaryPercent ? 'canary' : 'shadow';
}

/** Hours are counted on the customer's clock where the rule says so and the clock is known. */
function calendarFor({ plan, onCustomerClock }: Rule, { profile }: Assessment): string {
  const { timezone } = profile;
  return onCustomerClock && timezone !== undefined && isZone(timezone)
    ? `${plan.calendar}@${timezone}`
    : plan.calendar;
}

const fatigueWords = ({ fatigue }: Rule, until: number): string => {
  const often =
    fatigue === undefined ? '' : `: contacted ${fatigue.max} times in ${durationWords(fatigue.overMs)}`;
  return `Do not contact the customer before ${new Date(until).toISOString().slice(0, 16).replace('T', ' ')} UTC${often}`;
};

/** A template with its placeholders filled in, each worded by `show`. */
function filled(template: Template, rule: CompiledRule, facts: Facts, show: ShowValue): string {
  return template.parts.map((part) => (typeof part === 'string' ? part : shown(part.reads))).join('');

  function shown(reads: Placeholder['reads']): string {
    if (reads === 'rule.id') return rule.rule.id;
    if (reads === 'rule.title') return rule.rule.title;
    if (reads === 'customer_id') return facts.assessment.customerId;
    return show(rule.reader(reads)(facts), reads);
  }
}

type ShowValue = (value: Value | undefined, operand: Operand) => string;

/** For keys: never rounded, never worded, and the same word for everything that is missing. */
const keyText = (value: Value | undefined): string => value?.toString() ?? 'none';

const cardOf = ({ customerId, riskScore, riskContributions, profile }: Assessment): CustomerCard => ({
  ...profile,
  customerId,
  riskScore,
  riskContributions,
});

function ownerOf(rule: CompiledRule, facts: Facts): { owner: string; fallbackOwner?: string } {
  const taken = rule.route.find((entry) => entry.if === undefined || entry.if(facts) === TRUE);
  const { to, fallback } = taken?.route ?? { to: rule.rule.owner, fallback: undefined };
  const fallbackOwner = fallback === undefined ? {} : { fallbackOwner: fallback };
  if (typeof to === 'string') return { owner: to, ...fallbackOwner };
  const person = to.field.read(facts.assessment);
  return { owner: person ? `person/${person}` : (fallback ?? rule.rule.owner), ...fallbackOwner };
}

/** Where the customer spoke is where they are answered; a CRM record is no conversation. */
function answerOn({ signal, profile }: Assessment): Channel {
  if (signal.channel !== 'crm') return signal.channel;
  const preferred = profile.preferredChannel;
  return preferred === undefined || preferred === 'crm' ? 'phone' : preferred;
}

type Held = { readonly held?: HeldReason; readonly heldBy?: string };

/**
 * Why a match must not bother anybody, asked in this order: the first that holds names the reason. Mute wins: nobody
 * calls about a deceased customer, however late. Inhibition and storms are asked afterwards, on the way past the
 * segment; merging, reopening and cool-down belong to the alert.
 */
function heldOf(match: Match, { ruleSet, silences, now }: Circumstances): Held {
  const { rule, facts, at, newestAt } = match;
  const { defaults } = ruleSet;
  const { muteIf } = rule.rule;
  if (muteIf !== undefined && rule.muteIf?.(facts) === TRUE) {
    return { held: 'mute', heldBy: becauseWords(muteIf, rule, facts).join('; ') };
  }
  const ageMs = now - at;
  if (ageMs > defaults.maxEventAgeMs) {
    const words = `happened ${durationWords(ageMs)} ago; the limit is ${durationWords(defaults.maxEventAgeMs)}`;
    return { held: 'too_old', heldBy: words };
  }
  const behindMs = newestAt - at;
  if (behindMs > defaults.allowedLatenessMs) {
    const newest = rule.rule.scope === 'customer' ? "the customer's" : "the segment's";
    const words = `arrived ${durationWords(behindMs)} behind ${newest} newest signal; the limit is ${durationWords(defaults.allowedLatenessMs)}`;
    return { held: 'late', heldBy: words };
  }
  const silence = silencing(silences, match, now);
  return silence === undefined ? {} : { held: 'silence', heldBy: silenceWords(silence) };
}
