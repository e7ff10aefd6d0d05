import { stderr } from 'node:process';

/**
 * Named places at which a test can kill the process, to prove that a crash there loses nothing.
 *
 * `TOCSIN_FAILPOINT=cp4:kill@3` kills the process with SIGKILL at the third pass of `cp4`;
 * `cp4:kill@signal` at the first pass after a SIGUSR2. `count` kills nothing and says at exit, on standard
 * error, how often each point was passed. Unset, a crash point costs one comparison.
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

export type Failpoint =
  | { readonly type: 'count' }
  | { readonly type: 'kill'; readonly name: CrashPoint; readonly pass: number | 'signal' };

/** The failpoint that a text asks for; nothing when it is none. `FAILPOINT_FORMS` says what is allowed. */
export function parseFailpoint(text: string): Failpoint | undefined {
  if (text === 'count') return { type: 'count' };
  const [, name, pass] = /^(cp\d+):kill@([1-9]\d{0,8}|signal)$/.exec(text) ?? [];
  if (name === undefined || !isCrashPoint(name)) return undefined;
  return { type: 'kill', name, pass: pass === 'signal' ? pass : Number(pass) };
}

export const FAILPOINT_FORMS = 'count, cp4:kill@3 or cp4:kill@signal, with one of cp1 to cp10';

/** Dies here when the environment says so. */
export function crashPoint(name: CrashPoint): void {
  if (failpoint !== undefined) passed(failpoint, name);
}

const isCrashPoint = (name: string): name is CrashPoint => Object.hasOwn(CRASH_POINTS, name);

// A text that is no failpoint is refused where the settings are checked.
const failpoint = parseFailpoint(process.env.TOCSIN_FAILPOINT ?? '');
const passes: { [P in CrashPoint]?: number } = {};
let signalled = false;
if (failpoint?.type === 'count') process.on('exit', () => stderr.write(`${JSON.stringify(passes)}\n`));
if (failpoint?.type === 'kill' && failpoint.pass === 'signal') {
  process.on('SIGUSR2', () => {
    signalled = true;
    stderr.write(`${failpoint.name} is armed\n`);
  });
}

function passed(point: Failpoint, name: CrashPoint): void {
  passes[name] = (passes[name] ?? 0) + 1;
  if (point.type === 'count' || point.name !== name) return;
  if (point.pass === 'signal' ? signalled : passes[name] === point.pass) process.kill(process.pid, 'SIGKILL');
}
