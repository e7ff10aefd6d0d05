import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openInProcess } from '../embedded/in-process.ts';
import { SHIPPED_RULES } from '../embedded/rules-folder.ts';
import { EXIT } from './command.ts';
import { doctorCommand } from './doctor.ts';

test('doctor says which rules are in force, and that those of the folder are refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-doctor-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [data, rules] = [join(folder, 'data'), join(folder, 'rules')];
  cpSync(SHIPPED_RULES, rules, { recursive: true });
  const env = { TOCSIN_RULES_DIR: rules };
  await (await openInProcess(data, env)).close();
  const doctor = async () => {
    const out: string[] = [];
    const io = { out: (text: string) => void out.push(text), err: () => undefined, interactive: false, env };
    const code = await doctorCommand.run(['--data', data], io);
    return {
      code,
      inForce: out
        .join('')
        .split('\n')
        .find((line) => line.includes('in force')),
    };
  };
  expect(await doctor()).toEqual({
    code: EXIT.done,
    inForce: expect.stringMatching(/^ok {3}in force {11}rule set \w{12} of \S+$/),
  });
  const rule = join(rules, 'order-delayed.rule.yaml');
  writeFileSync(
    rule,
    readFileSync(rule, 'utf8').replace('event.days_late: {gte: 3}', 'event.days_late: {gte: 6}'),
  );
  expect(await doctor()).toEqual({
    code: EXIT.foundWrong,
    inForce: expect.stringMatching(/^BAD {2}in force .*refused: .*order-delayed\.test\.yaml:\d+:1: the test/),
  });
}, 90_000);

test.each([
  [{}, / without links to act by \(no TOCSIN_MAIL_LINK_SECRET\)$/],
  [{ TOCSIN_MAIL_LINK_SECRET: 'a secret of this test' }, /mail in the sandbox$/],
])('doctor says whether people can act from mails: %j', async (env, says) => {
  const out: string[] = [];
  const io = { out: (text: string) => void out.push(text), err: () => undefined, interactive: false, env };
  await doctorCommand.run(['--data', join(tmpdir(), 'tocsin-doctor-is-not-there'), '--json'], io);
  const { findings } = JSON.parse(out.join('')) as { findings: { check: string; says: string }[] };
  expect(findings.find(({ check }) => check === 'settings')?.says).toMatch(says);
});
