import { type StartOptions, start } from '../embedded/main.ts';
import { type Command, globals, type Io, readOptions } from './command.ts';

export const startCommand: Command = {
  name: 'start',
  summary: 'run the pipeline and its page on this machine',
  help: `
Usage: tocsin start [--data DIR] [--port N]

Runs everything in one process: HTTP gateway, scoring, rules, alerts, messages, page. All data is in one file in
the data folder; stop it with Ctrl-C (or SIGTERM) and start it again, and everything is there.

Rules that are not those of the last time must pass "tocsin rules lint" and "tocsin rules test" first. When they do not,
it says why and starts with those of the last time; where there are none, it does not start.

Without Slack and mail settings messages go to the sandbox, a page that stands in for both.

Settings are environment variables; secrets can also be given as X_FILE, the path of a file:
  TOCSIN_DATA_DIR, TOCSIN_PORT, TOCSIN_HOST (127.0.0.1), TOCSIN_RULES_DIR, TOCSIN_LOG_LEVEL (info),
  TOCSIN_PUBLIC_URL, TOCSIN_RETENTION_DAYS (400), TOCSIN_SYNTHETIC_SECONDS (300), TOCSIN_DEADMAN_URL
  TOCSIN_INGEST_KEYS, TOCSIN_INGEST_SECRETS, TOCSIN_OPS_KEYS, TOCSIN_OWN_HANDLES, TOCSIN_OWN_EMAILS
  TOCSIN_SLACK_TOKEN, TOCSIN_SLACK_SIGNING_SECRET, TOCSIN_SLACK_API_URL, TOCSIN_SMTP_URL, TOCSIN_MAIL_FROM,
  TOCSIN_MAIL_LINK_SECRET (at least 16 characters; signs links in mails by which people act)
  OTEL_EXPORTER_OTLP_ENDPOINT and others for traces: see infra/traces.md

Example:
  tocsin start --data /var/lib/tocsin --port 8080

Exit codes: 0 stopped as told; 1 could not start or had to stop; 2 used wrongly, settings included.
`,
  run: runStart,
};

async function runStart(args: readonly string[], io: Io): Promise<number> {
  const { values } = readOptions(args, {});
  const { data, port } = globals(values, io);
  return start({
    data,
    port,
    env: io.env,
    onReady: (started) =>
      values.json === true
        ? io.out(`${JSON.stringify({ url: started.url, data: started.data })}\n`)
        : io.err(welcome(started)),
  });
}

function welcome({ url, settings, data, rules }: Parameters<StartOptions['onReady']>[0]): string {
  const sandboxed = [
    ...(settings.TOCSIN_SLACK_TOKEN === undefined ? ['Slack'] : []),
    ...(settings.TOCSIN_SMTP_URL === undefined ? ['e-mail'] : []),
  ];
  const sandbox =
    sandboxed.length > 0
      ? `  ${sandboxed.join(' and ')}: not configured, messages go to ${url}/sandbox\n`
      : '';
  const refused = (rules.lastReload?.problems ?? []).map((problem) => `    ${problem}\n`).join('');
  const stay =
    refused === ''
      ? ''
      : `  rules:  REFUSED, so those that were in force last (${rules.hash}) judge\n${refused}`;
  return `Tocsin is listening.\n  alerts: ${url}/\n${sandbox}  data:   ${data}\n${stay}Stop it with Ctrl-C.\n`;
}
