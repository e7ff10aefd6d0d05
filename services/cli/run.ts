import { stderr, stdout } from 'node:process';
import { TOCSIN_VERSION } from '../embedded/version.ts';
import { didYouMean } from '../platform/config/did-you-mean.ts';
import { type Command, EXIT, GLOBAL_OPTIONS, type Io } from './command.ts';
import { COMMAND_GROUPS, COMMANDS } from './commands.ts';
import { whyItEnded } from './why-it-ended.ts';

const io: Io = {
  out: (text) => void stdout.write(text),
  err: (text) => void stderr.write(text),
  interactive: stderr.isTTY === true,
  env: process.env,
};

/** `| head` has seen enough: nothing is wrong, and nobody is left to tell. */
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.done);
});

/** Finds the command whose name is the longest beginning of the arguments, and runs it. Answers the exit code. */
export async function main(given: readonly string[]): Promise<number> {
  const args = commandFirst(helpAsked(given));
  const words = args.filter((arg) => !arg.startsWith('-'));
  const command = COMMANDS.filter((candidate) => isPrefix(candidate.name.split(' '), args)).sort(
    (a, b) => b.name.length - a.name.length,
  )[0];
  if (command === undefined) return withoutCommand(words, args);
  const rest = args.slice(command.name.split(' ').length);
  if (rest.includes('--help') || rest.includes('-h')) {
    io.out(`${command.help.trim()}\n`);
    return EXIT.done;
  }
  return runCommand(command, rest);
}

/** `tocsin help start` is `tocsin start --help`. */
const helpAsked = (args: readonly string[]): readonly string[] =>
  args[0] === 'help' ? [...args.slice(1), '--help'] : args;

/** The options of every command may stand before it as well: `tocsin --data DIR ledger`. */
function commandFirst(args: readonly string[]): readonly string[] {
  let begin = 0;
  while (args[begin]?.startsWith('--') === true)
    begin += ['--data', '--port'].includes(args[begin] ?? '') ? 2 : 1;
  return [...args.slice(begin), ...args.slice(0, begin)];
}

async function runCommand(command: Command, args: readonly string[]): Promise<number> {
  try {
    return await command.run(args, io);
  } catch (error) {
    const why = whyItEnded(command.name, error);
    if (why === undefined) throw error;
    io.err(why.words);
    return why.code;
  }
}

function withoutCommand(words: readonly string[], args: readonly string[]): number {
  const [word] = words;
  if (args.includes('--version') && word === undefined) {
    io.out(`tocsin ${TOCSIN_VERSION}, node ${process.version}\n`);
    return EXIT.done;
  }
  const asked = args.includes('--help') || args.includes('-h');
  const known = [...Object.keys(GLOBAL_OPTIONS), 'version'].map((name) => `--${name}`);
  const unknown = args.find((arg) => arg.startsWith('--') && !known.includes(arg.split('=')[0] ?? ''));
  if (word === undefined && !asked && unknown !== undefined) {
    io.err(`tocsin: unknown option ${unknown}${didYouMean(unknown, known)}\nTry: tocsin --help\n`);
    return EXIT.usedWrongly;
  }
  if (word === undefined) {
    (asked ? io.out : io.err)(overview());
    return asked ? EXIT.done : EXIT.usedWrongly;
  }
  const within = COMMANDS.filter((command) => command.name.split(' ')[0] === word);
  if (within.length > 0 && asked && words.length === 1) {
    io.out(`${verbsOf(word, within)}\n`);
    return EXIT.done;
  }
  if (within.length > 0) {
    io.err(`${whichOf(word, words[1], within)}\n`);
  } else {
    const first = [...new Set(COMMANDS.map((command) => command.name.split(' ')[0] ?? ''))];
    io.err(`tocsin: unknown command "${word}"${didYouMean(word, first)}\n`);
  }
  return EXIT.usedWrongly;
}

function whichOf(group: string, verb: string | undefined, commands: readonly Command[]): string {
  const verbs = commands.map((command) => command.name.slice(group.length + 1));
  if (verb === undefined) return `tocsin ${group}: which of ${verbs.join(', ')}?`;
  return `tocsin ${group}: unknown "${verb}"${didYouMean(verb, verbs)}`;
}

/** The answer to `tocsin rules --help`. */
function verbsOf(group: string, commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  tocsin ${name.padEnd(width)}  ${summary}`);
  return `${lines.join('\n')}\n\nEach has a --help: tocsin ${commands[0]?.name ?? group} --help`;
}

function overview(): string {
  const width = Math.max(...COMMANDS.map((command) => command.name.length));
  const line = ({ name, summary }: Command) => `  ${name.padEnd(width)}  ${summary}`;
  const groups = COMMAND_GROUPS.map(({ title, commands }) => [`${title}:`, ...commands.map(line)].join('\n'));
  return `Tocsin hears that a customer is about to leave, tells the right person in time,
and follows each alert until somebody has spoken to the customer.

Usage: tocsin COMMAND [options]

${groups.join('\n\n')}

Options of every command:
  --data DIR   data folder (TOCSIN_DATA_DIR; default ./data)
  --port N     port of the page and the API (TOCSIN_PORT; default 8080)
  --json       results as JSON on standard output
  --help       what a command does, with an example (also: tocsin help COMMAND)

tocsin --version says which this is.

Exit codes: 0 done, 1 found something wrong, 2 used wrongly.
Begin with: tocsin demo
`;
}

const isPrefix = (prefix: readonly string[], words: readonly string[]): boolean =>
  prefix.every((word, index) => words[index] === word);
