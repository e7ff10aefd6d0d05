import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

/**
 * Runs every suite with the command that people use and adds up what ran. Test suites count their tests;
 * any other command counts as one. A suite that could not run counts as failed.
 */
interface Suite {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Vitest suites write a report from which the tests are counted. */
  readonly counted: boolean;
  readonly withinMinutes: number;
}

const SUITES: readonly Suite[] = [
  { name: 'typecheck', command: ['npm', 'run', '--silent', 'typecheck'], counted: false, withinMinutes: 3 },
  { name: 'lint', command: ['npm', 'run', '--silent', 'lint'], counted: false, withinMinutes: 3 },
  { name: 'tests', command: ['vitest', 'run'], counted: true, withinMinutes: 10 },
  {
    name: 'rules lint',
    command: ['npx', 'tocsin', 'rules', 'lint'],
    counted: false,
    withinMinutes: 2,
  },
  {
    name: 'rules test',
    command: ['npx', 'tocsin', 'rules', 'test'],
    counted: false,
    withinMinutes: 2,
  },
  {
    name: 'rules mutate',
    command: ['npx', 'tocsin', 'rules', 'mutate', '--min', '90'],
    counted: false,
    withinMinutes: 2,
  },
  {
    name: 'faults',
    command: ['npm', 'run', '--silent', 'test:fault', '--'],
    counted: true,
    withinMinutes: 20,
  },
  {
    name: 'sre',
    command: ['npm', 'run', '--silent', 'test:sre', '--'],
    counted: true,
    withinMinutes: 8,
  },
  {
    name: 'distributed',
    command: ['npm', 'run', '--silent', 'test:distributed', '--'],
    counted: true,
    withinMinutes: 20,
  },
  // Not here: `npm run test:fault -- distributed`. It takes twenty minutes and more; run it after changes to the services.
  {
    name: 'browser',
    command: ['npm', 'run', '--silent', 'test:browser', '--'],
    counted: true,
    withinMinutes: 5,
  },
  {
    name: 'demo',
    command: ['npm', 'run', '--silent', 'demo', '--', '--exit'],
    counted: false,
    withinMinutes: 3,
  },
];

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  /** What failed, a line each, to be read at the end of a long output. */
  readonly failures: readonly string[];
}

const outcomes: string[] = [];
let passed = 0;
let failed = 0;
const reports = mkdtempSync(join(tmpdir(), 'tocsin-ci-'));
try {
  for (const suite of SUITES) {
    const began = performance.now();
    const result = await run(suite);
    passed += result.passed;
    failed += result.failed;
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const outcome = `== ${suite.name}: ${result.passed} passed, ${result.failed} failed (${seconds} s)`;
    process.stdout.write(`\n${outcome}\n\n`);
    outcomes.push(outcome, ...result.failures.map((failure) => `   failed: ${failure}`));
  }
} finally {
  rmSync(reports, { recursive: true, force: true });
}
process.stdout.write(`${outcomes.join('\n')}\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

async function run(suite: Suite): Promise<Outcome> {
  const report = join(reports, `${suite.name}.json`);
  const reporting = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const [program, ...args] = [...suite.command, ...(suite.counted ? reporting : [])];
  const code = await exitCode(program, args, suite.withinMinutes);
  const ended = `${suite.command.join(' ')} ended with exit code ${code}`;
  const counted = suite.counted
    ? countTests(report)
    : { passed: code === 0 ? 1 : 0, failed: 0, failures: [] };
  // An exit code without a failed test is a suite that broke outside its tests, or never began.
  const broken = counted.failed === 0 && (code !== 0 || counted.passed === 0);
  return broken ? { ...counted, failed: 1, failures: [...counted.failures, ended] } : counted;
}

function exitCode(program: string, args: readonly string[], withinMinutes: number): Promise<number> {
  return new Promise((resolve) => {
    // A group of its own, so that whatever the suite has started ends with it.
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
    const timeout = setTimeout(() => {
      process.stdout.write(`\nstill running after ${withinMinutes} minutes: ended\n`);
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, withinMinutes * 60_000);
    child.on('error', () => resolve(127));
    child.on('close', (code) => {
      clearTimeout(timeout);
      resolve(code ?? 1);
    });
  });
}

interface TestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

function countTests(file: string): Outcome {
  const report = readReport(file);
  if (report === undefined) return { passed: 0, failed: 0, failures: [] };
  const failures = report.testResults.flatMap(({ name, message, assertionResults }) => {
    const tests = assertionResults.filter(({ status }) => status === 'failed');
    const inTests = tests.map(
      (test) => `${relative('.', name)}: ${test.fullName}: ${firstLine(test.failureMessages[0])}`,
    );
    return inTests.length > 0 || message === '' ? inTests : [`${relative('.', name)}: ${firstLine(message)}`];
  });
  return { passed: report.numPassedTests, failed: report.numFailedTests, failures };
}

/** Nothing when the suite did not get as far as running tests, or was ended while it wrote. */
function readReport(file: string): TestReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function firstLine(text = ''): string {
  return text.split('\n', 1)[0] ?? '';
}
