import { expect, test } from 'vitest';
import { CRASH_POINTS, parseFailpoint } from './crash-point.ts';

test.each([
  ['count', { type: 'count' }],
  ['cp4:kill@3', { type: 'kill', name: 'cp4', pass: 3 }],
  ['cp10:kill@signal', { type: 'kill', name: 'cp10', pass: 'signal' }],
])('"%s" says where to die', (text, expected) => {
  expect(parseFailpoint(text)).toEqual(expected);
});

test.each([
  '',
  'cp4',
  'cp4:kill',
  'cp4:kill@0',
  'cp4:kill@-1',
  'cp11:kill@1',
  'toString:kill@1',
  'cp4:stop@1',
])('"%s" is no failpoint', (text) => expect(parseFailpoint(text)).toBeUndefined());

test('every crash point can be named', () => {
  for (const name of Object.keys(CRASH_POINTS)) {
    expect(parseFailpoint(`${name}:kill@1`)).toMatchObject({ name });
  }
});
