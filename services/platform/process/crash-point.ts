/**
 * Named places at which a test can kill the process, to prove that a crash there loses nothing.
 *
 * `TOCSIN_FAILPOINT=cp4:kill@3` kills the process with SIGKILL at the third pass of `cp4`. Unset, a crash
 * point costs one comparison.
 */
export const CRASH_POINTS = {
  cp1: 'records are in the log, their sender has not been answered',
  cp2: 'a record was decoded, nothing is decided',
  cp3: 'inside the transaction, before its commit',
  cp4: 'the transaction is committed, nobody has been told',
  cp5: 'an effect is claimed, nothing was sent',
  cp6: 'a message was sent, its answer has not been looked at',
  cp7: 'a message was answered, the outcome is not stored',
  cp8: 'a due timer was taken, its step is not committed',
  cp9: 'a rule set is half loaded',
  cp10: 'a command is in the log, it has not been obeyed',
} as const;
export type CrashPoint = keyof typeof CRASH_POINTS;

const armed = parseFailpoint(process.env.TOCSIN_FAILPOINT);
let passes = 0;

/** Dies here when the environment says so. */
export function crashPoint(name: CrashPoint): void {
  if (armed === undefined || armed.name !== name) return;
  passes += 1;
  if (passes === armed.pass) process.kill(process.pid, 'SIGKILL');
}

interface Failpoint {
  readonly name: CrashPoint;
  readonly pass: number;
}

export function parseFailpoint(text: string | undefined): Failpoint | undefined {
  if (text === undefined || text === '') return undefined;
  const match = /^(cp\d+):kill@(\d+)$/.exec(text);
  const name = match?.[1];
  if (name === undefined || !Object.hasOwn(CRASH_POINTS, name)) {
    throw new Error(`TOCSIN_FAILPOINT: got ${JSON.stringify(text)}, expected for example "cp4:kill@3"`);
  }
  // The check above makes the name one of the keys.
  return { name: name as CrashPoint, pass: Number(match?.[2]) };
}
