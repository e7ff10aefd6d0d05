import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Complaint,
  countOf,
  type OpenComplaints,
  oldestAt,
  opened,
  resolved,
  withoutThrough,
} from './open-complaints.ts';

const complaint: fc.Arbitrary<Complaint> = fc.record(
  {
    id: fc.integer({ min: 0, max: 12 }).map((number) => `complaints/${number}`),
    at: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.maxSafeNat()),
    via: fc.constantFrom('handle:x:ada', 'email:ada@example.org'),
  },
  { requiredKeys: ['id', 'at'] },
);

/** The plain way: a sorted list of at most eight, each id once. */
function listed(complaints: readonly Complaint[]): readonly Complaint[] {
  let open: readonly Complaint[] = [];
  for (const one of complaints) {
    if (open.some(({ id }) => id === one.id)) continue;
    open = [...open, one].toSorted((a, b) => a.at - b.at).slice(0, 8);
  }
  return open;
}

const told = (complaints: readonly Complaint[]): OpenComplaints => complaints.reduce(opened, '');

type Left = readonly [count: number, oldestAt: number | undefined];

/** Resolves one after the other: what is left each time, and since when. */
function unwound(open: OpenComplaints, ids: readonly string[]): readonly Left[] {
  let rest = open;
  return ids.map((id) => {
    const seen = [countOf(rest), oldestAt(rest)] as const;
    rest = resolved(rest, id);
    return seen;
  });
}

const unwoundList = (open: readonly Complaint[]): readonly Left[] =>
  open.map(({ at }, index) => [open.length - index, at]);

test('complaints are open, oldest first, until they are resolved', () => {
  fc.assert(
    fc.property(fc.array(complaint, { maxLength: 30 }), (complaints) => {
      const list = listed(complaints);
      const open = told(complaints);
      expect(countOf(open)).toBe(list.length);
      expect(
        unwound(
          open,
          list.map(({ id }) => id),
        ),
      ).toEqual(unwoundList(list));
    }),
  );
});

test('taking back an identity leaves what came by itself or through another one', () => {
  fc.assert(
    fc.property(fc.array(complaint, { maxLength: 30 }), (complaints) => {
      const list = listed(complaints).filter(({ via }) => via !== 'handle:x:ada');
      const open = withoutThrough(told(complaints), 'handle:x:ada');
      expect(
        unwound(
          open,
          list.map(({ id }) => id),
        ),
      ).toEqual(unwoundList(list));
      expect(countOf(open)).toBe(list.length);
    }),
  );
});

test('resolving what is not open changes nothing', () => {
  const open = told([{ id: 'a', at: 1 }]);
  expect(resolved(open, 'b')).toBe(open);
});
