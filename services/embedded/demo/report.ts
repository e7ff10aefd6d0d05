import { styleText } from 'node:util';
import type { AlertEvent } from '../../contracts/alert.ts';
import { subjectInWords } from '../../contracts/identity.ts';
import { DEADLINE_WORDS, stepInWords } from '../../loop-closure/domain/words.ts';
import { DAY } from '../../platform/time/clock.ts';
import type { LedgerReport } from '../ledger-report.ts';
import type { PlayResult } from './play.ts';
import type { Tally } from './tally.ts';

/** One line of the terminal for one thing that happened to an alert. */
export function eventLine(event: AlertEvent, start: number, colours: boolean): string {
  const { alert } = event;
  const day = String(Math.floor((event.recordedAt - start) / DAY) + 1).padStart(2);
  const time = CLOCK.format(event.recordedAt);
  const what = WORDS[event.type];
  const label = `${alert.severity} ${alert.label}`;
  const line = `day ${day} ${time}  ${label}  ${what.padEnd(17)} ${detailOf(event)}`;
  const style = STYLES[event.type];
  return `${colours && style !== undefined ? styleText(style, line) : line}\n`;
}

/** As the company's clocks show it. */
const CLOCK = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  hour: '2-digit',
  minute: '2-digit',
  timeZone: 'Europe/Berlin',
});

const WORDS: { readonly [T in AlertEvent['type']]: string } = {
  raised: 'ALERT',
  evidence_added: 'more evidence',
  held_back: 'held back',
  acknowledged: 'acknowledged',
  snoozed: 'snoozed',
  woken: 'woken',
  reassigned: 'handed on',
  contact_attempted: 'not reached',
  contacted: 'spoken to',
  escalated: 'escalated',
  breached: 'DEADLINE MISSED',
  closed: 'loop closed',
  reopened: 'ALERT, reopened',
  refused: 'order refused',
};

const STYLES: { readonly [T in AlertEvent['type']]?: 'red' | 'yellow' | 'green' | 'gray' } = {
  raised: 'yellow',
  reopened: 'yellow',
  breached: 'red',
  escalated: 'red',
  contacted: 'green',
  closed: 'green',
  held_back: 'gray',
};

function detailOf({ type, alert, milestone, held, heldBy, by, step }: AlertEvent): string {
  const who = alert.customer?.name ?? subjectInWords(alert.subject);
  switch (type) {
    case 'raised':
    case 'reopened': {
      const quote = alert.evidence.at(-1)?.quote;
      return `${who}: ${alert.ruleTitle}${quote === undefined ? '' : ` — “${quote.slice(0, 70)}${quote.length > 70 ? '…' : ''}”`}`;
    }
    case 'breached':
      return `${who}: ${milestone === undefined ? '' : DEADLINE_WORDS[milestone]}`;
    case 'escalated':
      return `${who}: ${stepInWords(step)}`;
    case 'held_back':
      return `${who}: ${held}${heldBy === undefined ? '' : ` (${heldBy})`}`;
    case 'contacted':
      return alert.contact?.proven === true
        ? `${who}, proven by a call note`
        : `${who} by ${alert.contact?.by.id}`;
    case 'closed':
      return `${who}: ${alert.outcome}, cause ${alert.rootCause}`;
    case 'reassigned':
      return `${who}: now ${alert.owner.person ?? alert.owner.team}`;
    default:
      return `${who} by ${by.id}`;
  }
}

/** The end of the story, its last line for a retention lead. */
export function summaryOf(tally: Tally, told: PlayResult, ledger: LedgerReport): string {
  const outcomes = count(tally.closed.values());
  const rows: readonly (readonly [string, string])[] = [
    ['records sent', `${told.records}`],
    ['signals heard', `${tally.signals} of ${tally.customers.size} customers and quarantined handles`],
    ['alerts', `${tally.raised.size} (${words(tally.raisedBySource)})`],
    ['acknowledged in time', `${tally.acknowledgedInTime.size}`],
    ['escalated, nobody acknowledged', `${tally.escalated.size}`],
    ['deadlines missed', `${tally.breached.size}`],
    ['customers spoken to', `${tally.reached.size}, of which ${tally.proven.size} proven by a call note`],
    ['loops closed', `${tally.closed.size} (${words(outcomes)})`],
    ['held back', words(tally.held) || 'none'],
    ['ledger', ledgerWords(ledger)],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const table = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n');
  const saved = outcomes.get('saved') ?? 0;
  const last =
    `Of ${tally.raised.size} alerts ${tally.acknowledgedInTime.size} were taken on in time and ${tally.escalated.size} went to a lead because nobody had; ` +
    `${tally.reached.size} customers were spoken to, and ${saved} loops were closed with the customer saved.`;
  return `\n${table}\n\n${last}\n`;
}

function ledgerWords({ checks, waiting, deadLetters, meets }: LedgerReport): string {
  const failed = checks
    .filter((check) => !check.meets)
    .map((check) => `${check.says}: ${check.left} is not ${check.right}`);
  return meets
    ? `all ${checks.length} sums meet; ${waiting} waiting, ${deadLetters.parked ?? 0} dead letters`
    : `sums do NOT meet: ${failed.join('; ')}`;
}

const count = (values: Iterable<string>): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
};

const words = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([name, n]) => `${n} ${name}`)
    .join(', ');
