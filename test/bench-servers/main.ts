import { parseArgs } from 'node:util';
import { type Bench, startBench } from './bench.ts';
import { type RunningServices, startServices } from './services.ts';

const HELP = `
Usage: node test/bench-servers/main.ts [--brokers 3] [--services] [--port N]

Brings up a real Apache Kafka, schema registry and PostgreSQL in a temporary folder, for a look around: needs Java 17,
Maven (for the first download) and PostgreSQL. Prints the settings with which services and npx tocsin reach them; stops
everything and removes it at Ctrl-C.

  --brokers 3   three brokers instead of one
  --services    also makes topics and schemas and starts the six services of Tocsin, an instance each
  --port N      first of the six ports on which they listen (default 8080); 0 for any that are free
`;

const { values } = parseArgs({
  options: {
    brokers: { type: 'string' },
    services: { type: 'boolean' },
    port: { type: 'string' },
    help: { type: 'boolean' },
    'until-input-ends': { type: 'boolean' },
  },
});
if (values.help === true) {
  process.stdout.write(HELP);
  process.exit(0);
}

let services: RunningServices | undefined;
let bench: Bench | undefined;
const end = (): void => void stop().then(() => process.exit(0));
async function stop(): Promise<void> {
  await services?.stop();
  await bench?.stop();
}
// From the first moment on: whoever stops the bench while it starts leaves nothing behind either.
process.on('SIGINT', end);
process.on('SIGTERM', end);
// For who starts it as a child: it does not outlive its parent, however that ends.
if (values['until-input-ends'] === true) process.stdin.on('end', end).resume();

bench = await startBench({ brokers: values.brokers === '3' ? 3 : 1 });
const servers = {
  TOCSIN_KAFKA_BROKERS: bench.kafka.brokers,
  TOCSIN_REGISTRY_URL: bench.registry.url,
  TOCSIN_DATABASE_URL: await bench.postgres.createDatabase('tocsin'),
};
print(Object.entries(servers).map(([name, value]) => `export ${name}=${value}`));

if (values.services === true) {
  try {
    services = await startServices(servers, Number(values.port ?? 8080), bench.folder);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    await stop();
    process.exit(1);
  }
  const { urls } = services;
  print([
    `export TOCSIN_LOOP_CLOSURE_URL=${urls['loop-closure']}`,
    `export TOCSIN_ACTION_MANAGEMENT_URL=${urls['action-management']}`,
    `export TOCSIN_INGESTION_URL=${urls.ingestion}`,
    '',
    `# post records to   ${urls.ingestion}/v1/call-notes`,
    `# alerts and pages  ${urls['loop-closure']}/`,
    `# messages          ${urls.notification}/sandbox`,
    `# logs              ${bench.folder}`,
    '# Ctrl-C stops and removes all of it.',
  ]);
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
