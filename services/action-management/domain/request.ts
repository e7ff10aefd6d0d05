import type { AlertRequest, CustomerCard, Evidence, HeldReason } from '../../contracts/alert-request.ts';
import type { Assessment } from '../../contracts/assessment.ts';
import type { Channel } from '../../contracts/sources.ts';
import type { CompiledRule, RuleSet } from './compile.ts';
import { because, type Evaluation } from './evaluate.ts';
import { evidenceOf } from './evidence.ts';
import type { Facts } from './facts.ts';
import type { Operand } from './language/ast.ts';
import { durationWords } from './language/duration.ts';
import type { Value } from './language/fields.ts';
import type { Placeholder, Template } from './language/template.ts';
import { TRUE } from './truth.ts';
import { happenedAt, type WindowState } from './window-state.ts';
import { countedIds } from './windows.ts';
import { becauseWords, valueWords } from './words.ts';

/** What a match means for the people: the complete order for an alert, or the record of why there is none. */
export function requestOf(
  rule: CompiledRule,
  evaluation: Evaluation,
  state: WindowState,
  ruleSet: RuleSet,
  now: number,
): AlertRequest {
  const { facts } = evaluation;
  const { assessment } = facts;
  const { id, title, owner, runbook, stage, plan } = rule.rule;
  const { customerId } = assessment;
  return {
    id: `${id}/${assessment.id}`,
    alertKey: filled(rule.rule.dedupeKey, rule, facts, keyText),
    ruleId: id,
    ruleTitle: title,
    ruleSetHash: ruleSet.hash,
    ruleOwner: owner,
    ...(runbook === undefined ? {} : { runbook }),
    stage,
    scope: 'customer',
    subject: customerId,
    customer: cardOf(assessment),
    severity:
      rule.severity.find((entry) => entry.if === undefined || entry.if(facts) === TRUE)?.set ??
      ruleSet.defaults.severity,
    requestedAt: now,
    because: because(rule, evaluation),
    evidence: evidenceFor(rule, facts, state),
    answerOn: answerOn(assessment),
    plan: {
      ...plan,
      ...ownerOf(rule, facts),
      playbook: rule.rule.playbook.map((line) => filled(line, rule, facts, valueWords)),
    },
    ...heldOf(rule, facts, state, ruleSet, now),
  };
}

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

/** Pieces of evidence in one request: more than an agent reads before the call. */
const MAX_EVIDENCE = 5;

/** The signal that made the rule match, and the latest ones before it that its windows counted. */
function evidenceFor(rule: CompiledRule, facts: Facts, { quoted }: WindowState): Evidence[] {
  const trigger = evidenceOf(facts.assessment, 'in full');
  const counted = new Set(rule.windows.flatMap((window) => countedIds(window, facts.signals, facts.until)));
  const earlier = quoted.filter(({ signalId }) => signalId !== trigger.signalId && counted.has(signalId));
  return [...earlier.slice(-(MAX_EVIDENCE - 1)), trigger].sort((a, b) => a.occurredAt - b.occurredAt);
}

/** Where the customer spoke is where they are answered; a CRM record is no conversation. */
function answerOn({ signal, profile }: Assessment): Channel {
  if (signal.channel !== 'crm') return signal.channel;
  const preferred = profile.preferredChannel;
  return preferred === undefined || preferred === 'crm' ? 'phone' : preferred;
}

type Held = { readonly held?: HeldReason; readonly heldBy?: string };

/** Why a match must not bother anybody. Mute wins: nobody calls about a deceased customer, however late. */
function heldOf(
  rule: CompiledRule,
  facts: Facts,
  state: WindowState,
  { defaults }: RuleSet,
  now: number,
): Held {
  const { muteIf } = rule.rule;
  if (muteIf !== undefined && rule.muteIf?.(facts) === TRUE) {
    return { held: 'mute', heldBy: becauseWords(muteIf, rule, facts).join('; ') };
  }
  const at = happenedAt(facts.assessment);
  const ageMs = now - at;
  if (ageMs > defaults.maxEventAgeMs) {
    const words = `happened ${durationWords(ageMs)} ago; the limit is ${durationWords(defaults.maxEventAgeMs)}`;
    return { held: 'too_old', heldBy: words };
  }
  const behindMs = state.newestAt - at;
  if (behindMs > defaults.allowedLatenessMs) {
    const words = `arrived ${durationWords(behindMs)} behind the customer's newest signal; the limit is ${durationWords(defaults.allowedLatenessMs)}`;
    return { held: 'late', heldBy: words };
  }
  return {};
}
