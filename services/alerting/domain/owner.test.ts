import { expect, test } from 'vitest';
import { at, teams } from '../test-support/alert-story.ts';
import { labelOf } from './label.ts';
import { nextOnShift, resolveAssignee, resolveOwner } from './owner.ts';
import { resolveTargets } from './targets.ts';

const own = (owner: string, when: string, fallbackOwner?: string, seed = 'a') =>
  resolveOwner(
    teams,
    { owner, ruleOwner: 'team/evening', ...(fallbackOwner === undefined ? {} : { fallbackOwner }) },
    seed,
    at(when),
  );

test.each([
  [
    'the named person, when on shift',
    'person/ana',
    'Fri 10:00',
    'team/evening',
    { team: 'retention', person: 'ana' },
  ],
  ['named by e-mail', 'person/ANA@example.com', 'Fri 10:00', undefined, { team: 'retention', person: 'ana' }],
  [
    'away: somebody of the fallback who is there',
    'person/ana',
    'Thu 15:00',
    'team/evening',
    { team: 'evening', person: 'nils' },
  ],
  [
    'off shift: the fallback who is there',
    'person/ana',
    'Fri 20:00',
    'team/evening',
    { team: 'evening', person: 'nils' },
  ],
  [
    'nobody there: the named person, first to be back',
    'person/ana',
    'Sat 12:00',
    'team/evening',
    { team: 'retention', person: 'ana' },
  ],
  ['away and nobody there: the team', 'person/ana', 'Thu 23:00', 'team/retention', { team: 'retention' }],
  [
    'unknown person: the fallback',
    'person/zoe',
    'Fri 20:00',
    'team/evening',
    { team: 'evening', person: 'nils' },
  ],
  [
    'unknown person and fallback: the rule owner',
    'person/zoe',
    'Fri 20:00',
    'team/gone',
    { team: 'evening', person: 'nils' },
  ],
  ['a team with nobody on shift: the team', 'team/retention', 'Sat 12:00', undefined, { team: 'retention' }],
])('owner: %s', (_, owner, when, fallback, expected) => {
  expect(own(owner, when, fallback)).toEqual(expected);
});

test('alerts of a team are spread over those on shift, always in the same way', () => {
  const seeds = Array.from({ length: 300 }, (_, index) => `key-${index}#1`);
  const people = seeds.map((seed) => own('team/retention', 'Fri 10:00', undefined, seed).person);
  for (const person of ['ana', 'ben', 'chloe']) {
    expect(people.filter((each) => each === person).length).toBeGreaterThan(70);
  }
  expect(seeds.map((seed) => own('team/retention', 'Fri 10:00', undefined, seed).person)).toEqual(people);
});

test.each([
  ['after Ana comes Ben', { team: 'retention', person: 'ana' }, 'Fri 10:00', 'ben'],
  ['after Chloé it begins again', { team: 'retention', person: 'chloe' }, 'Fri 10:00', 'ana'],
  ['who is away is left out', { team: 'retention', person: 'chloe' }, 'Thu 10:00', 'ben'],
  ['a team without an assignee begins with its first', { team: 'retention' }, 'Fri 10:00', 'ana'],
  ['nobody on shift', { team: 'retention', person: 'ana' }, 'Sat 10:00', undefined],
])('next on shift: %s', (_, owner, when, expected) => {
  expect(nextOnShift(teams, owner, at(when))?.person).toBe(expected);
});

test('a person’s order may name a person off shift, and either id alone', () => {
  expect(resolveAssignee(teams, 'nils', 'a', at('Fri 09:00'))).toEqual({ team: 'evening', person: 'nils' });
  expect(resolveAssignee(teams, 'team/evening', 'a', at('Fri 09:00'))).toEqual({ team: 'evening' });
  expect(resolveAssignee(teams, 'team/gone', 'a', at('Fri 09:00'))).toBeUndefined();
});

const told = (owner: { team: string; person?: string }, ...targets: string[]) =>
  resolveTargets(teams, owner, targets, at('Fri 10:00'));

test.each([
  ['slack:assignee', 'U0ANA'],
  ['email:assignee', 'ana@example.com'],
  ['slack:team-lead', 'U0PETRA'],
  ['email:team-lead', 'petra@example.com'],
  ['slack:team', '#retention'],
  ['email:team', 'retention@example.com'],
  ['slack:#sales', '#sales'],
  ['slack:nils', 'U0NILS'],
  ['email:judith', 'judith@example.com'],
  ['email:board@example.org', 'board@example.org'],
])('target %s is %s', (target, address) => {
  const { targets, note } = told({ team: 'retention', person: 'ana' }, target);
  expect(targets).toEqual([{ target, channel: target.slice(0, 5), address }]);
  expect(note).toBeUndefined();
});

test.each([
  ['an assignee that there is not', { team: 'retention' }, 'slack:assignee'],
  ['a person without Slack', { team: 'retention' }, 'slack:judith'],
  ['a person who has left', { team: 'retention' }, 'email:zoe'],
  ['a channel that is none', { team: 'retention' }, 'sms:ana'],
])('%s: the team’s channel is told, and the note says so', (_, owner, target) => {
  expect(told(owner, target)).toEqual({
    targets: [{ target, channel: 'slack', address: '#retention' }],
    note: `${target} cannot be reached; told #retention instead`,
  });
});

test('nobody is told twice, and somebody always is', () => {
  const ana = { team: 'retention', person: 'ana' };
  expect(told(ana, 'slack:assignee', 'slack:ana').targets).toHaveLength(1);
  expect(told(ana).targets).toEqual([{ target: 'slack:team', channel: 'slack', address: '#retention' }]);
  expect(told({ team: 'gone' }, 'slack:team').targets).toMatchObject([{ address: '#retention' }]);
});

test('a label is short, always the same, and different for the next cycle', () => {
  expect(labelOf('churn:c1#1')).toMatch(/^T-[0-9A-HJKMNP-TV-Z]{5}$/);
  expect(labelOf('churn:c1#1')).toBe(labelOf('churn:c1#1'));
  expect(labelOf('churn:c1#1')).not.toBe(labelOf('churn:c1#2'));
});
