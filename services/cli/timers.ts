import { connect } from './client.ts';
import { type Command, EXIT, globals, readOptions } from './command.ts';

export const timersCommand: Command = {
  name: 'timers',
  summary: 'show the durable timers that are set, earliest first',
  help: `
Usage: tocsin timers [--data DIR] [--json]

Lists up to 200 timers: when each is due, which process set it and for which key. One that is overdue by more
than a minute means that the pipeline does not run or does not keep up.

Example:
  tocsin timers --data /var/lib/tocsin

Exit codes: 0 done; 2 used wrongly.
`,
  run: async (args, io) => {
    const { values } = readOptions(args, {});
    const client = await connect(globals(values, io).data, io);
    try {
      const { body } = await client.request('GET', '/v1/timers');
      // The route answers with this type.
      const { timers } = body as { timers: readonly { process: string; key: string; dueAt: number }[] };
      if (values.json === true) io.out(`${JSON.stringify(timers)}\n`);
      else if (timers.length === 0) io.out('No timer is set: no alert is open.\n');
      else
        for (const timer of timers)
          io.out(`${new Date(timer.dueAt).toISOString()}  ${timer.process}  ${timer.key}\n`);
      return EXIT.done;
    } finally {
      await client.close();
    }
  },
};
