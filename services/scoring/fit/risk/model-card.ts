import type { FittedRisk } from './fit.ts';

/** What somebody must know before they trust a fitted model, in Markdown. Same fit, same text. */
export function modelCard(
  { version, figures, crossValidated, leftOut, drivers, rowsLeft }: FittedRisk,
  label: string,
): string {
  const { draws, auc, liftTop10, allTogether } = crossValidated;
  const share = (figures.outcomes / figures.n) * 100;
  return `# Churn model ${version}

## What it is for

It ranks customers by how likely they are to have \`${label}\`, and says why in points per feature. It supports the
decision whom to call first. It is not made to decide anything about a customer by itself, to set prices, or to be
used on people who are not like those it learnt from.

## What it learnt from

${figures.n} rows with a label, ${figures.outcomes} of them (${share.toFixed(1)} %) with \`${label}\`; ${rowsLeft} rows
without a label were left out. The weights hold for customers like these, in a time like that. If customers were
already called because of an earlier score, the table shows what the calls changed, too: keep a group that is not
called, and learn from that group.

## How good it is

On rows that the model had not seen (five-fold cross-validation), with 95 % intervals:

| | | |
|---|---|---|
| AUC | ${figures.auc} | ${figures.interval95.auc.join(' to ')} |
| lift in the top tenth | ${figures.liftTop10} | ${figures.interval95.liftTop10.join(' to ')} |
| Brier score | ${figures.brier} | ${figures.interval95.brier.join(' to ')} |
| Brier score if redrawn to fit these rows | ${figures.brierIfRecalibrated} | |

There five models have each ranked the fifth of the rows that they had not seen; AUC and lift are means. ${
    draws === 1
      ? 'The folds were drawn once.'
      : `The folds were drawn ${draws} times: AUC ${auc.join(' to ')}, lift ${liftTop10.join(' to ')}.`
  }
All rows ranked together, those of one model against those of another: AUC ${allTogether.auc}, lift ${allTogether.liftTop10}.

Ten groups of customers, from the least to the most likely:

| customers | foreseen | happened |
|---|---|---|
${figures.reliability.map(({ rows, foreseen, happened }) => `| ${rows} | ${percent(foreseen)} | ${percent(happened)} |`).join('\n')}

## What drives it

Mean effect on the log-odds (0.7 doubles or halves the odds):

| feature | effect |
|---|---|
${drivers
  .slice(0, 15)
  .map(({ feature, strength }) => `| ${cell(feature)} | ${strength.toFixed(2)} |`)
  .join('\n')}

These go together with leaving. They need not be its cause: to change one of them need not keep a customer.

## What it does not use

${leftOut.length === 0 ? 'Every column is used.' : leftOut.map(({ column, because }) => `- ${column}: ${because}`).join('\n')}

A column that is allowed can stand in for one that is not (a postcode for an origin). Compare scores between the groups
that you must treat alike before you rely on them.

## When to learn anew

When \`tocsin evaluate risk\` on the newest customers falls below the intervals above, when prices, products or the
market change, and at the latest after a year.
`;
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const cell = (text: string): string => text.replaceAll('|', '\\|');
