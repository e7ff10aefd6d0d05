import type { AlertRequest } from '../../contracts/alert-request.ts';
import type { Assessment } from '../../contracts/assessment.ts';
import type { Segment } from '../../contracts/segment.ts';
import { CHANNELS, SOURCES } from '../../contracts/sources.ts';
import type { Judging } from './action-management.ts';
import type { Beats } from './beats.ts';
import type { CompiledRule, SegmentKeying } from './compile.ts';
import { askFor, because, type Evaluation } from './evaluate.ts';
import { type Facts, segmentFactsOf } from './facts.ts';
import { requestOf } from './request.ts';
import { bucketsFrom } from './segment-series.ts';
import { reachMs, type SegmentState } from './segment-state.ts';
import { valuesOf } from './segments.ts';
import { worstFirst } from './severity.ts';
import { happenedAt, type RememberedSignal } from './window-state.ts';

/*
 * When a segment rule is judged: at the ends of its beats, of those in which something happened to which it listens, each
 * over all that has happened by then. A signal changes what was at its own beat and at those after it, so these are
 * judged when it arrives; nearly always it is the newest beat alone. Whatever the order of arrival, each beat is judged
 * with everything in the end.
 */

/** A rule about segments. */
export type SegmentRule = CompiledRule & { readonly beats: Beats };

/** A signal that was just counted in its segment. */
export interface Counted {
  readonly segment: Segment;
  readonly assessment: Assessment;
  readonly state: SegmentState;
  readonly keying: SegmentKeying;
}

/** The beat in which an instant lies. */
export const beatAt = ({ beats: { beatMs } }: SegmentRule, at: number): number => Math.floor(at / beatMs);

/** The first instant after a beat. */
export const endOf = ({ beats: { beatMs } }: SegmentRule, beat: number): number => (beat + 1) * beatMs;

/** The beats from `first` on in which something happened to which the rule listens, as far back as counts are kept. */
export function beatsToJudge(
  rule: SegmentRule,
  { series, newestAt }: SegmentState,
  { lateMs }: SegmentKeying,
  first: number,
): readonly number[] {
  const { beatMs, marks } = rule.beats;
  const earliest = Math.ceil((newestAt - reachMs(beatMs, lateMs)) / beatMs);
  return bucketsFrom(series[marks.series], Math.max(first, earliest));
}

/** Judges a rule at the beats that a signal has changed. The first of the worst matches is asked for. */
export function judgeChanged(rule: SegmentRule, counted: Counted, judging: Judging): AlertRequest[] {
  const judged = changedBy(rule, counted).map((facts) => judging.judge(rule, facts));
  const [match] = worstFirst(
    rule,
    judged.filter(({ result }) => result === 'match'),
  );
  const told = match ?? judged.at(-1);
  if (told === undefined) return [];
  const { segment, assessment, state } = counted;
  const at = happenedAt(assessment);
  const asked = match && { signalId: assessment.id, at, newestAt: state.newestAt };
  return ask(rule, told, asked, { segment, state }, judging);
}

function changedBy(rule: SegmentRule, { segment, assessment, state, keying }: Counted): readonly Facts[] {
  const { beats, rule: asWritten } = rule;
  const own = beatAt(rule, happenedAt(assessment));
  const listens = asWritten.listen.includes(assessment.signal.type);
  const ofSignal = listens ? [segmentFactsOf(assessment, state, endOf(rule, own) - 1)] : [];
  if (listens && own >= beatAt(rule, state.newestAt)) return ofSignal;
  const changed = beatsToJudge(rule, state, keying, own).filter((beat) => beat <= own + beats.after);
  const common = commonSignal(rule, segment, assessment.id, happenedAt(assessment));
  return [
    ...(changed[0] === own ? ofSignal : []),
    // Of the other signals nothing is left but that they were there.
    ...(beats.readsSignals
      ? []
      : changed
          .filter((beat) => !listens || beat > own)
          .map((beat) => segmentFactsOf(assessment, state, endOf(rule, beat) - 1, common))),
  ];
}

/** Judges a rule at one beat, by what all signals of the segment have in common. */
export function judgeBeat(
  rule: SegmentRule,
  beat: number,
  { segment, state }: Pick<Counted, 'segment' | 'state'>,
  judging: Judging,
): AlertRequest[] {
  const at = endOf(rule, beat) - 1;
  const common = commonSignal(rule, segment, `${segment}@${new Date(at + 1).toISOString()}`, at);
  const facts = segmentFactsOf(assessmentOf(common, state, judging.now), state, at, common);
  const evaluation = judging.judge(rule, facts);
  const asked = evaluation.result === 'match' ? { signalId: common.id, at, newestAt: at } : undefined;
  return ask(rule, evaluation, asked, { segment, state }, judging);
}

function ask(
  rule: SegmentRule,
  evaluation: Evaluation,
  match: { readonly signalId: string; readonly at: number; readonly newestAt: number } | undefined,
  { segment, state }: Pick<Counted, 'segment' | 'state'>,
  judging: Judging,
): AlertRequest[] {
  if (match === undefined) {
    judging.onEvaluation?.(rule, evaluation);
    return [];
  }
  const { facts } = evaluation;
  const asked = askFor(evaluation, () =>
    requestOf(
      {
        ...match,
        rule,
        facts,
        subject: segment,
        evidence: state.quoted,
        because: because(rule, evaluation),
      },
      judging,
    ),
  );
  judging.onEvaluation?.(rule, asked.evaluation);
  return asked.asked === undefined ? [] : [asked.asked];
}

/** What is known of every signal of a segment: the fields that make it. */
const commonSignal = ({ rule }: SegmentRule, segment: Segment, id: string, at: number): RememberedSignal => ({
  id,
  // A rule that asks for the type listens to one, or is not judged by this.
  type: rule.listen[0] ?? 'complaint.received',
  at,
  fields: valuesOf(segment),
});

/** An assessment of nobody in particular. It is answered where the segment was last heard. */
function assessmentOf(
  { id, type, at, fields = {} }: RememberedSignal,
  state: SegmentState,
  now: number,
): Assessment {
  const last = state.quoted.at(-1);
  return {
    id,
    customerId: '',
    assessedAt: now,
    intents: [],
    riskScore: 0,
    riskContributions: [],
    profile: {},
    modelVersion: '',
    signal: {
      id,
      type,
      customerId: '',
      quarantined: false,
      occurredAt: at,
      receivedAt: at,
      source: last?.source ?? SOURCES[0],
      channel: last?.channel ?? CHANNELS[0],
      ...(typeof fields.product === 'string' ? { product: fields.product } : {}),
      ...(typeof fields.region === 'string' ? { region: fields.region } : {}),
    },
  };
}
