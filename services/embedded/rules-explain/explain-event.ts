import { compileRuleSet, type RuleSet } from '../../action-management/domain/compile.ts';
import { explain, type Result } from '../../action-management/domain/evaluate.ts';
import type { Explanation } from '../../action-management/domain/explain.ts';
import { durationWords } from '../../action-management/domain/language/duration.ts';
import type { Deadline, HeldReason, Severity, Stage } from '../../contracts/alert-request.ts';
import { DAY } from '../../platform/time/clock.ts';
import type { RulesFolder } from '../rules-folder.ts';
import { instantText } from '../rules-test/compare.ts';
import { type Outcome, playStory } from '../rules-test/play-story.ts';
import { explanationLines } from '../rules-test/run-rule-tests.ts';
import type { EventStory } from '../rules-test/story-file.ts';

/** How one rule judges one signal, and whom it would tell, and when, if nobody acted. Instants are texts. */
export interface EventExplanation {
  readonly rule: string;
  readonly stage: Stage;
  /** How long the rule waits before it judges; absent when it does not. */
  readonly settleMs?: number;
  /** The last judgement at the signal or later; absent when the rule does not judge it. */
  readonly judged?: { readonly at: string; readonly result: Result; readonly condition: Explanation };
  /** Names of windows and fields whose value is not known. */
  readonly unknown: readonly string[];
  readonly held?: { readonly reason: HeldReason; readonly words: string };
  /** As it stands when nobody has done anything about it. */
  readonly alert?: {
    readonly key: string;
    readonly severity: Severity;
    readonly openedAt: string;
    readonly team: string;
    readonly person?: string;
    readonly deadlines: { readonly [D in Deadline]?: string };
    readonly ladder: readonly {
      readonly at: string;
      readonly step: string;
      readonly to: string;
      readonly address: string;
    }[];
  };
}

/** How long the ladder is watched: the longest absence of the language, and a month on top. */
export const WATCHED_MS = 90 * DAY;

/** Plays the signal and what came before it, and watches what comes of it while nobody does anything. */
export function explainEvent(rules: RulesFolder, id: string, event: EventStory): EventExplanation {
  const { story, start, offsetMinutes } = event;
  let outcome: Outcome | undefined;
  const given = { ruleSet: asIfLive(rules.ruleSet, id), settings: rules, start };
  playStory(story, given, (_, found) => {
    outcome = found;
  });
  const { judgements = [], heldBack = [], alerts = [], told = [], unknown = [] } = outcome ?? {};
  const show = (instant: number): string => instantText(instant, offsetMinutes);
  const judgement = judgements.filter(({ at }) => at >= start).at(-1);
  const held = heldBack.filter(({ at }) => at >= start).at(-1);
  const alert = alerts.at(-1);
  const asked = rules.ruleSet.rules.find((rule) => rule.id === id);
  return {
    rule: id,
    stage: asked?.stage ?? 'draft',
    ...(asked === undefined || asked.settleMs === 0 ? {} : { settleMs: asked.settleMs }),
    // What was missing before the signal came is not missing any more.
    unknown: judgement?.evaluation.result === 'unknown' ? unknown : [],
    ...(judgement === undefined
      ? {}
      : {
          judged: {
            at: show(judgement.at),
            result: judgement.evaluation.result,
            condition: explain(judgement.rule, judgement.evaluation),
          },
        }),
    ...(held?.held === undefined ? {} : { held: { reason: held.held, words: held.heldBy ?? '' } }),
    ...(alert === undefined
      ? {}
      : {
          alert: {
            key: alert.alertKey,
            severity: alert.severity,
            openedAt: show(alert.openedAt),
            team: alert.owner.team,
            ...(alert.owner.person === undefined ? {} : { person: alert.owner.person }),
            deadlines: Object.fromEntries(
              Object.entries(alert.deadlines).map(([name, { dueAt }]) => [name, show(dueAt)]),
            ),
            ladder: told.map(({ at, step, to, address }) => ({ at: show(at), step, to, address })),
          },
        }),
  };
}

/** The one rule, whatever its stage: a rule in shadow would tell nobody, and the question is whom it will tell. */
const asIfLive = ({ rules, defaults, hash }: RuleSet, id: string): RuleSet =>
  compileRuleSet(
    rules.filter((rule) => rule.id === id).map((rule) => ({ ...rule, stage: 'live' })),
    defaults,
    hash,
  );

/** For the terminal. */
export function eventWords(explained: EventExplanation): string {
  const { rule, stage, settleMs, judged, unknown, held, alert } = explained;
  const waited = settleMs === undefined ? '' : `, ${durationWords(settleMs)} after it happened`;
  const head = stage === 'live' ? rule : `${rule} (${stage}; shown as if it were live)`;
  if (judged === undefined) return `${head}: does not judge this signal\n`;
  const missing = unknown.length === 0 ? [] : [`not known: ${unknown.join(', ')}`];
  return [
    `${head}: ${judged.result.replace('_', ' ')}, ${judged.at}${waited}`,
    ...explanationLines(judged.condition, 1),
    ...missing,
    ...(held === undefined
      ? []
      : [`held back: ${held.reason}${held.words === '' ? '' : ` (${held.words})`}`]),
    ...(alert === undefined ? ['no alert'] : alertLines(alert)),
    '',
  ].join('\n');
}

function alertLines(alert: NonNullable<EventExplanation['alert']>): string[] {
  const { key, severity, openedAt, team, person, deadlines, ladder } = alert;
  return [
    `alert ${key}, ${severity}, opened ${openedAt}`,
    `  owner ${person === undefined ? `team/${team}` : `${person} of team/${team}`}`,
    ...Object.entries(deadlines).map(([name, at]) => `  ${name} ${at}`),
    '  told while nobody does anything',
    ...ladder.map(({ at, step, to, address }) => `    ${at}  ${step}: ${to} (${address})`),
  ];
}
