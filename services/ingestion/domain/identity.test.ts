import { expect, test } from 'vitest';
import type { CrmRecord } from '../../contracts/sources.ts';
import {
  accountIdentity,
  claimedIdentities,
  emailIdentity,
  handleIdentity,
  leadingIdentity,
  parseIdentity,
  phoneIdentity,
} from './identity.ts';

test.each([
  [' Ada@Example.ORG ', 'email:ada@example.org'],
  ['mailto:ada@example.org', 'email:ada@example.org'],
  ['ada+bills@example.org', 'email:ada+bills@example.org'],
  ['a.da@example.org', 'email:a.da@example.org'],
  ['n/a', undefined],
  ['ada@example', undefined],
  ['Ada <ada@example.org>', undefined],
  [`${'a'.repeat(260)}@example.org`, undefined],
])('the e-mail address %j has the normal form %j', (raw, expected) => {
  expect(emailIdentity(raw)).toBe(expected);
});

test.each([
  ['+49 (0)30 1234-567', 'phone:+49301234567'],
  ['0049 30 1234567', 'phone:+49301234567'],
  ['030 / 123 45 67', 'phone:0301234567'],
  ['tel:+1-202-555-0143', 'phone:+12025550143'],
  ['(202) 555.0143', 'phone:2025550143'],
  ['12345', undefined],
  ['+1234567890123456', undefined],
  ['unknown', undefined],
  ['555-0143 ext 7', undefined],
])('the phone number %j has the normal form %j', (raw, expected) => {
  expect(phoneIdentity(raw)).toBe(expected);
});

test('a national number and the same number with a country code are not taken for one', () => {
  expect(phoneIdentity('0301234567')).not.toBe(phoneIdentity('+49301234567'));
});

test.each([
  ['@Ada_L', 'Twitter', 'handle:twitter:ada_l'],
  ['mastodon:Ada', undefined, 'handle:mastodon:ada'],
  ['mastodon:Ada', 'twitter', 'handle:mastodon:ada'],
  ['645101', 'twitter', 'handle:twitter:645101'],
  ['@ada', undefined, undefined],
  ['ada lovelace', 'twitter', undefined],
  ['@', 'twitter', undefined],
])('the handle %j on %j has the normal form %j', (raw, network, expected) => {
  expect(handleIdentity(raw, network)).toBe(expected);
});

test('an account id keeps its case', () => {
  expect(accountIdentity(' AB  12 ')).toBe('account:AB 12');
});

test('of several identities the account leads, then e-mail, phone and handle', () => {
  const all = { accountId: 'K1', email: 'a@b.org', phone: '+4930123456', handle: '@a', network: 'x' };
  const { accountId: _account, ...withoutAccount } = all;
  const { email: _email, ...withoutEmail } = withoutAccount;
  const { phone: _phone, ...withoutPhone } = withoutEmail;
  expect([all, withoutAccount, withoutEmail, withoutPhone, {}].map(leadingIdentity)).toEqual([
    'account:K1',
    'email:a@b.org',
    'phone:+4930123456',
    'handle:x:a',
    undefined,
  ]);
});

test('an unusable identity gives way to the next one', () => {
  expect(leadingIdentity({ email: 'n/a', phone: '+4930123456' })).toBe('phone:+4930123456');
});

test('a CRM record claims each identity once, in whatever spelling, and skips unusable ones', () => {
  const record: CrmRecord = {
    id: '1',
    occurredAt: 0,
    customerId: 'c1',
    event: 'profile_updated',
    emails: ['a@b.org', 'A@B.org', 'n/a'],
    email: 'a@b.org',
    handles: ['x:@Ada'],
    accountIds: ['K1'],
  };
  expect(claimedIdentities(record)).toEqual(['account:K1', 'email:a@b.org', 'handle:x:ada']);
});

test.each([
  ['email:ADA@example.org', 'email:ada@example.org'],
  ['handle:x:@Ada', 'handle:x:ada'],
  ['phone:+49 30 1234567', 'phone:+49301234567'],
  ['account:K1', 'account:K1'],
  ['ada@example.org', undefined],
  ['', undefined],
])('an operator may write %j', (text, expected) => {
  expect(parseIdentity(text)).toBe(expected);
});
