import { benchDistributed } from './bench-distributed/bench.ts';
import { NoServers } from './bench-distributed/servers.ts';
import { type Command, EXIT, type Io, readArgs, UsageError } from './command.ts';

export const benchDistributedCommand: Command = {
  name: 'bench distributed',
  summary: 'measure the services on Kafka and PostgreSQL, against kafkajs alone',
  help: `
Usage: tocsin bench distributed [--records N] [--customers N] [--rules N] [--partitions N] [--json]

Lets each service work off seeded records by itself, and kafkajs alone consume and produce the same records, decoded and
encoded by the registry's client, and as mere bytes; then runs all services together at once; then measures at half of
that load how long a record takes to become an alert request. One object of figures; read ratios rather than absolute
figures.

Servers: those that TOCSIN_KAFKA_BROKERS, TOCSIN_REGISTRY_URL and TOCSIN_DATABASE_URL name (topics and a database of
its own, removed at the end); without them the checkout's bench servers: Java 17, Maven and PostgreSQL are needed then.

  --records N     records that are measured (default 40000)
  --customers N   customers that the CRM knows beforehand (default 10000)
  --rules N       rules that are judged (default 50)
  --partitions N  of each topic (default 4)
  --seconds N     how long latency is measured (default 20)

Example:
  tocsin bench distributed --json

Exit codes: 0 done; 1 no servers; 2 used wrongly.
`,
  run: runBench,
};

async function runBench(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, {
    records: { type: 'string' },
    customers: { type: 'string' },
    rules: { type: 'string' },
    partitions: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
  });
  if (positionals.length > 0) throw new UsageError(`unexpected "${positionals[0]}"`);
  try {
    const result = await benchDistributed({
      records: count('records', values.records, 40_000),
      customers: count('customers', values.customers, 10_000),
      rules: count('rules', values.rules, 50),
      partitions: count('partitions', values.partitions, 4),
      latencySeconds: count('seconds', values.seconds, 20),
      seed: count('seed', values.seed, 1),
      io,
    });
    io.out(`${JSON.stringify(result, undefined, values.json === true ? undefined : 2)}\n`);
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof NoServers)) throw error;
    io.err(`tocsin bench distributed: ${error.message}\n`);
    return EXIT.foundWrong;
  }
}

function count(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 10_000_000) return value;
  throw new UsageError(`--${name}: got "${text}", expected a whole number from 1 to 10000000`);
}
