import { expect, test } from 'vitest';
import { RulesBroken } from '../embedded/rules-folder.ts';
import { SettingsWrong } from '../embedded/tocsin.ts';
import { DataFolderUnusable } from '../platform/database/data-folder.ts';
import { StorageUnavailable } from '../platform/event-log/event-log.ts';
import { NotReachable } from './client.ts';
import { UsageError } from './command.ts';
import { whyItEnded } from './why-it-ended.ts';

const RULE_PROBLEM = { file: 'rules/a.rule.yaml', line: 3, column: 1, message: 'unknown key "severty"' };

test.each([
  [new UsageError('unknown option --x'), 2, 'unknown option --x\nTry: tocsin ledger --help'],
  [new SettingsWrong('TOCSIN_PORT: got "x"'), 2, 'settings are wrong\nTOCSIN_PORT: got "x"'],
  [
    new RulesBroken([RULE_PROBLEM]),
    1,
    'the rules folder has 1 problem(s)\nrules/a.rule.yaml:3:1: unknown key "severty"',
  ],
  [new DataFolderUnusable('not_writable', 'data folder x: cannot be written'), 1, 'cannot be written'],
  [
    new StorageUnavailable('disk_full', 'the data file cannot be used now: full'),
    1,
    'the data file cannot be used now: full (disk_full). What was stored waits there',
  ],
  [
    new NotReachable('http://127.0.0.1:1', 'ECONNRESET'),
    1,
    'http://127.0.0.1:1 does not answer any more (ECONNRESET)',
  ],
  [
    Object.assign(new Error("EACCES: permission denied, open 'x'"), { code: 'EACCES', syscall: 'open' }),
    1,
    "EACCES: permission denied, open 'x'",
  ],
])('%s ends in words', (error, code, words) => {
  const why = whyItEnded('ledger', error);
  expect(why?.code).toBe(code);
  expect(why?.words).toContain(words);
});

test('an error of our own making is not put into words: its stack says where it is', () => {
  expect(whyItEnded('ledger', new TypeError('x is undefined'))).toBeUndefined();
});
