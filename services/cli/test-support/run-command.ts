import type { Command } from '../command.ts';

/** Runs a command as a script would; answers its exit code and what it wrote. */
export async function runCommand(
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
    env: {},
  });
  return { code, out, err };
}
