import { join } from 'node:path';
import { BackupFailed, backUp } from '../platform/database/backup.sqlite.ts';
import { DATA_FILE } from '../platform/database/embedded-store.ts';
import { type Command, EXIT, globals, readArgs, UsageError } from './command.ts';

export const backupCommand: Command = {
  name: 'backup',
  summary: 'copy the data file as it is at one instant, also while Tocsin runs',
  help: `
Usage: tocsin backup FILE [--data DIR] [--json]

Writes a copy of the data file, whole and checked, to FILE; never over one that is there. Tocsin may run meanwhile.
To restore: stop Tocsin, put the copy into an empty data folder as ${DATA_FILE}, start; see
infra/runbooks/backup-and-upgrade.md.

Example:
  tocsin backup /backups/tocsin-$(date +%F).sqlite --data /var/lib/tocsin

Exit codes: 0 done; 1 there is nothing to copy, FILE is there already, or the disk is full; 2 used wrongly.
`,
  run: async (args, io) => {
    const { values, positionals } = readArgs(args, {});
    const [file] = positionals;
    if (file === undefined || positionals.length > 1)
      throw new UsageError('expected one FILE to write the copy to');
    try {
      const bytes = backUp(join(globals(values, io).data, DATA_FILE), file);
      io.out(values.json === true ? `${JSON.stringify({ file, bytes })}\n` : `${file}: ${bytes} bytes\n`);
      return EXIT.done;
    } catch (error) {
      if (!(error instanceof BackupFailed)) throw error;
      io.err(`tocsin backup: ${error.message}\n`);
      return EXIT.foundWrong;
    }
  },
};
