import { spawnSync } from 'node:child_process';

/** Runs a program to its end; throws what it said when it fails or is not there. */
export function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (error !== undefined)
    throw new Error(`${program} is needed: apt-get install prometheus prometheus-alertmanager`);
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}:\n${stdout}${stderr}`);
  return `${stdout}${stderr}`;
}
