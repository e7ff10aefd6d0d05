import { expect, test } from 'vitest';
import { benchNotificationsCommand, benchTimersCommand } from './bench-parts.ts';
import { EXIT, UsageError } from './command.ts';
import { runCommand } from './test-support/run-command.ts';

/** What a command answers on standard output, as an object. */
async function answer(command: typeof benchTimersCommand, ...args: string[]): Promise<unknown> {
  const { code, out } = await runCommand(command, ...args, '--json');
  expect(code).toBe(EXIT.done);
  return JSON.parse(out);
}

const some = expect.toSatisfy((value) => typeof value === 'number' && value > 0, 'more than nothing');

test('timers are measured by deadlines that pass one by one and all together', async () => {
  expect(await answer(benchTimersCommand, '--alerts', '20', '--seconds', '1')).toEqual({
    latenessP99Ms: some,
    drainAfterOutageSeconds: some,
  });
});

test('notifications are measured by messages that wait and by messages that come', async () => {
  expect(await answer(benchNotificationsCommand, '--alerts', '20', '--seconds', '1')).toEqual({
    messagesPerSecond: some,
    committedToCallMs: { p50: some, p99: some },
  });
});

test.each([
  [['--alerts', '0'], '--alerts: got "0", expected a whole number from 1 to 1000000'],
  [['--seconds', 'soon'], '--seconds: got "soon", expected a whole number from 1 to 600'],
  [['more'], 'unexpected "more"'],
])('%j is used wrongly', async (args, message) => {
  await expect(answer(benchTimersCommand, ...args)).rejects.toThrow(new UsageError(message));
});
