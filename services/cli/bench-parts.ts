import { rmSync } from 'node:fs';
import { benchNotifications } from '../embedded/bench/notifications-bench.ts';
import { benchTimers } from '../embedded/bench/timers-bench.ts';
import { makeBenchFolder } from './bench-folder.ts';
import { type Command, EXIT, type Io, readArgs, UsageError } from './command.ts';

export const benchTimersCommand: Command = {
  name: 'bench timers',
  summary: 'measure how late deadlines fire, and how long they take after an outage',
  help: `
Usage: tocsin bench timers [--alerts N] [--seconds N] [--json]

Raises alerts through the real pipeline, durable, and lets their deadlines pass: first one by one while nothing else
goes on, then all together, as after an outage of hours. Waits are skipped by putting the pipeline's clock forward.

  --alerts N     alerts with a deadline in each of the two (default 10000)
  --seconds N    over how long the deadlines of the first are spread (default 20)
  --data DIR     where to put the data while measuring (default: a temporary folder; removed at the end)
  --json         one JSON object: latenessP99Ms, drainAfterOutageSeconds

Example:
  tocsin bench timers --json

Exit codes: 0 done; 2 used wrongly.
`,
  run: (args, io) => measure(args, io, benchTimers),
};

export const benchNotificationsCommand: Command = {
  name: 'bench notifications',
  summary: 'measure the outbox and the sender, with channels that answer at once',
  help: `
Usage: tocsin bench notifications [--alerts N] [--seconds N] [--json]

Raises alerts through the real pipeline, durable, then sends the messages that wait; and raises alerts at half of that
speed to see how long a message takes from the commit of its alert to the call of the channel. What Slack and mail
servers need to answer, and how much they take a minute, is not in it.

  --alerts N     alerts whose messages wait (default 10000)
  --seconds N    how long alerts are raised at half speed (default 20)
  --data DIR     where to put the data while measuring (default: a temporary folder; removed at the end)
  --json         one JSON object: messagesPerSecond, committedToCallMs {p50, p99}

Example:
  tocsin bench notifications --json

Exit codes: 0 done; 2 used wrongly.
`,
  run: (args, io) => measure(args, io, benchNotifications),
};

/** What a measurement of alerts is given. */
interface AlertsLoad {
  readonly dir: string;
  readonly alerts: number;
  readonly seconds: number;
  readonly onPhase: (words: string) => void;
}

async function measure(
  args: readonly string[],
  io: Io,
  bench: (load: AlertsLoad) => Promise<object>,
): Promise<number> {
  const { values, positionals } = readArgs(args, { alerts: { type: 'string' }, seconds: { type: 'string' } });
  if (positionals.length > 0) throw new UsageError(`unexpected "${positionals[0]}"`);
  const alerts = count('alerts', values.alerts, 10_000, 1_000_000);
  const seconds = count('seconds', values.seconds, 20, 600);
  const dir = makeBenchFolder(values.data);
  try {
    const result = await bench({ dir, alerts, seconds, onPhase: (words) => io.err(`${words}\n`) });
    io.out(
      values.json === true ? `${JSON.stringify(result)}\n` : `${JSON.stringify(result, undefined, 2)}\n`,
    );
    return EXIT.done;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function count(name: string, text: string | undefined, fallback: number, most: number): number {
  const value = Number(text ?? fallback);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new UsageError(`--${name}: got "${text}", expected a whole number from 1 to ${most}`);
}
