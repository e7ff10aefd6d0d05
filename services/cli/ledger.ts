import type { LedgerReport } from '../embedded/ledger-report.ts';
import { connect } from './client.ts';
import { type Command, EXIT, globals, readOptions } from './command.ts';

export const ledgerCommand: Command = {
  name: 'ledger',
  summary: 'account for every input, stage by stage',
  help: `
Usage: tocsin ledger [--data DIR] [--json]

Shows what became of every record: accepted, repeated, ignored or rejected at the gateway, then handled, skipped
(with the reason) or set aside as a dead letter at each stage. Then it checks that the sums meet.

Example:
  tocsin ledger --json | jq '.checks[] | select(.meets | not)'

Exit codes: 0 every input is accounted for; 1 the sums do not meet; 2 used wrongly.
`,
  run: async (args, io) => {
    const { values } = readOptions(args, {});
    const client = await connect(globals(values, io).data, io);
    try {
      const { body } = await client.request('GET', '/v1/ledger');
      // The route answers with this type.
      const report = body as ShownLedger;
      io.out(values.json === true ? `${JSON.stringify(report)}\n` : ledgerInWords(report));
      return report.meets ? EXIT.done : EXIT.foundWrong;
    } finally {
      await client.close();
    }
  },
};

/** That of many machines says when their database was restored. */
type ShownLedger = LedgerReport & { readonly restoredAt?: number };

/** The ledger as a table, with the checks below it. */
export function ledgerInWords({ entries, checks, waiting, deadLetters, restoredAt }: ShownLedger): string {
  const rows = entries.map(({ stage, topic, outcome, reason, count }) => [
    stage,
    topic,
    outcome,
    reason,
    String(count),
  ]);
  const head = ['stage', 'topic', 'outcome', 'reason', 'count'];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 4 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ');
  const failed = checks.filter((check) => !check.meets);
  const verdict =
    failed.length === 0
      ? `All ${checks.length} sums meet: every input is accounted for.`
      : [
          `${failed.length} of ${checks.length} sums do NOT meet:`,
          ...failed.map((check) => `  ${check.says}: ${check.left} is not ${check.right}`),
        ].join('\n');
  const restored =
    restoredAt === undefined
      ? ''
      : `Restored ${new Date(restoredAt).toISOString()}: what services put out is not compared with what others were given.\n`;
  return `${[line(head), ...rows.map(line)].join('\n')}

waiting to be processed: ${waiting}; dead letters parked: ${deadLetters.parked ?? 0}
${verdict}
${restored}`;
}
