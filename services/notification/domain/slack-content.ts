import type { Alert } from '../../contracts/alert.ts';
import { OUTCOMES } from '../../contracts/alert.ts';
import type { Briefing, BriefingSettings, DueLine, Quote } from './briefing.ts';
import { brief } from './briefing.ts';
import type { Block, Button, Mrkdwn, SlackContent } from './message.ts';
import {
  ACTION_WORDS,
  type ActionType,
  actionName,
  type ButtonValue,
  writeButtonValue,
} from './slack-action.ts';
import { cut, escapeSlack, fitLines, SLACK_LIMITS } from './slack-text.ts';
import { nextDue, standingAsk, wordingOf } from './wording.ts';

/** The alert's own message: everything to act on, and buttons for what may be done next. */
export function slackAlert(alert: Alert, template: string, settings: BriefingSettings): SlackContent {
  const briefing = brief(alert, settings);
  const ask = standingAsk(alert.status, briefing);
  const blocks: Block[] = [
    header(
      `${severityDot(alert)} ${briefing.severity} ${briefing.label} · ${briefing.who}: ${briefing.title}`,
    ),
    section(`${bold(briefing.status)}\nOwner: ${escapeSlack(briefing.owner)}`),
    ...(ask === undefined ? [] : [section(escapeSlack(ask))]),
    section(titled('Why', bullets(briefing.because))),
    ...quotes(briefing),
    fields(briefing),
    ...risk(briefing),
    ...(briefing.playbook.length === 0 ? [] : [section(titled('What to do', numbered(briefing.playbook)))]),
    ...(briefing.due.length === 0 ? [] : [section(titled('By when', briefing.due.map(dueLine)))]),
    context(
      `Answer on ${escapeSlack(briefing.answerOn)} · rule \`${escapeSlack(briefing.ruleId)}\` · <${briefing.url}|open the alert>`,
    ),
    ...actions(alert),
  ];
  return { text: summary(briefing, template), blocks: blocks.slice(0, SLACK_LIMITS.blocks) };
}

/** A later word on an alert, for the thread of its message: short, because everything else stands above it. */
export function slackReply(alert: Alert, template: string, settings: BriefingSettings): SlackContent {
  const briefing = brief(alert, settings);
  const { icon, kind, ask } = wordingOf(template);
  const next = nextDue(briefing);
  return {
    text: summary(briefing, template),
    blocks: [
      section(
        `${icon} ${bold(`${kind}: ${briefing.label} · ${briefing.who}`)}\n${escapeSlack(ask(briefing))}`,
      ),
      context(
        [
          `Owner: ${escapeSlack(briefing.owner)}`,
          ...(next === undefined ? [] : [`next: ${dueLine(next)}`]),
          `<${briefing.url}|open the alert>`,
        ].join(' · '),
      ),
    ],
  };
}

/** Says that a message may have come before, where the answer to an earlier attempt was lost. */
export const markSlackRepeat = (content: SlackContent): SlackContent => ({
  text: cut(`${content.text} (may be a repeat)`, SLACK_LIMITS.fallback),
  blocks: [
    ...content.blocks.slice(0, SLACK_LIMITS.blocks - 1),
    context('_This may be a repeat: an earlier attempt was not answered._'),
  ],
});

/** What a phone shows on its lock screen: who, what kind, by when. */
function summary(briefing: Briefing, template: string): string {
  const { kind } = wordingOf(template);
  const next = nextDue(briefing);
  const due = next === undefined ? '' : ` – ${next.what.toLowerCase()} by ${next.by}`;
  return cut(
    escapeSlack(`${kind}: ${briefing.severity} ${briefing.label} ${briefing.who}: ${briefing.title}${due}`),
    SLACK_LIMITS.fallback,
  );
}

function severityDot(alert: Alert): string {
  if (alert.status === 'closed') return '✅';
  return { P1: '🔴', P2: '🟠', P3: '🟡', P4: '⚪' }[alert.severity];
}

function quotes(briefing: Briefing): readonly Block[] {
  if (briefing.quotes.length === 0) return [];
  const left =
    briefing.quotesLeftOut === 0 ? [] : [`_and ${briefing.quotesLeftOut} more on the alert's page_`];
  return [
    section(titled("In the customer's words", [...briefing.quotes.flatMap(quoteLines), ...left]), true),
  ];
}

function quoteLines({ words, said, mood }: Quote): readonly string[] {
  const moodWords = mood.length === 0 ? '' : ` · mood: ${escapeSlack(mood.join(', '))}`;
  const quoted = words === undefined ? [] : [`> “${escapeSlack(words)}”`];
  return [...quoted, `${quoted.length === 0 ? '• ' : ''}${escapeSlack(said)}${moodWords}`];
}

/** Slack shows at most ten fields. */
const MOST_FIELDS = 10;

const fields = (briefing: Briefing): Block => ({
  type: 'section',
  fields: briefing.customer
    .slice(0, MOST_FIELDS)
    .map(([label, value]) => mrkdwn(cut(`*${label}*\n${escapeSlack(value)}`, SLACK_LIMITS.field), true)),
});

function risk({ risk: found }: Briefing): readonly Block[] {
  if (found === undefined) return [];
  const title = `Risk of leaving: ${found.score} of 100`;
  return [
    section(found.contributions.length === 0 ? bold(title) : titled(title, bullets(found.contributions))),
  ];
}

const DUE_MARKS: { readonly [S in DueLine['state']]: string } = {
  ahead: '◻️',
  met: '✅',
  missed: '❌',
  met_late: '☑️ late:',
};

function dueLine({ what, by, customersClock, rule, state }: DueLine): string {
  const theirs = customersClock === undefined ? '' : ` · customer's clock: ${escapeSlack(customersClock)}`;
  return `${DUE_MARKS[state]} ${what} by *${escapeSlack(by)}* (${escapeSlack(rule)})${theirs}`;
}

/** Only what can be done now: an alert that is taken cannot be taken again, a closed one offers nothing. */
export function offeredActions(alert: Alert): readonly ActionType[] {
  if (alert.status === 'closed') return [];
  return [
    ...(alert.acknowledgedAt === undefined ? (['acknowledge'] as const) : []),
    ...(alert.contact?.reached === true ? [] : (['contact'] as const)),
    ...(alert.status === 'snoozed' ? [] : (['snooze'] as const)),
    'close',
  ];
}

/** What a button or link about the alert has to carry. */
export const buttonValueOf = ({ alertKey, alertId, label, plan, answerOn }: Alert): ButtonValue => ({
  alertKey,
  alertId,
  label,
  outcomes: plan.outcomes.length === 0 ? OUTCOMES : plan.outcomes,
  answerOn,
});

function actions(alert: Alert): readonly Block[] {
  const offered = offeredActions(alert);
  if (offered.length === 0) return [];
  const value = writeButtonValue(buttonValueOf(alert));
  const buttons = offered.map(
    (type): Button => ({
      type: 'button',
      action_id: actionName(type),
      text: { type: 'plain_text', text: ACTION_WORDS[type] },
      value,
      ...(type === 'acknowledge' ? { style: 'primary' } : {}),
    }),
  );
  return [{ type: 'actions', block_id: 'tocsin.actions', elements: buttons }];
}

const header = (text: string): Block => ({
  type: 'header',
  text: { type: 'plain_text', text: cut(text.toWellFormed(), SLACK_LIMITS.header), emoji: true },
});
const section = (text: string, verbatim = false): Block => ({
  type: 'section',
  text: mrkdwn(cut(text, SLACK_LIMITS.section), verbatim),
});
const context = (text: string): Block => ({
  type: 'context',
  elements: [mrkdwn(cut(text, SLACK_LIMITS.context))],
});
const mrkdwn = (text: string, verbatim = false): Mrkdwn =>
  verbatim ? { type: 'mrkdwn', text, verbatim } : { type: 'mrkdwn', text };

const bold = (text: string): string => `*${escapeSlack(text)}*`;
const bullets = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => `• ${escapeSlack(line)}`);
const numbered = (lines: readonly string[]): readonly string[] =>
  lines.map((line, index) => `${index + 1}. ${escapeSlack(line)}`);
const titled = (title: string, lines: readonly string[]): string =>
  `${bold(title)}\n${fitLines(lines, SLACK_LIMITS.section - title.length - 4)}`;
