import type { AlertEvent } from '../../contracts/alert.ts';
import { addBusinessTime, type Calendar } from '../../platform/time/business-time.ts';
import { DAY, HOUR, MINUTE } from '../../platform/time/clock.ts';
import type { Agenda } from './agenda.ts';
import type { Random } from './random.ts';
import type { Stage } from './stage.ts';
import type { Handling, Storyline } from './storylines.ts';

/**
 * The made-up retention team. Hears of alerts as the real one does and acts through the same API.
 *
 * An alert of a storyline is handled as its story says; any other one promptly, most of the time.
 */
export class Staff {
  readonly #agenda: Agenda;
  readonly #stage: Stage;
  readonly #handling: ReadonlyMap<string, Handling>;
  readonly #random: Random;
  readonly #calendar: Calendar;
  readonly #everyday = new Map<string, Handling>();
  readonly #handled = new Set<string>();

  constructor(
    agenda: Agenda,
    stage: Stage,
    storylines: readonly Storyline[],
    calendar: Calendar,
    random: Random,
  ) {
    this.#agenda = agenda;
    this.#stage = stage;
    this.#random = random;
    this.#calendar = calendar;
    this.#handling = new Map(storylines.map((line) => [line.customer.id, line.handling]));
  }

  hear(event: AlertEvent): void {
    const { alert } = event;
    if (alert.stage === 'shadow') return;
    const handling = this.#handlingOf(alert.alertId, alert.subject);
    const isNew = event.type === 'raised' || event.type === 'reopened';
    if (isNew && handling !== 'nobody')
      this.#take(event, handling, PEOPLE.reactAfterMs, alert.owner.person ?? 'ana');
    const escalated = event.type === 'breached' && event.milestone === 'ack_by';
    if (escalated && handling === 'nobody') this.#take(event, 'prompt', 20 * MINUTE, LEAD);
  }

  /** Decided once for each alert. */
  #handlingOf(alertId: string, customerId: string): Handling {
    const written = this.#handling.get(customerId) ?? this.#everyday.get(alertId);
    if (written !== undefined) return written;
    const handling = this.#random.chance(0.8) ? 'prompt' : 'nobody';
    this.#everyday.set(alertId, handling);
    return handling;
  }

  /** Acknowledge, call, close: each a while after the one before. */
  #take({ alert, recordedAt }: AlertEvent, handling: Handling, afterMs: number, person: string): void {
    if (this.#handled.has(alert.alertId)) return;
    this.#handled.add(alert.alertId);
    const atWork = (from: number, ms: number): number => addBusinessTime(this.#calendar, from, ms);
    const acknowledgeAt = atWork(recordedAt, afterMs + this.#random.integer(0, 5) * MINUTE);
    const callAt = atWork(acknowledgeAt, PEOPLE.callAfterMs);
    const closeAt = atWork(callAt, PEOPLE.closeAfterMs + this.#random.integer(0, 3) * HOUR);
    this.#agenda.add(acknowledgeAt, () => this.#stage.order(alert.alertId, 'acknowledge', {}, person));
    if (handling === 'open') return;
    this.#agenda.add(callAt, () => this.#call(alert.subject, alert.alertId, callAt, person));
    const close = handling === 'lost' ? LOST : SAVED[this.#random.integer(0, SAVED.length - 1)];
    this.#agenda.add(closeAt, () => this.#stage.order(alert.alertId, 'close', close ?? LOST, person));
    if (handling === 'lost')
      this.#agenda.add(closeAt + DAY, () => this.#leaves(alert.subject, closeAt + DAY));
  }

  async #leaves(customerId: string, at: number): Promise<void> {
    const attributes = { active: false };
    await this.#stage.accept('crm-records', [
      { id: `left-${customerId}`, customerId, occurredAt: at, event: 'profile_updated', attributes },
    ]);
  }

  /** Most calls are in the telephone system's notes and prove the contact; some are only said to have been made. */
  async #call(customerId: string, alertId: string, at: number, person: string): Promise<void> {
    const isCustomer = customerId.startsWith('N-');
    if (!isCustomer || this.#random.chance(0.25)) {
      await this.#stage.order(
        alertId,
        'contact',
        { channel: 'phone', reached: true, note: 'Spoke to the customer.' },
        person,
      );
      return;
    }
    await this.#stage.accept('call-notes', [
      {
        id: `callback-${alertId}`,
        customerId,
        occurredAt: at,
        direction: 'outbound',
        reached: true,
        channel: 'phone',
        agent: person,
        text: 'Called back, apologised and agreed on what happens next.',
      },
    ]);
  }
}

/** Who steps in when nobody has. */
const LEAD = 'petra';

const SAVED = [
  { outcome: 'saved', rootCause: 'outage', note: 'Credited one month.' },
  { outcome: 'saved', rootCause: 'price', note: 'Moved to a plan that fits.' },
  { outcome: 'not_at_risk', rootCause: 'misunderstanding', note: 'Explained the bill.' },
];
const LOST = { outcome: 'churned', rootCause: 'price', note: 'Has already signed with another provider.' };

/** How long people take for things. */
const PEOPLE = { reactAfterMs: 9 * MINUTE, callAfterMs: 40 * MINUTE, closeAfterMs: 3 * HOUR } as const;
