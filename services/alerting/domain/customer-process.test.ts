import { expect, test } from 'vitest';
import type { CustomerLoop } from '../../contracts/identity.ts';
import type { Signal } from '../../contracts/signal.ts';
import type { Emit, Input } from '../../platform/keyed-process/keyed-process.ts';
import { at, callNote } from '../test-support/alert-story.ts';
import { type CustomerLoops, createCustomerProcess } from './customer-process.ts';

const loop = (alertKey: string, open: boolean, when: string): CustomerLoop => ({
  customerId: 'c1',
  alertKey,
  alertId: `${alertKey}#1`,
  open,
  openedAt: at(when),
  at: at(when),
});

function play(...inputs: readonly (CustomerLoop | Signal)[]) {
  const process = createCustomerProcess();
  const facts: Emit[] = [];
  let state: CustomerLoops | undefined;
  let outcome: unknown;
  for (const value of inputs) {
    const topic = 'alertKey' in value ? 'customer-loops' : 'signals';
    // Topic and value belong together: only loops have an alert key.
    const input = { topic, key: 'c1', value, partition: 0, offset: 0, appendedAt: 0 } as Input;
    const step = process.onInput(state, input, 0);
    outcome = step.outcome;
    if (step.state !== undefined) state = step.state ?? undefined;
    facts.push(...(step.emit ?? []));
  }
  return { state, facts, outcome, last: facts.at(-1)?.value };
}

test('while a loop is open the customer is held, and released with the last one', () => {
  const { facts, state } = play(
    loop('a', true, 'Fri 15:00'),
    loop('b', true, 'Fri 16:00'),
    loop('a', false, 'Fri 17:00'),
    loop('b', false, 'Mon 10:00'),
  );
  const since = at('Fri 15:00');
  expect(facts.map((fact) => fact.value)).toEqual([
    { customerId: 'c1', held: true, since, alertKeys: ['a'] },
    { customerId: 'c1', held: true, since, alertKeys: ['a', 'b'] },
    { customerId: 'c1', held: true, since, alertKeys: ['b'] },
    { customerId: 'c1', held: false, since: at('Mon 10:00'), alertKeys: [] },
  ]);
  expect(state).toBeUndefined();
});

test('the same word about a loop twice changes nothing', () => {
  const opening = loop('a', true, 'Fri 15:00');
  expect(play(opening, opening).outcome).toEqual({ type: 'skipped', reason: 'repeated' });
  const closing = loop('a', false, 'Fri 16:00');
  expect(play(opening, closing, closing).outcome).toEqual({ type: 'skipped', reason: 'repeated' });
});

test('a conversation proves the contact for every loop that was open by then', () => {
  const note = callNote('n1', at('Fri 15:30'));
  const { facts } = play(
    loop('a', true, 'Fri 15:00'),
    loop('b', true, 'Fri 15:30'),
    loop('c', true, 'Fri 15:31'),
    note,
  );
  const proofs = facts.filter((fact) => fact.topic === 'contact-proofs');
  expect(proofs.map((fact) => fact.value)).toEqual([
    { alertKey: 'a', alertId: 'a#1', signal: note },
    { alertKey: 'b', alertId: 'b#1', signal: note },
  ]);
});

test('a call that reached nobody is handed on as an attempt', () => {
  const note = callNote('n1', at('Fri 15:30'), { reached: false });
  const { facts } = play(loop('a', true, 'Fri 15:00'), note);
  expect(facts.at(-1)?.value).toEqual({ alertKey: 'a', alertId: 'a#1', signal: note });
});

test.each([
  ['a complaint', callNote('n1', at('Fri 16:00'), { type: 'complaint.received' }), 'no_contact'],
  ['a change of identity', callNote('n1', at('Fri 16:00'), { type: 'identity.joined' }), 'no_contact'],
  ['a conversation before the opening', callNote('n1', at('Fri 14:59')), 'no_open_loop'],
])('%s proves nothing', (_, signal, reason) => {
  const { outcome, facts } = play(loop('a', true, 'Fri 15:00'), signal);
  expect(outcome).toEqual({ type: 'skipped', reason });
  expect(facts).toHaveLength(1);
});

test('a conversation with a customer without loops keeps no state', () => {
  const { state, outcome } = play(callNote('n1', at('Fri 15:00')));
  expect(state).toBeUndefined();
  expect(outcome).toEqual({ type: 'skipped', reason: 'no_open_loop' });
});
