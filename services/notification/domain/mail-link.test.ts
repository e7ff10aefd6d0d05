import { expect, test } from 'vitest';
import { SECOND } from '../../platform/time/clock.ts';
import { T0 } from '../test-support/an-alert.ts';
import { LINK_LIVES_MS, type MailLink, readMailLink, writeMailLink } from './mail-link.ts';

const SECRET = 'a secret of the right length';
const link: MailLink = {
  type: 'close',
  alert: {
    alertKey: 'repeat-complaint:c-7',
    alertId: 'repeat-complaint:c-7#1',
    label: 'T-7Q4MX',
    outcomes: ['saved', 'churned'],
    answerOn: 'email',
  },
  recipient: 'ana@example.com',
  expiresAt: T0 + LINK_LIVES_MS,
};
const token = writeMailLink(SECRET, link);

test('a link is read as what it was written as, until it expires', () => {
  expect(readMailLink(SECRET, token, link.expiresAt - 1)).toEqual({ state: 'valid', link });
  expect(readMailLink(SECRET, token, link.expiresAt)).toEqual({ state: 'expired', link });
});

test('it stands in an address as it is', () => {
  expect(token).toMatch(/^[\w.-]+$/);
  expect(token.length).toBeLessThan(400);
});

test('with another secret it is nobody’s', () => {
  expect(readMailLink('another secret, just as long', token, T0)).toEqual({ state: 'forged' });
});

test.each([
  ['another action', { ...link, type: 'acknowledge' }],
  ['another alert', { ...link, alert: { ...link.alert, alertId: 'repeat-complaint:c-8#1' } }],
  ['another person', { ...link, recipient: 'ben@example.com' }],
  ['a later end', { ...link, expiresAt: link.expiresAt + SECOND }],
] as const)('the signature of one link does not hold for %s', (_, other) => {
  const [body] = writeMailLink(SECRET, other).split('.');
  const [, signature] = token.split('.');
  expect(readMailLink(SECRET, `${body}.${signature}`, T0)).toEqual({ state: 'forged' });
});

test.each(['', '.', 'x', token.slice(0, -1), `${token}.x`, `${token}=`, `.${token.split('.')[1]}`])(
  'what is no whole link is forged: %j',
  (broken) => {
    expect(readMailLink(SECRET, broken, T0)).toEqual({ state: 'forged' });
  },
);
