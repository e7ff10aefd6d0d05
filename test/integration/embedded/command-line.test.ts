import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { COMMANDS } from '../../../services/cli/commands.ts';
import { runTocsin } from '../../support/child-tocsin.ts';

test.each(COMMANDS.map((command) => [command.name, command] as const))(
  'the help of "%s" has its usage, an example and its exit codes',
  (name, { help, summary }) => {
    expect(help).toContain(`Usage: tocsin ${name}`);
    expect(help).toMatch(/^Examples?(, with .* set)?:\n {2}tocsin /m);
    expect(help).toMatch(/Exit codes: 0 .*2 used wrongly/s);
    expect(summary).not.toMatch(/\.$/);
  },
);

test('help goes to standard output, and is no error', async () => {
  const { code, stdout, stderr } = await runTocsin(['alerts', 'close', '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('Usage: tocsin alerts close');
});

test('"help" before a command is "--help" behind it, and "--version" says which this is', async () => {
  const { code, stdout } = await runTocsin(['help', 'alerts', 'close']);
  expect(code).toBe(0);
  expect(stdout).toContain('Usage: tocsin alerts close');
  expect((await runTocsin(['help'])).stdout).toContain('Begin with: tocsin demo');
  const group = await runTocsin(['dlq', '--help']);
  expect(group.code).toBe(0);
  for (const verb of ['list', 'show', 'retry', 'drop']) expect(group.stdout).toContain(`tocsin dlq ${verb}`);
  expect((await runTocsin(['--version'])).stdout).toMatch(/^tocsin \d+\.\d+\.\d+, node v24/);
});

test('without a command it says which there are, and where to begin', async () => {
  const { code, stderr } = await runTocsin([]);
  expect(code).toBe(2);
  for (const { name } of COMMANDS) expect(stderr).toContain(name);
  expect(stderr).toContain('Begin with: tocsin demo');
});

test.each([
  [['strat'], 'unknown command "strat"; did you mean "start"?'],
  [['alerts', 'lst'], 'unknown "lst"; did you mean "list"?'],
  [['alerts'], 'which of list, show'],
  [['help', 'strat'], 'unknown command "strat"; did you mean "start"?'],
  [['--hepl'], 'unknown option --hepl; did you mean "--help"?'],
  [['start', './elsewhere'], 'unexpected "./elsewhere"'],
  [['dlq', 'list', 'parked'], 'unexpected "parked"'],
  [['ledger', '--jsn'], 'unknown option --jsn; did you mean "--json"?'],
  [['import', 'complaint', 'x.csv'], 'unknown source "complaint"; did you mean "complaints"?'],
  [['import', 'complaints'], 'expected a source and a file'],
  [['start', '--port', '99999'], '--port: got "99999", expected an integer from 0 to 65535'],
  [['demo', '--seconds', 'soon'], '--seconds: got "soon", expected a whole number'],
])('"tocsin %j" is used wrongly, and says how', async (args, words) => {
  const { code, stdout, stderr } = await runTocsin(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(words);
  expect(stderr).not.toContain('    at ');
});

test('options of every command may stand before it', async () => {
  const data = mkdtempSync(join(tmpdir(), 'tocsin-cli-'));
  onTestFinished(() => rmSync(data, { recursive: true, force: true }));
  const { code, stdout } = await runTocsin(['--data', data, '--json', 'ledger']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ meets: true });
});
