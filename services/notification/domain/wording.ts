import type { AlertStatus } from '../../contracts/alert.ts';
import type { Deadline } from '../../contracts/alert-request.ts';
import { isTemplate, TEMPLATE_KINDS, type Template } from '../../settings/templates.ts';
import type { Briefing, DueLine } from './briefing.ts';

/** How a template speaks: what kind of message it is and what it asks for. */
export interface Wording {
  readonly icon: string;
  /** Two or three words that begin an e-mail's subject and a line in a thread. */
  readonly kind: string;
  /** The one sentence that says what is wanted from the reader. */
  readonly ask: (briefing: Briefing) => string;
}

/** The template's wording. A name that nobody has worded speaks like `open`: it must never fail to be sent. */
export const wordingOf = (template: string): Wording => (isTemplate(template) ? WORDINGS[template] : OPEN);

const dueOf = (briefing: Briefing, deadline: Deadline): DueLine | undefined =>
  briefing.due.find((line) => line.deadline === deadline);

/** The first deadline that still asks for something. */
export const nextDue = (briefing: Briefing): DueLine | undefined =>
  briefing.due.find((line) => line.state === 'ahead');

const by = (line: DueLine | undefined): string =>
  line === undefined ? 'as soon as you can' : `by ${line.by}`;
const was = (line: DueLine | undefined): string => (line === undefined ? '' : ` It was due ${line.by}.`);

const OPEN: Wording = {
  icon: '🔔',
  kind: TEMPLATE_KINDS.open,
  ask: (briefing) => {
    const next = nextDue(briefing);
    return next === undefined
      ? 'Please take this one and speak to the customer.'
      : `Please take this one. ${next.what} ${by(next)}.`;
  },
};

const LATE_ACK: Wording = {
  icon: '🚨',
  kind: TEMPLATE_KINDS['late-ack'],
  ask: (briefing) =>
    `Nobody has taken this alert.${was(dueOf(briefing, 'ack_by'))} Take it now, or give it to somebody who can.`,
};

const WORDINGS: { readonly [T in Template]: Wording } = {
  open: OPEN,
  nudge: {
    icon: '⏰',
    kind: TEMPLATE_KINDS.nudge,
    ask: (briefing) => {
      const next = nextDue(briefing);
      return next === undefined
        ? 'This loop is still open.'
        : `Still to do: ${next.what.toLowerCase()} ${by(next)}. Taken by: ${briefing.owner}.`;
    },
  },
  'late-ack': LATE_ACK,
  breach: {
    icon: '❗',
    kind: TEMPLATE_KINDS.breach,
    ask: (briefing) => {
      const missed = briefing.due.findLast((line) => line.state === 'missed') ?? nextDue(briefing);
      return missed === undefined
        ? 'A promise to this customer was not kept. Please step in.'
        : `Not done in time: ${missed.what.toLowerCase()}.${was(missed)} Please step in.`;
    },
  },
  update: {
    icon: '🔄',
    kind: TEMPLATE_KINDS.update,
    ask: (briefing) => `This alert has changed. ${briefing.status}.`,
  },
  spike: {
    icon: '📈',
    kind: TEMPLATE_KINDS.spike,
    ask: () => 'Many customers say the same. Find the one cause before answering each of them.',
  },
};

/** What the alert's own message asks for now, whoever looks at it and however it came about. */
export function standingAsk(status: AlertStatus, briefing: Briefing): string | undefined {
  switch (status) {
    case 'open':
      return isLate(briefing) ? LATE_ACK.ask(briefing) : OPEN.ask(briefing);
    case 'acknowledged':
      return next(briefing);
    case 'snoozed':
    case 'closed':
      return undefined;
  }
}

const isLate = (briefing: Briefing): boolean => dueOf(briefing, 'ack_by')?.state === 'missed';

function next(briefing: Briefing): string | undefined {
  const overdue = briefing.due.find((line) => line.state === 'missed');
  if (overdue !== undefined) return `Overdue: ${overdue.what.toLowerCase()}.${was(overdue)}`;
  const ahead = nextDue(briefing);
  return ahead === undefined ? undefined : `Next: ${ahead.what.toLowerCase()} ${by(ahead)}.`;
}
