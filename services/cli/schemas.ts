import { incompatibilities } from '../platform/codec/schema-compatibility.ts';
import {
  checkSchemas,
  RegistryRefused,
  registerSchemas,
  type SchemaStanding,
} from '../platform/distributed/schema-registration.ts';
import { ourSchemas, registryOf } from '../platform/distributed/servers.ts';
import { type Command, EXIT, type Io, readOptions } from './command.ts';
import { readServers } from './server-settings.ts';

const SETTINGS_HELP =
  'Settings: TOCSIN_REGISTRY_URL, TOCSIN_REGISTRY_USERNAME, TOCSIN_REGISTRY_PASSWORD, TOCSIN_TOPIC_PREFIX.';

export const schemasCommands: readonly Command[] = [
  {
    name: 'schemas check',
    summary: 'check that every schema version reads every other, and what the registry says of them',
    help: `
Usage: tocsin schemas check [--json]

Every version of a topic's schema must read every other one, older and newer. With TOCSIN_REGISTRY_URL set, also shows
which versions the registry has, and whether it would take the others. Changes nothing.

${SETTINGS_HELP}

Example:
  tocsin schemas check

Exit codes: 0 all are compatible and, where a registry is set, registered; 1 something differs; 2 used wrongly.
`,
    run: check,
  },
  {
    name: 'schemas register',
    summary: 'register the schema versions that the registry does not have',
    help: `
Usage: tocsin schemas register [--json]

Sets full-transitive compatibility and registers what is missing, oldest first. Done at deployment; no service ever
registers a schema. Safe to run again.

${SETTINGS_HELP}

Example, with TOCSIN_REGISTRY_URL=http://registry:8081 set:
  tocsin schemas register

Exit codes: 0 the registry has all of them; 1 it refused one, or does not answer; 2 used wrongly.
`,
    run: register,
  },
];

async function check(args: readonly string[], io: Io): Promise<number> {
  const { values } = readOptions(args, {});
  const { all } = ourSchemas();
  const among = incompatibilities(all);
  const asked = io.env.TOCSIN_REGISTRY_URL !== undefined;
  try {
    const standings = asked
      ? await checkSchemas(registryOf(readServers(io, ['TOCSIN_REGISTRY_URL'])), all)
      : [];
    const wrong = among.length > 0 || standings.some(({ standing }) => standing !== 'registered');
    if (values.json === true) io.out(`${JSON.stringify({ incompatibilities: among, standings })}\n`);
    else {
      for (const { reader, writer, problem } of among)
        io.out(`${reader} cannot read ${writer}: ${problem}\n`);
      for (const one of standings) if (one.standing !== 'registered') io.out(standingInWords(one));
      const where = asked ? ' and registered' : '';
      if (!wrong) io.out(`All ${all.length} schema versions are compatible${where}.\n`);
    }
    return wrong ? EXIT.foundWrong : EXIT.done;
  } catch (error) {
    return refused(error, io);
  }
}

async function register(args: readonly string[], io: Io): Promise<number> {
  const { values } = readOptions(args, {});
  const registry = registryOf(readServers(io, ['TOCSIN_REGISTRY_URL']));
  try {
    const registered = await registerSchemas(registry, ourSchemas().all);
    if (values.json === true) io.out(`${JSON.stringify({ registered })}\n`);
    else if (registered.length === 0) io.out('The registry has all of them already.\n');
    else for (const { subject, version } of registered) io.out(`${subject}: registered version ${version}\n`);
    return EXIT.done;
  } catch (error) {
    return refused(error, io);
  }
}

const standingInWords = ({ subject, version, standing, problem }: SchemaStanding): string =>
  `${subject}: version ${version} is ${standing === 'new' ? 'not registered' : 'refused'}${problem === undefined ? '' : `: ${problem}`}\n`;

function refused(error: unknown, io: Io): number {
  if (!(error instanceof RegistryRefused)) throw error;
  io.err(`${error.message}\n`);
  return EXIT.foundWrong;
}
