import { expect, test } from 'vitest';
import type { IdentityEntry } from '../../contracts/identity.ts';
import type { Signal } from '../../contracts/signal.ts';
import type { Step } from '../../platform/keyed-process/keyed-process.ts';
import { DAY } from '../../platform/time/clock.ts';
import {
  type IdentityState,
  identityProcess,
  MAX_WAITING,
  MAX_WAITING_TEXT,
  QUARANTINE_MS,
} from './identity-process.ts';

const identity = 'handle:x:ada';
const NOW = Date.UTC(2026, 10, 22);

/** Folds entries one after the other; the steps as they came out, and the state at the end. */
function run(...entries: readonly IdentityEntry[]): {
  steps: Step<IdentityState>[];
  state: IdentityState | undefined;
} {
  let state: IdentityState | undefined;
  const steps = entries.map((value, offset) => {
    const record = {
      topic: 'identities',
      key: identity,
      value,
      partition: 0,
      offset,
      appendedAt: NOW,
    } as const;
    const step = identityProcess.onInput(state, record, NOW);
    if (step.state !== undefined) state = step.state ?? undefined;
    return step;
  });
  return { steps, state };
}

const signal = (id: string, more: Partial<Signal> = {}): Signal => ({
  id: `social-posts/${id}`,
  type: 'post.published',
  customerId: `quarantine:${identity}`,
  quarantined: true,
  occurredAt: NOW,
  receivedAt: NOW,
  source: 'social-posts',
  channel: 'social',
  via: identity,
  text: id,
  ...more,
});
const said = (id: string, more: Partial<Signal> = {}): IdentityEntry => ({
  type: 'said',
  identity,
  signal: signal(id, more),
});
const claim = (customerId: string, recordId = `r-${customerId}`): IdentityEntry => ({
  type: 'claim',
  identity,
  customerId,
  recordId,
  at: NOW + 1,
});
const separate = (customerId: string): IdentityEntry => ({
  type: 'separate',
  identity,
  customerId,
  by: { kind: 'person', id: 'lead@acme.test' },
  reason: 'shared account',
  at: NOW + 2,
});

/** What a step sends out, as `signal id → customer`. */
const sent = (step: Step<IdentityState> | undefined): string[] =>
  (step?.emit ?? []).map((emit) =>
    emit.topic === 'signals' ? `${emit.value.id} → ${emit.value.customerId}` : emit.topic,
  );

test('words under an unclaimed identity go out at once, under quarantine', () => {
  const { steps } = run(said('1'));
  expect(sent(steps[0])).toEqual([`social-posts/1 → quarantine:${identity}`]);
  expect(steps[0]?.outcome).toEqual({ type: 'handled', reason: 'quarantined' });
});

test('a claim hands over what waited, each marked, behind one line of audit', () => {
  const { steps } = run(said('1'), said('2'), claim('c1'));
  expect(sent(steps[2])).toEqual([
    'identities/handle:x:ada/identity.joined/r-c1 → c1',
    'social-posts/1+joined → c1',
    'social-posts/2+joined → c1',
  ]);
  expect(steps[2]?.emit?.[0]).toMatchObject({
    value: { type: 'identity.joined', identity, occurredAt: NOW + 1 },
  });
  expect(steps[2]?.emit?.[1]).toMatchObject({ value: { quarantined: false, via: identity } });
});

test('after a claim, words go straight to the owner', () => {
  const { steps, state } = run(said('1'), claim('c1'), said('2'));
  expect(sent(steps[2])).toEqual(['social-posts/2 → c1']);
  expect(state?.waiting).toBeUndefined();
});

test('a claim that finds nothing waiting joins nothing', () => {
  const { steps, state } = run(claim('c1'));
  expect(sent(steps[0])).toEqual([]);
  expect(state?.owner).toEqual({ customerId: 'c1', recordId: 'r-c1', at: NOW + 1 });
});

test('the same customer claiming again changes nothing', () => {
  const { steps } = run(claim('c1'), claim('c1', 'r2'));
  expect(steps[1]).toEqual({ outcome: { type: 'skipped', reason: 'already_claimed' } });
});

test('a later claim by another customer does not steal the identity, and is kept for a person to see', () => {
  const { steps, state } = run(claim('c1'), claim('c2'), claim('c2', 'r9'), said('1'));
  expect(steps[1]?.outcome).toEqual({ type: 'skipped', reason: 'identity_conflict' });
  expect(sent(steps[3])).toEqual(['social-posts/1 → c1']);
  expect(state?.conflicts?.map((each) => each.customerId)).toEqual(['c2']);
});

test('a separation is audited with who and why, and quarantines what follows', () => {
  const { steps } = run(claim('c1'), separate('c1'), said('1'));
  expect(steps[1]?.emit?.[0]).toMatchObject({
    key: 'c1',
    value: { type: 'identity.separated', identity, agent: 'lead@acme.test', category: 'shared account' },
  });
  expect(sent(steps[2])).toEqual([`social-posts/1 → quarantine:${identity}`]);
});

test('after a separation the same customer’s record does not join it again, another’s does', () => {
  const { steps } = run(claim('c1'), separate('c1'), said('1'), claim('c1', 'r2'), claim('c2'));
  expect(steps[3]?.outcome).toEqual({ type: 'skipped', reason: 'separated_before' });
  expect(sent(steps[4])).toContain('social-posts/1+joined → c2');
});

test('separating what is not joined changes nothing', () => {
  expect(run(claim('c1'), separate('c2')).steps[1]).toEqual({
    outcome: { type: 'skipped', reason: 'not_joined' },
  });
});

test('only the newest fifty wait', () => {
  const posts = Array.from({ length: MAX_WAITING + 5 }, (_, index) => said(String(index)));
  const { steps } = run(...posts, claim('c1'));
  const joined = sent(steps.at(-1));
  expect(joined).toHaveLength(MAX_WAITING + 1);
  expect(joined[1]).toBe('social-posts/5+joined → c1');
});

test('long words wait only as far as their total allows', () => {
  const text = 'x'.repeat(MAX_WAITING_TEXT / 2);
  const { state } = run(said('1', { text }), said('2', { text }), said('3', { text }));
  expect(state?.waiting?.map((each) => each.id)).toEqual(['social-posts/2', 'social-posts/3']);
});

test('one very long word still waits', () => {
  const { state } = run(said('1', { text: 'x'.repeat(2 * MAX_WAITING_TEXT) }));
  expect(state?.waiting).toHaveLength(1);
});

test('unclaimed words are forgotten after ninety days', () => {
  const { steps, state } = run(said('1'));
  const dueAt = NOW + QUARANTINE_MS;
  expect(steps[0]?.timers).toEqual([{ name: 'quarantine', dueAt }]);
  const fired = identityProcess.onTimer?.(state, { key: identity, name: 'quarantine', dueAt }, dueAt);
  expect(fired).toEqual({ outcome: { type: 'handled' }, state: null });
});

test('younger words renew the timer', () => {
  const { state } = run(said('1'), said('2', { receivedAt: NOW + DAY }));
  const dueAt = NOW + QUARANTINE_MS;
  const fired = identityProcess.onTimer?.(state, { key: identity, name: 'quarantine', dueAt }, dueAt);
  expect(fired).toEqual({
    outcome: { type: 'handled' },
    timers: [{ name: 'quarantine', dueAt: dueAt + DAY }],
  });
});
