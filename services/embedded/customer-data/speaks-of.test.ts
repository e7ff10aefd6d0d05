import { expect, test } from 'vitest';
import {
  aboutCustomer,
  type CustomerNames,
  recordWithout,
  signalIdOf,
  withoutCustomer,
} from './speaks-of.ts';

const ADA: CustomerNames = {
  subjects: new Set(['ada', 'quarantine:email:ada@x.org']),
  identities: new Set(['email:ada@x.org']),
  alertKeys: new Set(['cancel:ada']),
  signals: new Set(['complaints/17']),
};

test.each([
  ['customerId', { customerId: 'ada' }],
  ['subject', { subject: 'quarantine:email:ada@x.org' }],
  ['identity', { identity: 'email:ada@x.org' }],
  ['via', { via: 'email:ada@x.org' }],
  ['alertKey', { alertKey: 'cancel:ada' }],
  ['signalId', { signalId: 'complaints/17' }],
  ['something deep inside', { request: { customer: { customerId: 'ada' } } }],
])('what is about the customer by its %s goes whole', (_, value) => {
  expect(withoutCustomer(value, ADA)).toEqual({ gone: true });
});

test('of an alert about many only the evidence of the customer is cut out', () => {
  const alert = {
    subject: 'product=fibre',
    evidence: [
      { signalId: 'complaints/17' },
      { signalId: 'complaints/17+joined' },
      { signalId: 'complaints/18' },
    ],
  };
  expect(withoutCustomer({ alert }, ADA)).toEqual({
    gone: false,
    changed: true,
    value: { alert: { subject: 'product=fibre', evidence: [{ signalId: 'complaints/18' }] } },
  });
});

test('what is about others stays as it is, whatever words stand in it', () => {
  const value = { customerId: 'bob', text: 'ada', tier: 'ada', list: ['adam', 1, null] };
  expect(withoutCustomer(value, ADA)).toEqual({ gone: false, changed: false, value });
});

test('of what is about many only the part about the customer is shown', () => {
  const theirs = { signalId: 'complaints/17', quote: 'theirs' };
  const alert = {
    evidence: [theirs, { signalId: 'complaints/18', quote: 'of another' }],
    names: ['ada', 'bob'],
  };
  expect(aboutCustomer(alert, withoutCustomer(alert, ADA), ADA)).toEqual([theirs, 'ada']);
  expect(aboutCustomer({ subject: 'ada' }, { gone: true }, ADA)).toEqual({ subject: 'ada' });
});

test('a list of customers loses the customer', () => {
  expect(withoutCustomer({ separatedFrom: ['ada', 'bob'] }, ADA)).toMatchObject({
    value: { separatedFrom: ['bob'] },
  });
  const seen = ['complaints/17', 'complaints/17+joined', 'complaints/18'];
  expect(withoutCustomer({ seen }, ADA)).toMatchObject({ value: { seen: ['complaints/18'] } });
});

test('a record of a source that names the customer by an address only is known by its signal', () => {
  const value = { id: '17', accountId: 'A-1' };
  expect(recordWithout({ topic: 'complaints', key: '17', value }, ADA)).toEqual({ gone: true });
  // The same id in another source is another record.
  expect(recordWithout({ topic: 'call-notes', key: '17', value }, ADA)).toMatchObject({ gone: false });
  expect(recordWithout({ topic: 'alerts', key: 'cancel:ada', value: {} }, ADA)).toEqual({ gone: true });
});

test('a record that became no signal is known by the address that it names first, and by no customer id of somebody else', () => {
  const sent = (value: object) => recordWithout({ topic: 'complaints', key: 'k', value }, ADA).gone;
  expect(sent({ id: '99', email: ' Ada@X.org' })).toBe(true);
  expect(sent({ id: '99', email: 'bob@x.org' })).toBe(false);
  expect(sent({ id: '99', email: 'ada@x.org', customerId: 'bob' })).toBe(false);
  expect(sent({ id: '99', email: 7 })).toBe(false);
});

test('a signal that was handed over by a join is of the same record', () => {
  expect([signalIdOf('complaints/17+joined'), signalIdOf('complaints/a+b')]).toEqual([
    'complaints/17',
    'complaints/a+b',
  ]);
});
