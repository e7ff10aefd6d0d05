import type { Alert, AlertCommand, AlertEvent } from '../../contracts/alert.ts';
import type {
  AlertPlan,
  AlertRequest,
  EscalationStep,
  Evidence,
  TimeBoxDuration,
} from '../../contracts/alert-request.ts';
import type { Signal } from '../../contracts/signal.ts';
import type { TopicValues } from '../../contracts/topics.ts';
import type { Emit, Input, Step } from '../../platform/keyed-process/keyed-process.ts';
import { DAY, HOUR, MINUTE } from '../../platform/time/clock.ts';
import { parseCalendars } from '../../settings/calendars.ts';
import { parseTeams } from '../../settings/teams.ts';
import type { AlertState } from '../domain/alert-state.ts';
import { createAlertingProcess, TIMER } from '../domain/alerting-process.ts';

/** `Fri 17:30`: an instant of the story's two weeks, Berlin time. Clocks change in the night to Sun. */
export function at(text: string): number {
  const [day = '', time = ''] = text.split(' ');
  const date = DATES[day];
  if (date === undefined) throw new Error(`no such day: ${day}`);
  return Date.parse(`${date}T${time}${date < '2026-03-29' ? '+01:00' : '+02:00'}`);
}
const DATES: Readonly<Record<string, string>> = {
  Fri: '2026-03-27',
  Sat: '2026-03-28',
  Mon: '2026-03-30',
  Tue: '2026-03-31',
  Wed: '2026-04-01',
  Thu: '2026-04-02',
  nextTue: '2026-04-07',
  nextWed: '2026-04-08',
  later: '2026-05-20',
};

export const business = (amount: number, text = `${amount / MINUTE}m`): TimeBoxDuration => ({
  amount,
  unit: 'ms',
  clock: 'business',
  text,
});
export const businessDays = (amount: number): TimeBoxDuration => ({
  amount,
  unit: 'business_days',
  clock: 'business',
  text: `${amount}bd`,
});
export const wall = (amount: number): TimeBoxDuration => ({
  amount,
  unit: 'ms',
  clock: 'wall',
  text: `${amount / MINUTE}m@24x7`,
});

const ESCALATION: readonly EscalationStep[] = [
  {
    id: '1:opened',
    at: 'opened',
    offsetMs: 0,
    notify: ['slack:assignee', 'slack:#retention'],
    template: 'open',
  },
  {
    id: '2:ack_by',
    at: 'ack_by',
    offsetMs: 0,
    unless: 'acked',
    notify: ['slack:team-lead', 'email:team-lead'],
    template: 'late-ack',
    reassign: 'next_on_shift',
  },
  {
    id: '3:contact_by',
    at: 'contact_by',
    offsetMs: -HOUR,
    unless: 'contacted',
    notify: ['slack:assignee'],
    template: 'nudge',
  },
  {
    id: '4:contact_by',
    at: 'contact_by',
    offsetMs: 0,
    unless: 'contacted',
    notify: ['email:judith'],
    template: 'breach',
  },
  {
    id: '5:close_by',
    at: 'close_by',
    offsetMs: 0,
    unless: 'closed',
    notify: ['slack:team-lead'],
    template: 'breach',
    repeat: { every: businessDays(1), max: 3 },
  },
];

/** Acknowledge within half an hour, contact within four hours, close by the third business day: business time. */
export const PLAN: AlertPlan = {
  calendar: 'business',
  deadlines: {
    ack_by: business(30 * MINUTE, '30m'),
    contact_by: business(4 * HOUR, '4h'),
    close_by: businessDays(3),
  },
  escalation: ESCALATION,
  owner: 'person/ana',
  fallbackOwner: 'team/retention',
  mergeOpen: true,
  reopenWithinMs: 3 * DAY,
  cooldownMs: 7 * DAY,
  playbook: ['Call before contact_by'],
  closeRequires: ['contact.logged', 'outcome', 'root_cause'],
  outcomes: ['saved', 'not_at_risk', 'churned', 'unreachable'],
  pauseOn: [],
};

export const evidence = (signalId: string, occurredAt: number): Evidence => ({
  signalId,
  type: 'complaint.received',
  occurredAt,
  source: 'complaints',
  channel: 'email',
  words: [],
  intents: [],
});

const parsed = <T>(result: { ok: true; value: T } | { ok: false; problems: unknown }): T => {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
};
export const calendars = parsed(
  parseCalendars(
    'calendars.yaml',
    `apiVersion: tocsin/v1
kind: Calendars
calendars:
  - {id: business, timezone: Europe/Berlin, hours: {mon-fri: ["09:00-18:00"]}, holidays: [2026-04-03, 2026-04-06]}
  - {id: late, timezone: Europe/Berlin, hours: {mon-fri: ["14:00-22:00"]}}
`,
  ),
);
/** Ana, Ben and Chloé work days; Nils works late in a team of his own; Judith leads them all. */
export const teams = parsed(
  parseTeams(
    'teams.yaml',
    `apiVersion: tocsin/v1
kind: Teams
people:
  - {id: petra, name: Petra, email: petra@example.com, slack: U0PETRA}
  - {id: ana, name: Ana, email: ana@example.com, slack: U0ANA, away: [{from: 2026-04-02, to: 2026-04-02}]}
  - {id: ben, name: Ben, email: ben@example.com, slack: U0BEN}
  - {id: chloe, name: Chloé, email: chloe@example.com}
  - {id: nils, name: Nils, email: nils@example.com, slack: U0NILS}
  - {id: judith, name: Judith, email: judith@example.com, calendar: business}
teams:
  - {id: retention, title: R, slack: "#retention", email: retention@example.com, calendar: business, lead: petra, members: [ana, ben, chloe]}
  - {id: evening, title: E, slack: "#evening", email: evening@example.com, calendar: late, lead: nils, members: [nils]}
`,
    calendars,
  ),
);

/** What a test says of a command; the story adds the rest. */
export type GivenCommand = Without<AlertCommand, 'at' | 'alertKey' | 'via'>;
type Without<C, K extends PropertyKey> = C extends unknown ? Omit<C, K> : never;

/**
 * One alert key under a clock of its own: requests, orders and proofs go in, timers fire on time, events come
 * out. Every step's state goes through JSON, as it does in the store.
 */
export class AlertStory {
  readonly events: AlertEvent[] = [];
  readonly facts: Emit[] = [];
  state: AlertState | undefined;
  outcome: Step<AlertState>['outcome'] | undefined;
  #timerAt: number | null = null;
  #process = createAlertingProcess({ calendars, teams });

  get alert(): Alert {
    if (this.state?.alert === undefined) throw new Error('there is no alert');
    return this.state.alert;
  }

  get types(): string[] {
    return this.events.map((event) => event.type);
  }

  /** `step: who` of every message ordered so far. */
  get told(): string[] {
    return this.events.flatMap(({ notify }) =>
      notify === undefined ? [] : notify.targets.map(({ address }) => `${notify.step}: ${address}`),
    );
  }

  get timerAt(): number | null {
    return this.#timerAt;
  }

  request(when: string, signalId = `s-${when}`, changes: Partial<AlertRequest> = {}): this {
    const now = at(when);
    return this.handIn('alert-requests', now, {
      id: `churn/${signalId}`,
      alertKey: 'churn:c1',
      ruleId: 'churn',
      ruleTitle: 'About to leave',
      ruleSetHash: 'v1',
      ruleOwner: 'team/retention',
      stage: 'live',
      scope: 'customer',
      subject: 'c1',
      severity: 'P2',
      requestedAt: now,
      because: [`because of ${signalId}`],
      evidence: [evidence(signalId, now)],
      answerOn: 'email',
      plan: PLAN,
      ...changes,
    });
  }

  command(when: string, command: GivenCommand, arrives = when): this {
    const said = { alertKey: 'churn:c1', at: at(when), via: 'api' } as const;
    return this.handIn('alert-commands', at(arrives), { ...said, ...command });
  }

  acknowledge(when: string, person: string, id = `ack-${person}-${when}`): this {
    return this.command(when, { id, type: 'acknowledge', by: { kind: 'person', id: person } });
  }

  contact(when: string, person: string, reached = true): this {
    const by = { kind: 'person', id: person } as const;
    return this.command(when, { id: `contact-${when}`, type: 'contact', by, channel: 'phone', reached });
  }

  snooze(when: string, until: string, reason = 'customer asked for time'): this {
    const by = { kind: 'person', id: 'ana' } as const;
    return this.command(when, { id: `snooze-${when}`, type: 'snooze', by, until: at(until), reason });
  }

  close(when: string, outcome = 'saved', rootCause = 'price'): this {
    const by = { kind: 'person', id: 'ana' } as const;
    return this.command(when, { id: `close-${when}`, type: 'close', by, outcome, rootCause });
  }

  /** A call note that says that the customer was spoken to at `when`, read at `arrives`. */
  proof(when: string, arrives = when, alertId = this.alert.alertId, reached = true): this {
    return this.handIn('contact-proofs', at(arrives), {
      alertKey: 'churn:c1',
      alertId,
      signal: callNote(`note-${when}`, at(when), { reached }),
    });
  }

  /** Lets time pass; timers fire in the instant for which they are set. */
  until(when: string): this {
    for (;;) {
      if (this.#timerAt === null || this.#timerAt > at(when)) return this;
      this.#fire(this.#timerAt);
    }
  }

  /** Nothing ran until now: the timer fires late. */
  wakeUpAt(when: string): this {
    while (this.#timerAt !== null && this.#timerAt <= at(when)) this.#fire(at(when));
    return this;
  }

  handIn<T extends 'alert-requests' | 'alert-commands' | 'contact-proofs'>(
    topic: T,
    now: number,
    value: TopicValues[T],
  ): this {
    const record = { topic, key: 'churn:c1', value, partition: 0, offset: 0, appendedAt: now };
    // A record of topic T with T's value is an input.
    return this.#take(this.#process.onInput(this.state, record as Input, now));
  }

  #fire(now: number): this {
    const dueAt = this.#timerAt ?? now;
    this.#timerAt = null;
    const step = this.#process.onTimer?.(this.state, { key: 'churn:c1', name: TIMER, dueAt }, now);
    return step === undefined ? this : this.#take(step);
  }

  #take(step: Step<AlertState>): this {
    this.outcome = step.outcome;
    if (step.state !== undefined) this.state = JSON.parse(JSON.stringify(step.state));
    for (const change of step.timers ?? []) this.#timerAt = change.dueAt;
    for (const fact of step.emit ?? []) {
      this.facts.push(fact);
      if (fact.topic === 'alerts') this.events.push(fact.value);
    }
    return this;
  }
}

export const story = (): AlertStory => new AlertStory();

export const callNote = (id: string, occurredAt: number, changes: Partial<Signal> = {}): Signal => ({
  id,
  type: 'contact.logged',
  customerId: 'c1',
  quarantined: false,
  occurredAt,
  receivedAt: occurredAt,
  source: 'call-notes',
  channel: 'phone',
  direction: 'outbound',
  reached: true,
  ...changes,
});

/** The plan with other steps. */
export const planWith = (changes: Partial<AlertPlan>): AlertPlan => ({ ...PLAN, ...changes });
