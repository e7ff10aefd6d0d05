import type { CustomerLoop } from '../../contracts/identity.ts';
import type { Signal } from '../../contracts/signal.ts';
import type { Emit, Input, KeyedProcess, Step } from '../../platform/keyed-process/keyed-process.ts';
import { HANDLED, skipped } from '../../platform/keyed-process/keyed-process.ts';

/** The open loops of one customer. Forgotten with the last of them. */
export interface CustomerLoops {
  /** Since when there has been at least one. */
  readonly since: number;
  /** Oldest first. */
  readonly open: readonly {
    readonly alertKey: string;
    readonly alertId: string;
    readonly openedAt: number;
  }[];
}

// One object for all: nearly every signal of nearly every customer ends here.
const NO_CONTACT: Step<CustomerLoops> = skipped('no_contact');
const NO_OPEN_LOOP: Step<CustomerLoops> = skipped('no_open_loop');
const REPEATED: Step<CustomerLoops> = skipped('repeated');

/**
 * The customer's side of the loops: a record that somebody spoke to the customer proves the contact for every
 * loop that was open by then, and while a loop is open the customer is held for surveys and marketing.
 *
 * Not promised: a contact whose record is read before the loop's opening, which can only happen where topics
 * are read by different machines, proves nothing.
 */
export function createCustomerProcess(): KeyedProcess<CustomerLoops> {
  return {
    name: 'alerting-customers',
    keySpace: 'customer',
    inputs: ['signals', 'customer-loops'],
    onInput(state, input) {
      switch (input.topic) {
        case 'signals':
          if (input.value.type !== 'contact.logged' || input.value.reached === undefined) return NO_CONTACT;
          return state === undefined ? NO_OPEN_LOOP : prove(state, input.value);
        case 'customer-loops':
          return input.value.open ? open(state, input.value) : close(state, input.value);
        default:
          throw unexpected(input);
      }
    },
  };
}

/** A contact before the opening was about something else. */
function prove(state: CustomerLoops, signal: Signal): Step<CustomerLoops> {
  const proofs = state.open
    .filter(({ openedAt }) => openedAt <= signal.occurredAt)
    .map(
      ({ alertKey, alertId }): Emit => ({
        topic: 'contact-proofs',
        key: alertKey,
        value: { alertKey, alertId, signal },
      }),
    );
  return proofs.length === 0 ? NO_OPEN_LOOP : { outcome: HANDLED, emit: proofs };
}

function open(state: CustomerLoops | undefined, loop: CustomerLoop): Step<CustomerLoops> {
  const { alertKey, alertId, openedAt } = loop;
  if (state?.open.some((known) => known.alertId === alertId)) return REPEATED;
  const others = state?.open.filter((known) => known.alertKey !== alertKey) ?? [];
  const next = { since: state?.since ?? loop.at, open: [...others, { alertKey, alertId, openedAt }] };
  return { outcome: HANDLED, state: next, emit: [hold(loop.customerId, next)] };
}

function close(state: CustomerLoops | undefined, loop: CustomerLoop): Step<CustomerLoops> {
  const left = state?.open.filter((known) => known.alertId !== loop.alertId) ?? [];
  if (state === undefined || left.length === state.open.length) return REPEATED;
  if (left.length > 0) {
    const next = { ...state, open: left };
    return { outcome: HANDLED, state: next, emit: [hold(loop.customerId, next)] };
  }
  const { customerId, at } = loop;
  const released: Emit = {
    topic: 'contact-holds',
    key: customerId,
    value: { customerId, held: false, since: at, alertKeys: [] },
  };
  return { outcome: HANDLED, state: null, emit: [released] };
}

const hold = (customerId: string, { since, open: loops }: CustomerLoops): Emit => ({
  topic: 'contact-holds',
  key: customerId,
  value: { customerId, held: true, since, alertKeys: loops.map(({ alertKey }) => alertKey) },
});

const unexpected = (input: Input): Error =>
  new Error(`alerting-customers does not take ${input.topic}; check the topology`);
