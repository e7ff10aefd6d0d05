import type { AlertRequest, HeldReason } from '../../contracts/alert-request.ts';
import type { Assessment } from '../../contracts/assessment.ts';
import type { Segment, SegmentLoop } from '../../contracts/segment.ts';
import {
  type DueTimer,
  type Emit,
  HANDLED,
  type KeyedProcess,
  type Step,
  skipped,
  type TimerChange,
} from '../../platform/keyed-process/keyed-process.ts';
import { DAY } from '../../platform/time/clock.ts';
import { type Judging, judgingNow, type RulesInForce, SETTLES } from './action-management.ts';
import type { CompiledRule, RuleSet, SegmentKeying } from './compile.ts';
import type { Storm } from './language/ast.ts';
import { durationWords } from './language/duration.ts';
import { judgeChanged, type SegmentRule } from './segment-moments.ts';
import { fireBeats, waitWith } from './segment-settling.ts';
import { countIn, hashOf, isRepeatIn, NO_SEGMENT, type SegmentState } from './segment-state.ts';
import { fieldsOfSegment, isRuleSegment, ruleSegment } from './segments.ts';
import { readWaitName } from './waits.ts';

/**
 * The rules about segments as a keyed process, one key per segment: a product in a region, say.
 *
 * It counts what happens, asks for alerts, and knows which alerts about the segment are open. Requests of rules about
 * customers pass here when such an alert may hold them back, or, under the key of their own rule, when so many at
 * once would be a storm.
 */
export function createSegmentRulesProcess(inForce: RulesInForce): KeyedProcess<SegmentState> {
  return {
    name: 'segment-rules',
    keySpace: 'segment',
    inputs: ['segment-entries', 'segment-loops'],
    onInput: (state, input, now) => {
      const known = state ?? NO_SEGMENT;
      if (input.topic === 'segment-loops') return learn(known, input.value);
      if (input.topic !== 'segment-entries') return skipped('other_topic');
      const judging = judgingNow(inForce, now);
      if (input.value.type === 'request') return pass(known, input.key, input.value, judging);
      return judge(known, input.key, input.value.assessment, judging);
    },
    onTimer: (state, timer, now) => fire(state, timer, judgingNow(inForce, now)),
  };
}

function judge(
  state: SegmentState,
  segment: Segment,
  assessment: Assessment,
  judging: Judging,
): Step<SegmentState> {
  const { ruleSet } = judging;
  const { type } = assessment.signal;
  const names = fieldsOfSegment(segment);
  const keying = ruleSet.segments.get(type)?.find((one) => one.names === names);
  if (keying === undefined) return skipped('no_rule_listens');
  if (isRepeatIn(state, assessment.id)) return skipped('repeated');
  let counted = countIn(state, assessment, keying.windows, keying.lateMs);
  const requests: AlertRequest[] = [];
  const timers = state.newestAt === 0 ? [forgetAt(judging.now + keptMs(segment, ruleSet))] : [];
  let settles = false;
  for (const rule of keying.concerned.get(type) ?? []) {
    if (!isSegmentRule(rule)) continue;
    const one = { segment, assessment, state: counted, keying };
    const waits = waitWith(rule, one, judging);
    if (waits === 'judge now') {
      requests.push(...judgeChanged(rule, one, judging));
      continue;
    }
    counted = waits.state;
    timers.push(...waits.timers);
    settles = true;
  }
  return {
    outcome: settles ? SETTLES : HANDLED,
    state: counted,
    ...(requests.length === 0 ? {} : { emit: requests.map(straight) }),
    ...(timers.length === 0 ? {} : { timers }),
  };
}

const isSegmentRule = (rule: CompiledRule): rule is SegmentRule => rule.beats !== undefined;

/** A time has passed: that of a segment in which nothing happens any more, or of beats that rules wait to judge. */
function fire(state: SegmentState | undefined, timer: DueTimer, judging: Judging): Step<SegmentState> {
  if (timer.name === FORGET) return forget(state, timer, judging);
  if (state === undefined) return skipped('not_due');
  const rule = judging.ruleSet.byId.get(readWaitName(timer.name).ruleId);
  const ofSegment = rule !== undefined && isSegmentRule(rule) ? rule : undefined;
  const keying = keyingsOf(timer.key, judging.ruleSet)[0];
  const { outcome, state: after, timers, requests } = fireBeats(state, timer, keying, ofSegment, judging);
  return {
    outcome,
    state: after,
    timers,
    ...(requests.length === 0 ? {} : { emit: requests.map(straight) }),
  };
}

/** Remembers which alerts about the segment are open. */
function learn(
  state: SegmentState,
  { alertKey, alertId, ruleId, label, open }: SegmentLoop,
): Step<SegmentState> {
  const known = state.open?.[alertKey];
  if (open)
    return {
      outcome: HANDLED,
      state: { ...state, open: { ...state.open, [alertKey]: { ruleId, alertId, label } } },
    };
  if (known === undefined || known.alertId !== alertId) return skipped('repeated');
  const { [alertKey]: _, ...others } = state.open ?? {};
  const isEmpty = Object.keys(others).length === 0 && state.newestAt === 0 && state.admitted === undefined;
  return { outcome: HANDLED, state: isEmpty ? null : { ...state, open: others } };
}

/** A request on its way: held back here, or handed on to the next segment, or to alerting. */
function pass(
  state: SegmentState,
  segment: Segment,
  { request, next }: { readonly request: AlertRequest; readonly next: readonly Segment[] },
  judging: Judging,
): Step<SegmentState> {
  const rule = judging.ruleSet.byId.get(request.ruleId);
  if (isRuleSegment(segment)) return throughStorm(state, request, rule, judging);
  const inhibitor = Object.values(state.open ?? {}).find(({ ruleId }) =>
    rule?.rule.inhibitedBy.includes(ruleId),
  );
  if (inhibitor !== undefined) {
    const heldBy = `${inhibitor.ruleId} of ${segment} is open (${inhibitor.label})`;
    return { outcome: HANDLED, emit: [straight(held(request, 'inhibited', heldBy))] };
  }
  const [first, ...rest] = next;
  const onward: Emit =
    first === undefined
      ? straight(request)
      : { topic: 'segment-entries', key: first, value: { type: 'request', request, next: rest } };
  return { outcome: HANDLED, emit: [onward] };
}

/**
 * Lets `max` different alerts of a rule through within the span. What comes on top is recorded as held back and
 * gathered in one alert of the rule, whose evidence it becomes. More matches for an alert that was let through join it.
 */
function throughStorm(
  state: SegmentState,
  request: AlertRequest,
  rule: CompiledRule | undefined,
  { now }: Judging,
): Step<SegmentState> {
  const storm = rule?.rule.storm;
  if (storm === undefined) return { outcome: HANDLED, emit: [straight(request)] };
  const key = hashOf(request.alertKey);
  const lately = Object.entries(state.admitted ?? {}).filter(([, at]) => at > now - storm.overMs);
  const isKnown = lately.some(([admitted]) => admitted === key);
  if (!isKnown && lately.length >= storm.max) {
    const heldBy = `more than ${storm.max} new alerts within ${durationWords(storm.overMs)}`;
    return {
      outcome: HANDLED,
      emit: [straight(held(request, 'storm', heldBy)), straight(digestOf(request, storm))],
    };
  }
  const admitted = Object.fromEntries([...lately, ...(isKnown ? [] : [[key, now] as const])]);
  return {
    outcome: HANDLED,
    state: { ...state, admitted },
    emit: [straight(request)],
    ...(state.admitted === undefined ? { timers: [forgetAt(now + storm.overMs)] } : {}),
  };
}

/** The one alert in which a rule's storm is gathered. It is about no single customer, so nobody has to be contacted. */
function digestOf(request: AlertRequest, { max, overMs }: Storm): AlertRequest {
  const { customer: _, contactNotBefore: __, ...rest } = request;
  const { contact_by: ___, ...deadlines } = request.plan.deadlines;
  return {
    ...rest,
    alertKey: `${request.ruleId}:storm`,
    ruleTitle: `Storm: ${request.ruleTitle}`,
    scope: 'segment',
    subject: ruleSegment(request.ruleId),
    because: [
      `more than ${max} new alerts of this rule within ${durationWords(overMs)}; the others are gathered here`,
    ],
    evidence: request.evidence.slice(-1),
    plan: {
      ...request.plan,
      owner: request.ruleOwner,
      deadlines,
      escalation: request.plan.escalation.filter(({ at }) => at !== 'contact_by'),
      mergeOpen: true,
      cooldownMs: 0,
      closeRequires: request.plan.closeRequires.filter((need) => need !== 'contact.logged'),
      playbook: [
        'Find what these customers have in common before anybody calls them one by one',
        'Each of them is in the list of alerts that were held back, with the reason storm',
      ],
    },
  };
}

const held = (request: AlertRequest, reason: HeldReason, heldBy: string): AlertRequest => ({
  ...request,
  held: reason,
  heldBy,
});

const straight = (request: AlertRequest): Emit => ({
  topic: 'alert-requests',
  key: request.alertKey,
  value: request,
});

/** A segment in which nothing happens any more is forgotten. The timer looks again where something did. */
const FORGET = 'forget';
const forgetAt = (instant: number): TimerChange => ({ name: FORGET, dueAt: instant + DAY });

/** For how long what happened in a segment can matter. */
function keptMs(segment: Segment, ruleSet: RuleSet): number {
  if (isRuleSegment(segment)) {
    return ruleSet.byId.get(segment.slice(ruleSegment('').length))?.rule.storm?.overMs ?? 0;
  }
  const windows = keyingsOf(segment, ruleSet).flatMap((one) => one.windows);
  return Math.max(0, ...windows.map(({ window }) => window.overMs + (window.baseline?.lookbackMs ?? 0)));
}

/** The rules about segments that are made by the same fields. */
function keyingsOf(segment: Segment, { segments }: RuleSet): readonly SegmentKeying[] {
  const names = fieldsOfSegment(segment);
  return [...segments.values()].flat().filter((one) => one.names === names);
}

/** Open alerts are remembered until they are closed, and what rules wait with until they have judged it. */
function forget(
  state: SegmentState | undefined,
  { key }: DueTimer,
  { ruleSet, now }: Judging,
): Step<SegmentState> {
  if (state === undefined) return skipped('not_due');
  const latest = Math.max(state.newestAt, ...Object.values(state.admitted ?? {}));
  const until = latest + keptMs(key, ruleSet);
  if (until > now) return { outcome: HANDLED, timers: [forgetAt(until)] };
  if (Object.keys(state.open ?? {}).length > 0 || state.settling !== undefined)
    return { outcome: HANDLED, timers: [forgetAt(now)] };
  return { outcome: HANDLED, state: null };
}
