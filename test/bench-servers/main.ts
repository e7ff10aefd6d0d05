import { startBench } from './bench.ts';

/**
 * Brings the servers up for a look around: `node test/bench-servers/main.ts [--brokers 3]`.
 * Prints the settings with which services reach them, and stops them at Ctrl-C.
 */
let stopping: () => Promise<void> = async () => undefined;
const end = (): void => void stopping().then(() => process.exit(0));
// From the first moment on: whoever stops the bench while it starts leaves nothing behind either.
process.on('SIGINT', end);
process.on('SIGTERM', end);

// For who starts it as a child: it does not outlive its parent, however that ends.
if (process.argv.includes('--until-input-ends')) process.stdin.on('end', end).resume();

const bench = await startBench({ brokers: process.argv.includes('3') ? 3 : 1 });
stopping = () => bench.stop();
const database = await bench.postgres.createDatabase('tocsin');
process.stdout.write(
  `${[
    `export TOCSIN_KAFKA_BROKERS=${bench.kafka.brokers}`,
    `export TOCSIN_REGISTRY_URL=${bench.registry.url}`,
    `export TOCSIN_DATABASE_URL=${database}`,
  ].join('\n')}\n`,
);
