import { expect, test } from 'vitest';
import type { Complaint } from '../../contracts/sources.ts';
import type { Input } from '../../platform/keyed-process/keyed-process.ts';
import { NO_OWN_VOICES } from './ignore.ts';
import { ingestionProcess } from './ingestion-process.ts';

const NOW = Date.UTC(2026, 10, 22);
const process = ingestionProcess(NO_OWN_VOICES);

const input = (value: Complaint): Input => ({
  topic: 'complaints',
  key: 'c1',
  value,
  partition: 0,
  offset: 0,
  appendedAt: NOW,
});
const onComplaint = (value: Complaint, now = NOW) => process.onInput(undefined, input(value), now);

const complaint: Complaint = { id: '7', occurredAt: NOW - 1000, customerId: 'c1', text: 'Down' };

test('a good record is handled', () => {
  const step = onComplaint(complaint);
  expect(step.outcome).toEqual({ type: 'handled' });
  expect(step.emit).toHaveLength(1);
});

test('the same input yields the same signals, whenever it is run', () => {
  expect(onComplaint(complaint, NOW + 86_400_000)).toEqual(onComplaint(complaint));
});

test('an automatic reply is skipped with its reason', () => {
  expect(onComplaint({ ...complaint, text: 'Automatic reply: away' })).toEqual({
    outcome: { type: 'skipped', reason: 'auto_submitted' },
  });
});

test('a record that names nobody is a dead letter of its own kind', () => {
  const { customerId: _, ...nobody } = complaint;
  expect(onComplaint(nobody).outcome).toMatchObject({ type: 'deadLetter', reason: 'no_identity' });
});

test('the detail of a dead letter names the field and what is allowed, never the value', () => {
  const step = onComplaint({ ...complaint, text: `secret words${'\0'}` });
  expect(step.outcome).toMatchObject({ type: 'deadLetter', reason: 'invalid_record' });
  expect(JSON.stringify(step)).toContain('text: not_unicode');
  expect(JSON.stringify(step)).not.toContain('secret');
});
