import { expect, test } from 'vitest';
import type { Complaint, SocialPost } from '../../contracts/sources.ts';
import { ignoreReason, NO_OWN_VOICES, ownVoices } from './ignore.ts';

const own = ownVoices(['twitter:@Acme'], ['help@acme.test', '@mail.acme.test']);
const post: SocialPost = { id: 'p', occurredAt: 0, text: 'We are sorry', handle: 'acme', network: 'twitter' };
const complaint: Complaint = { id: 'k', occurredAt: 0, email: 'ada@example.org' };

test('settings that are no handle or address are named', () => {
  expect(ownVoices(['acme'], ['acme', '@acme.test']).unknown).toEqual(['acme', 'acme']);
});

test('posts of our own account are ignored on its network only', () => {
  expect(ignoreReason('social-posts', post, own)).toBe('own_message');
  expect(ignoreReason('social-posts', { ...post, network: 'mastodon' }, own)).toBeUndefined();
  expect(ignoreReason('social-posts', post, NO_OWN_VOICES)).toBeUndefined();
});

test('a post marked as our own is ignored', () => {
  expect(ignoreReason('social-posts', { ...post, own: true }, NO_OWN_VOICES)).toBe('own_message');
});

test.each(['help@acme.test', 'Any.One@mail.acme.test'])('mail from our own %s is ignored', (email) => {
  expect(ignoreReason('complaints', { ...complaint, email }, own)).toBe('own_message');
});

test.each([
  'MAILER-DAEMON@example.org',
  'no-reply@example.org',
  'postmaster@example.org',
  'bounces+17@example.org',
])('mail from %s was sent by a machine', (email) => {
  expect(ignoreReason('complaints', { ...complaint, email }, NO_OWN_VOICES)).toBe('auto_submitted');
});

test.each([
  'Automatic reply: your ticket 17',
  'Out of Office: back on Monday',
  'I am currently out of the office until Monday',
  'Undeliverable: your ticket',
  'Undelivered Mail Returned to Sender',
  'Delivery Status Notification (Failure)',
  'Abwesenheitsnotiz',
  'Réponse automatique : absent',
  'Subject: Auto-Reply: away',
])('%j was written by a machine', (text) => {
  expect(ignoreReason('complaints', { ...complaint, text }, NO_OWN_VOICES)).toBe('auto_submitted');
});

test.each([
  'Your automatic reply: useless, nobody answers',
  'Out of office hours nobody picks up the phone',
  'My parcel was undelivered',
  'I am out of patience',
  'Automatic payments failed',
])('%j was written by a customer', (text) => {
  expect(ignoreReason('complaints', { ...complaint, text }, NO_OWN_VOICES)).toBeUndefined();
});

test('a CRM record is never ignored', () => {
  const record = {
    id: 'r',
    occurredAt: 0,
    customerId: 'c',
    event: 'profile_updated',
    email: 'help@acme.test',
  } as const;
  expect(ignoreReason('crm-records', record, own)).toBeUndefined();
});
