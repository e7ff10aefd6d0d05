import { readFileSync, writeFileSync } from 'node:fs';
import { didYouMean } from '../platform/config/did-you-mean.ts';
import { formatProblem } from '../platform/config/yaml-file.ts';
import { compileRiskModel, type RiskModel } from '../scoring/domain/risk-model.ts';
import type { CsvTable } from '../scoring/fit/csv-table.ts';
import { describeColumns } from '../scoring/fit/risk/columns.ts';
import { customersOf } from '../scoring/fit/risk/customers.ts';
import { labelRows, newestDate } from '../scoring/fit/risk/fit.ts';
import { probabilitiesOf } from '../scoring/quality/evaluate-risk.ts';
import { judgeRisk, type RiskFigures } from '../scoring/quality/risk-figures.ts';
import { riskReport } from '../scoring/quality/risk-report.ts';
import { type Command, EXIT, type Io, readArgs, UsageError } from './command.ts';
import { readTable } from './read-table.ts';
import { instant } from './risk-fit.ts';

export const evaluateRiskCommand: Command = {
  name: 'evaluate risk',
  summary: 'measure a churn model on customers whose fate is known',
  help: `
Usage: tocsin evaluate risk CSV --model MODEL.yaml --label COLUMN=VALUE [--as-of DATE] [--report FILE] [--json]

Scores each row with the model, as the pipeline would a customer of whom no more is known, and compares with what
happened. Judge a model on customers that it has not learnt from.

  --model FILE   a model of "tocsin risk fit"
  --label EXPR   which rows left, as for "tocsin risk fit"
  --id COLUMN    names the customer, where one has several rows (default: found by its name, such as customer_id);
                 intervals then draw customers, not rows
  --as-of DATE   when ages are taken (default: the newest date of the table)
  --report FILE  an HTML page with ROC, lift and calibration
  --json         n, auc, liftTop10, brier and more as one JSON object

Example:
  tocsin evaluate risk last-quarter.csv --model rules/risk-model.yaml --label Churn=Yes

Exit codes: 0 measured; 1 the table or the model cannot be used; 2 used wrongly.
`,
  run: evaluate,
};

async function evaluate(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, {
    model: { type: 'string' },
    label: { type: 'string' },
    id: { type: 'string' },
    'as-of': { type: 'string' },
    report: { type: 'string' },
  });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError('expected one CSV file');
  if (values.model === undefined) throw new UsageError('--model names the model');
  if (values.label === undefined)
    throw new UsageError('--label says which customers left, for example Churn=Yes');
  const at = values['as-of'] === undefined ? undefined : instant(values['as-of']);
  const read = readBoth(file, values.model, io);
  if (typeof read === 'string') return refuse(io, read);
  const { table: whole, model } = read;
  const missing = missingColumns(model, whole, values.model);
  if (missing !== undefined) return refuse(io, `${file}: ${missing}`);
  if (values.id !== undefined && !whole.columns.includes(values.id))
    return refuse(io, `${file}: no column "${values.id}"${didYouMean(values.id, whole.columns)}`);
  const labelled = labelRows(whole, values.label, { rows: 2, each: 1 });
  if (!labelled.ok) return refuse(io, `${file}: ${labelled.problem}`);
  const { table, labels } = labelled;
  const columns = describeColumns(table);
  const customers = customersOf(table, columns, values.id === undefined ? [] : [values.id]);
  const probabilities = probabilitiesOf(model, table, at ?? newestDate(columns));
  const figures = judgeRisk(probabilities, labels, customers);
  if (values.report !== undefined) {
    const title = `Churn model ${model.version} on ${table.rows.length} customers`;
    writeFileSync(
      values.report,
      riskReport({ title, label: values.label, figures, probabilities, labels, drivers: [] }),
    );
  }
  const rowsWithoutLabel = whole.rows.length - table.rows.length;
  io.out(
    values.json === true ? `${JSON.stringify({ ...figures, rowsWithoutLabel })}\n` : inWords(figures, model),
  );
  return EXIT.done;
}

function refuse(io: Io, message: string): number {
  io.err(`${message}\n`);
  return EXIT.foundWrong;
}

function readBoth(csv: string, yaml: string, io: Io): { table: CsvTable; model: RiskModel } | string {
  const table = readTable(csv, io);
  if (typeof table === 'string') return table;
  try {
    const model = compileRiskModel(yaml, readFileSync(yaml, 'utf8'));
    return model.ok ? { table, model: model.value } : model.problems.map(formatProblem).join('\n');
  } catch (error) {
    return `${yaml}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function missingColumns(model: RiskModel, { columns }: CsvTable, file: string): string | undefined {
  if (model.columns.length === 0)
    return `${file} reads the profile of customers and no columns; fit one on a table`;
  const missing = model.columns.filter((column) => !columns.includes(column));
  if (missing.length === 0) return undefined;
  return missing
    .map((column) => `no column "${column}", which the model reads${didYouMean(column, columns)}`)
    .join('; ');
}

function inWords(figures: RiskFigures, { version, fit }: RiskModel): string {
  const { interval95 } = figures;
  const then =
    fit === undefined
      ? ''
      : `when fitted: AUC ${fit.held_out.auc}, lift ${fit.held_out.lift_top10}, Brier ${fit.held_out.brier}\n`;
  const table = figures.reliability.map(
    ({ rows, foreseen, happened }) =>
      `  ${String(rows).padStart(6)}  ${percent(foreseen)}  ${percent(happened)}`,
  );
  return `model           ${version}
customers       ${figures.n}, ${figures.outcomes} with the outcome
AUC             ${figures.auc} (95 %: ${interval95.auc.join(' to ')})
lift, top 10 %  ${figures.liftTop10} (95 %: ${interval95.liftTop10.join(' to ')})
Brier           ${figures.brier}; recalibrated on these rows it would be ${figures.brierIfRecalibrated}
${then}
    rows  foreseen  happened
${table.join('\n')}
`;
}

const percent = (share: number): string => `${(share * 100).toFixed(1).padStart(6)} %`;
