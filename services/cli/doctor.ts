import { existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { RulesStatus } from '../action-management/rules-reload.ts';
import { RulesBroken, readRulesFolder, SHIPPED_RULES } from '../embedded/rules-folder.ts';
import { readSettings, SettingsWrong } from '../embedded/tocsin.ts';
import { type Client, connect } from './client.ts';
import { type Command, EXIT, globals, type Io, readOptions } from './command.ts';
import { type Finding, findingsOfMany, namesMany } from './doctor-servers.ts';

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'check that Tocsin can work here: settings, rules, disk, data; of many machines the servers',
  help: `
Usage: tocsin doctor [--data DIR] [--json]

Checks the version of Node, all settings, the rules folder, free space, the data folder
and its ledger, dead letters, and timers that are overdue. Works beside a running "tocsin start"; without one it opens
the data folder itself, which processes what waits there.

Many machines: with TOCSIN_KAFKA_BROKERS, TOCSIN_REGISTRY_URL and TOCSIN_DATABASE_URL set it looks at brokers, topics,
schemas and database in place of disk and data; with TOCSIN_LOOP_CLOSURE_URL, TOCSIN_ACTION_MANAGEMENT_URL and TOCSIN_INGESTION_URL at
these services, and through the first of them at ledger, dead letters and timers.

Example:
  tocsin doctor --data /var/lib/tocsin

Exit codes: 0 all is well; 1 something needs attention; 2 used wrongly.
`,
  run: runDoctor,
};

async function runDoctor(args: readonly string[], io: Io): Promise<number> {
  const { values } = readOptions(args, {});
  const { data } = globals(values, io);
  const { TOCSIN_LOOP_CLOSURE_URL: people = '' } = io.env;
  const here = namesMany(io)
    ? [await rules(io), ...(await findingsOfMany(io)), ...(people === '' ? [] : await answers(data, io))]
    : [settings(io), await rules(io), freeSpace(data), ...(await dataFolder(data, io))];
  const findings: Finding[] = [nodeVersion(), ...here];
  const ok = findings.every((finding) => finding.ok);
  if (values.json === true) io.out(`${JSON.stringify({ ok, findings })}\n`);
  else
    for (const { check, ok: good, says } of findings)
      io.out(`${good ? 'ok ' : 'BAD'}  ${check.padEnd(17)}  ${says}\n`);
  return ok ? EXIT.done : EXIT.foundWrong;
}

function nodeVersion(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  return { check: 'node', ok: major >= 24, says: `${process.version}, needs 24 or newer` };
}

function settings({ env }: Io): Finding {
  try {
    const {
      TOCSIN_SLACK_TOKEN: token,
      TOCSIN_SLACK_SIGNING_SECRET: secret,
      TOCSIN_SMTP_URL: smtp,
      TOCSIN_MAIL_LINK_SECRET: linkSecret,
    } = readSettings(env);
    const slack =
      token === undefined
        ? 'Slack in the sandbox'
        : secret === undefined
          ? 'Slack without buttons (no signing secret)'
          : 'Slack';
    const mail = smtp === undefined ? 'mail in the sandbox' : 'mail';
    const links = linkSecret === undefined ? ' without links to act by (no TOCSIN_MAIL_LINK_SECRET)' : '';
    return { check: 'settings', ok: true, says: `${slack}, ${mail}${links}` };
  } catch (error) {
    if (!(error instanceof SettingsWrong)) throw error;
    return { check: 'settings', ok: false, says: error.message.replaceAll('\n', '; ') };
  }
}

async function rules({ env }: Io): Promise<Finding> {
  const folder = env.TOCSIN_RULES_DIR ?? SHIPPED_RULES;
  try {
    const { ruleSet, teams } = await readRulesFolder(folder);
    return {
      check: 'rules',
      ok: true,
      says: `${ruleSet.rules.length} rules, ${teams.byId.size} teams in ${folder}`,
    };
  } catch (error) {
    if (!(error instanceof RulesBroken)) throw error;
    return {
      check: 'rules',
      ok: false,
      says: `${error.problems.length} problem(s) in ${folder}; see tocsin rules lint`,
    };
  }
}

/** Below this a busy day may fill the disk before somebody looks. */
const ENOUGH_BYTES = 1024 ** 3;

function freeSpace(data: string): Finding {
  let place = resolve(data);
  while (!existsSync(place)) place = dirname(place);
  const { bavail, bsize } = statfsSync(place);
  const free = bavail * bsize;
  return {
    check: 'disk',
    ok: free > ENOUGH_BYTES,
    says: `${(free / 1024 ** 3).toFixed(1)} GiB free at ${place}, wants 1`,
  };
}

async function dataFolder(data: string, io: Io): Promise<Finding[]> {
  if (!existsSync(data))
    return [{ check: 'data', ok: true, says: `${resolve(data)} is not there yet; start makes it` }];
  return answers(data, io);
}

/** What whoever works on the data says of it. */
async function answers(data: string, io: Io): Promise<Finding[]> {
  let client: Client | undefined;
  try {
    client = await connect(data, io);
    return [
      { check: 'data', ok: true, says: `answered by ${client.where}` },
      ...(await ledger(client)),
      await timers(client),
      ...(await rulesInForce(client)),
    ];
  } catch (error) {
    return [{ check: 'data', ok: false, says: error instanceof Error ? error.message : String(error) }];
  } finally {
    await client?.close();
  }
}

async function ledger(client: Client): Promise<Finding[]> {
  const { body } = await client.request('GET', '/v1/ledger');
  // The route answers with a LedgerReport.
  const report = body as { meets: boolean; waiting: number; deadLetters: { parked: number } };
  const { parked } = report.deadLetters;
  return [
    {
      check: 'ledger',
      ok: report.meets,
      says: report.meets ? `all sums meet, ${report.waiting} waiting` : 'sums do not meet; see tocsin ledger',
    },
    {
      check: 'dead letters',
      ok: parked === 0,
      says: parked === 0 ? 'none' : `${parked} parked; see tocsin dlq list`,
    },
  ];
}

/** Those of the folder, unless they were refused. On many machines another service knows. */
async function rulesInForce(client: Client): Promise<Finding[]> {
  const { status, body } = await client.request('GET', '/v1/rules');
  if (status !== 200) return [];
  // The route answers with the status.
  const { hash, folder, lastReload } = body as RulesStatus;
  const refused = lastReload?.outcome === 'refused' ? lastReload.problems : [];
  const ok = refused.length === 0;
  const why = ok ? '' : `, as those of the folder are refused: ${refused.join('; ')}`;
  return [{ check: 'in force', ok, says: `rule set ${hash} of ${folder}${why}` }];
}

/** A timer that is due longer than this was not fired by a pipeline that runs. */
const LATE_MS = 60_000;

async function timers(client: Client): Promise<Finding> {
  const { body } = await client.request('GET', '/v1/timers');
  // The route answers with timers, earliest first.
  const [first] = (body as { timers: readonly { dueAt: number }[] }).timers;
  const lateMs = first === undefined ? 0 : Date.now() - first.dueAt;
  const late = lateMs > LATE_MS;
  return {
    check: 'timers',
    ok: !late,
    says: late
      ? `the earliest is ${Math.round(lateMs / 60_000)} min overdue: does tocsin start run?`
      : 'none overdue',
  };
}
