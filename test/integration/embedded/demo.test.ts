import { beforeAll, describe, expect, test } from 'vitest';
import { type Ended, runTocsin } from '../../support/child-tocsin.ts';

/** Sixty days as fast as they go. */
const LONGEST_PLAY_MS = 100_000;

describe('the demo', () => {
  let played: Ended;
  beforeAll(async () => {
    played = await runTocsin(['demo', '--exit', '--seconds', '0', '--port', '0'], {}, LONGEST_PLAY_MS);
  }, LONGEST_PLAY_MS + 5_000);

  test('ends well, without a word of complaint', () => {
    expect(played).toMatchObject({ code: 0, signal: null, stderr: '' });
  });

  test.each([
    ['alerts', /\d+ crm-records/],
    ['alerts', /\d+ complaints/],
    ['alerts', /\d+ call-notes/],
    ['alerts', /\d+ social-posts/],
    ['acknowledged in time', /^[1-9]/],
    ['escalated, nobody acknowledged', /^[1-9]/],
    ['customers spoken to', /[1-9]\d* proven by a call note/],
    ['loops closed', /^[1-9].*saved/],
    ['held back', /[1-9]\d* mute/],
    ['ledger', /^all \d+ sums meet; 0 waiting, 0 dead letters/],
  ])('its summary says of "%s": %s', (row, says) => {
    expect(rowsOf(played.stdout).get(row)).toMatch(says);
  });

  test('its last line says to a retention lead what happened', () => {
    const last = played.stdout.trimEnd().split('\n').at(-1);
    expect(last).toMatch(/^Of \d+ alerts \d+ were taken on in time and \d+ went to a lead/);
  });
});

const rowsOf = (summary: string): ReadonlyMap<string, string> =>
  new Map([...summary.matchAll(/^ {2}(\S.*?) {2,}(\S.*)$/gm)].map(([, row = '', says = '']) => [row, says]));
