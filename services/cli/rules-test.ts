import { existsSync, watch, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { SHIPPED_RULES } from '../embedded/rules-folder.ts';
import { mutateFolder } from '../embedded/rules-mutate/run-mutants.ts';
import { isGreen, reportJunit, reportWords } from '../embedded/rules-test/report.ts';
import { runRuleTests } from '../embedded/rules-test/run-rule-tests.ts';
import { type Command, EXIT, type Io, readArgs, UsageError } from './command.ts';
import { mutationWords } from './rules-mutate.ts';

export const rulesTestCommand: Command = {
  name: 'rules test',
  summary: 'play the tests of rules, with a clock of their own',
  help: `
Usage: tocsin rules test [FILE | DIR …] [--junit FILE] [--coverage] [--watch] [--json]

Plays the stories of test files (<name>.test.yaml) through the rules beside them and compares what came of them with
what was expected: alerts, deadlines, who was told, what was held back, what was not known. Nothing is stored and
nobody is told. DIR defaults to TOCSIN_RULES_DIR, then to the rules that come with Tocsin. How to write a test:
rules/README.md.

Options:
  --junit FILE  also write the results for build servers
  --coverage    when all pass, also what they would not notice: "tocsin rules mutate" of the folders, or of the rules
                that the files are called after
  --watch       run again whenever a file beside the tests changes, until interrupted
  --json        results as JSON: {files, passed, failed, results, problems}

Example:
  tocsin rules test rules/complaint-repeat-high-value.test.yaml

Exit codes: 0 all tests passed; 1 a test failed or a file cannot be used; 2 used wrongly.
`,
  run: runTests,
};

async function runTests(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, {
    junit: { type: 'string' },
    watch: { type: 'boolean' },
    coverage: { type: 'boolean' },
  });
  const paths = positionals.length > 0 ? positionals : [io.env.TOCSIN_RULES_DIR ?? SHIPPED_RULES];
  for (const path of paths)
    if (!existsSync(path)) throw new UsageError(`there is no file or folder "${path}"`);
  const once = (): number => {
    const report = runRuleTests(paths);
    if (values.junit !== undefined) writeFileSync(values.junit, reportJunit(report));
    const failed = report.results.filter(({ passed }) => !passed).length;
    const sums = { files: report.files, passed: report.results.length - failed, failed };
    io.out(values.json === true ? `${JSON.stringify({ ...sums, ...report })}\n` : reportWords(report));
    if (!isGreen(report)) return EXIT.foundWrong;
    if (values.coverage === true) for (const path of paths) io.err(coverageOf(path));
    return EXIT.done;
  };
  const code = once();
  if (values.watch === true) await again(paths, io, once);
  return code;
}

/** Progress, not result: `--json` stays one object, and "tocsin rules mutate --json" is the coverage for machines. */
function coverageOf(path: string): string {
  const isFile = path.endsWith('.yaml');
  const rule = isFile ? basename(path).replace(/\.(test|rule)\.yaml$/, '') : undefined;
  return mutationWords(mutateFolder(isFile ? dirname(path) : path, rule));
}

/** Editors save in several steps; half a blink later the file is whole. */
const SETTLE_MS = 150;

/** Runs on every change, until the process is interrupted. */
function again(paths: readonly string[], io: Io, once: () => number): Promise<never> {
  const folders = new Set(paths.map((path) => (path.endsWith('.yaml') ? dirname(path) : path)));
  let waiting: NodeJS.Timeout | undefined;
  for (const folder of folders) {
    watch(folder, (_, name) => {
      if (name?.endsWith('.yaml') === false) return;
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        io.err(`\n${name ?? folder} changed\n`);
        try {
          once();
        } catch (error) {
          // The file may be gone for a moment; the next change runs again.
          io.err(`${error instanceof Error ? error.message : String(error)}\n`);
        }
      }, SETTLE_MS);
    });
  }
  io.err('waiting for changes; Ctrl+C ends\n');
  return new Promise<never>(() => undefined);
}
