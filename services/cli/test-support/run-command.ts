import type { Command, Io } from '../command.ts';

/** Runs a command as a script would, in an environment without settings; answers its exit code and what it wrote. */
export const runCommand = (command: Command, ...args: readonly string[]) =>
  runCommandIn({}, command, ...args);

/** The same where these settings are. */
export async function runCommandIn(
  env: Io['env'],
  command: Command,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  let out = '';
  let err = '';
  const code = await command.run(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    interactive: false,
    env,
  });
  return { code, out, err };
}
