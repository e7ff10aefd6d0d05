import { expect, test } from 'vitest';
import { toFacts } from './to-signal.ts';

const at = Date.UTC(2026, 10, 22);
const received = at + 5000;
const base = { id: '7', occurredAt: at, customerId: 'c1' };

const signalOf = (facts: ReturnType<typeof toFacts>) => facts?.[0]?.value;

test('a complaint of a known customer becomes a signal under the customer', () => {
  expect(toFacts('complaints', { ...base, text: 'Down', category: 'outage' }, received)).toEqual([
    {
      topic: 'signals',
      key: 'c1',
      value: {
        id: 'complaints/7',
        type: 'complaint.received',
        customerId: 'c1',
        quarantined: false,
        occurredAt: at,
        receivedAt: received,
        source: 'complaints',
        channel: 'web',
        text: 'Down',
        category: 'outage',
        complaintId: '7',
      },
    },
  ]);
});

test('a complaint that the source closed is a resolution of the complaint it names', () => {
  const facts = toFacts('complaints', { ...base, complaintId: '3', status: 'resolved' }, received);
  expect(signalOf(facts)).toMatchObject({ type: 'complaint.resolved', complaintId: '3' });
});

test.each([
  [
    'outbound',
    { direction: 'outbound', reached: true },
    { type: 'contact.logged', direction: 'outbound', reached: true },
  ],
  ['inbound', { direction: 'inbound' }, { type: 'call_note.received', direction: 'inbound' }],
  ['undirected', {}, { type: 'call_note.received', direction: 'inbound' }],
] as const)('an %s call note says who spoke to whom', (_, said, expected) => {
  expect(signalOf(toFacts('call-notes', { ...base, ...said }, received))).toMatchObject(expected);
});

test.each([
  ['profile_updated', 'profile.updated'],
  ['order_delayed', 'order.delayed'],
  ['payment_failed', 'payment.failed'],
  ['usage_dropped', 'usage.dropped'],
  ['contract_ending', 'contract.ending'],
  ['price_raised', 'price.raised'],
  ['outage_reported', 'outage.reported'],
  ['survey_answered', 'survey.answered'],
  ['purchase_made', 'purchase.made'],
] as const)('the CRM event %s becomes %s', (event, type) => {
  expect(signalOf(toFacts('crm-records', { ...base, event }, received))).toMatchObject({
    type,
    channel: 'crm',
  });
});

test('a CRM record claims its identities behind its signal', () => {
  const record = { ...base, event: 'profile_updated', emails: ['A@b.org'], handles: ['x:@ada'] } as const;
  const claim = { type: 'claim', customerId: 'c1', recordId: '7', at: received };
  expect(toFacts('crm-records', record, received)?.slice(1)).toEqual([
    { topic: 'identities', key: 'email:a@b.org', value: { ...claim, identity: 'email:a@b.org' } },
    { topic: 'identities', key: 'handle:x:ada', value: { ...claim, identity: 'handle:x:ada' } },
  ]);
});

test('a post by a handle is said under the handle, for the identity process to place', () => {
  const post = { id: '7', occurredAt: at, text: 'Down', handle: '@Ada', network: 'X', followers: 12 };
  expect(toFacts('social-posts', post, received)).toEqual([
    {
      topic: 'identities',
      key: 'handle:x:ada',
      value: {
        type: 'said',
        identity: 'handle:x:ada',
        signal: expect.objectContaining({
          id: 'social-posts/7',
          customerId: 'quarantine:handle:x:ada',
          quarantined: true,
          via: 'handle:x:ada',
          network: 'x',
          followers: 12,
        }),
      },
    },
  ]);
});

test('a record that names nobody makes nothing known', () => {
  expect(toFacts('complaints', { id: '7', occurredAt: at, email: 'n/a' }, received)).toBeUndefined();
});
