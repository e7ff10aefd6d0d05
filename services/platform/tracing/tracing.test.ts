import { expect, test } from 'vitest';
import { traceContext, traceHeaders } from './tracing.ts';

const PARENT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

test.each([
  ['no state', PARENT, undefined, [PARENT, '']],
  ['the state of several systems', PARENT, 'one=1,two@x=a b', [PARENT, 'one=1,two@x=a b']],
  ['blanks between them', PARENT, 'one=1 , two=2', [PARENT, 'one=1,two=2']],
  ['a state that is none', PARENT, 'nonsense', [PARENT, '']],
  ['a state that is too long', PARENT, `one=${'x'.repeat(600)}`, [PARENT, '']],
  ['line breaks', PARENT, 'one=1\r\nx-key: secret', [PARENT, '']],
])('a sender may send %s', (_, parent, state, sent) => {
  expect(traceHeaders(traceContext(parent, state) ?? '')).toEqual(sent);
});

test.each([[undefined], ['a-lie'], [`${PARENT} one=1`], [`00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`]])(
  '%s is no trace, whatever the state says',
  (parent) => {
    expect(traceContext(parent, 'one=1')).toBeUndefined();
  },
);
