import { RulesRefused } from '../action-management/rules-reload.ts';
import { PortTaken } from '../embedded/main.ts';
import { RulesBroken } from '../embedded/rules-folder.ts';
import { SettingsWrong } from '../embedded/tocsin.ts';
import { DataFolderUnusable } from '../platform/database/data-folder.ts';
import { StorageUnavailable } from '../platform/event-log/event-log.ts';
import { NotReachable } from './client.ts';
import { EXIT, UsageError } from './command.ts';

/** What to say, and the exit code, for trouble that a user can do something about. Nothing for a mistake of ours. */
export function whyItEnded(
  command: string,
  error: unknown,
): { readonly code: number; readonly words: string } | undefined {
  if (!(error instanceof Error)) return undefined;
  const say = (code: number, words: string) => ({ code, words: `tocsin ${command}: ${words}\n` });
  if (error instanceof UsageError)
    return say(EXIT.usedWrongly, `${error.message}\nTry: tocsin ${command} --help`);
  if (error instanceof SettingsWrong) return say(EXIT.usedWrongly, `settings are wrong\n${error.message}`);
  if (error instanceof RulesBroken || error instanceof RulesRefused)
    return say(EXIT.foundWrong, `the rules folder has ${error.problems.length} problem(s)\n${error.message}`);
  if (error instanceof StorageUnavailable) {
    const words = `${error.message} (${error.reason}). What was stored waits there and is processed when there is room.`;
    return say(EXIT.foundWrong, words);
  }
  const isOfTheWorld =
    error instanceof PortTaken || error instanceof DataFolderUnusable || error instanceof NotReachable;
  return isOfTheWorld || isOfTheSystem(error) ? say(EXIT.foundWrong, error.message) : undefined;
}

/** A file that may not be written, a disk that is full: Node's message names the operation and the path. */
const isOfTheSystem = (error: Error): boolean => 'syscall' in error && 'code' in error;
