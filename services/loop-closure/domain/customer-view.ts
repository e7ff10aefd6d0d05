import {
  HANDLED,
  type KeyedProcess,
  type Step,
  skipped,
} from '../../platform/keyed-process/keyed-process.ts';

/**
 * Where a customer's latest assessments lie in the log, oldest first. Nothing else is kept per customer: the
 * story is read from the log when somebody asks for it.
 */
export type CustomerViewState = readonly number[];

/** Assessments that a story goes back. Source: an agent reads two screens at most before a call. */
export const STORY_LENGTH = 50;

/** Remembers where the customer's story is. On the path of every signal, so it does nothing else. */
export const customerView: KeyedProcess<CustomerViewState> = {
  name: 'customer-view',
  keySpace: 'customer',
  inputs: ['assessments'],
  onInput(state, input): Step<CustomerViewState> {
    if (input.topic !== 'assessments') return OTHER_TOPIC;
    if (state === undefined) return { outcome: HANDLED, state: [input.offset] };
    const last = state[state.length - 1];
    if (last !== undefined && input.offset <= last) return REPEATED;
    return { outcome: HANDLED, state: appended(state, input.offset) };
  },
};

const OTHER_TOPIC = skipped('other_topic');
const REPEATED = skipped('repeated');

const appended = (state: CustomerViewState, offset: number): CustomerViewState => {
  const next = state.length < STORY_LENGTH ? state.slice() : state.slice(state.length - STORY_LENGTH + 1);
  next.push(offset);
  return next;
};
