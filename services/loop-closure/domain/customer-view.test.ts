import { expect, test } from 'vitest';
import type { CustomerAttributes } from '../../contracts/sources.ts';
import type { TopicRecord } from '../../platform/keyed-process/keyed-process.ts';
import { type CustomerViewState, customerView, STORY_LENGTH } from './customer-view.ts';
import { exampleAssessment } from './example.ts';

const record = (offset: number): TopicRecord<'assessments'> => ({
  topic: 'assessments',
  key: 'c-1',
  value: exampleAssessment(),
  partition: 0,
  offset,
  appendedAt: 0,
});

const take = (state: CustomerViewState | undefined, offset: number) =>
  customerView.onInput(state, record(offset), 0);

test('the places of the latest assessments are kept, oldest first', () => {
  expect(take(undefined, 3).state).toEqual([3]);
  expect(take([3], 9).state).toEqual([3, 9]);
});

test('only as many are kept as a story goes back', () => {
  let state: CustomerViewState | undefined;
  for (let offset = 0; offset < STORY_LENGTH + 5; offset += 1) state = take(state, offset).state ?? state;
  expect(state).toHaveLength(STORY_LENGTH);
  expect([state?.[0], state?.at(-1)]).toEqual([5, STORY_LENGTH + 4]);
});

test('an assessment that was taken before is skipped', () => {
  expect(take([3, 9], 9)).toEqual({ outcome: { type: 'skipped', reason: 'repeated' } });
});

test('the state given in is not changed', () => {
  const state = Object.freeze([3]);
  take(state, 9);
  expect(state).toEqual([3]);
});

test('what the CRM says of whether they are a customer is handed on; what it does not say is not', () => {
  const said = (attributes?: CustomerAttributes) => {
    const value = exampleAssessment();
    const signal = { ...value.signal, occurredAt: 7, ...(attributes === undefined ? {} : { attributes }) };
    return customerView.onInput(undefined, { ...record(3), value: { ...value, signal } }, 0).views;
  };
  const row = { customerId: 'c-1', active: false, at: 7 };
  expect(said({ active: false })).toEqual([{ view: 'standings', id: 'c-1', row }]);
  expect([said({ name: 'Ada' }), said()]).toEqual([undefined, undefined]);
});
