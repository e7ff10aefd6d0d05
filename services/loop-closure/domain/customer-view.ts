import type { Assessment } from '../../contracts/assessment.ts';
import {
  HANDLED,
  type KeyedProcess,
  type Step,
  skipped,
} from '../../platform/keyed-process/keyed-process.ts';
import type { Told } from './standing.ts';

/**
 * Where a customer's latest assessments lie in the log, oldest first. Nothing else is kept per customer: the
 * story is read from the log when somebody asks for it.
 */
export type CustomerViewState = readonly number[];

/** Assessments that a story goes back. Source: an agent reads two screens at most before a call. */
export const STORY_LENGTH = 50;

/**
 * Remembers where the customer's story is, and hands on what the CRM says of whether they are a customer. On the path of
 * every signal, so it does nothing else.
 */
export const customerView: KeyedProcess<CustomerViewState> = {
  name: 'customer-view',
  keySpace: 'customer',
  inputs: ['assessments'],
  onInput(state, input): Step<CustomerViewState> {
    if (input.topic !== 'assessments') return OTHER_TOPIC;
    const last = state?.[state.length - 1];
    if (last !== undefined && input.offset <= last) return REPEATED;
    const next = state === undefined ? [input.offset] : appended(state, input.offset);
    const told = toldIn(input.value);
    if (told === undefined) return { outcome: HANDLED, state: next };
    return {
      outcome: HANDLED,
      state: next,
      views: [{ view: 'standings', id: told.customerId, row: told }],
    };
  },
};

function toldIn({ customerId, signal: { attributes, occurredAt: at } }: Assessment): Told | undefined {
  const active = attributes?.active;
  return active === undefined ? undefined : { customerId, active, at };
}

const OTHER_TOPIC = skipped('other_topic');
const REPEATED = skipped('repeated');

const appended = (state: CustomerViewState, offset: number): CustomerViewState => {
  const next = state.length < STORY_LENGTH ? state.slice() : state.slice(state.length - STORY_LENGTH + 1);
  next.push(offset);
  return next;
};
