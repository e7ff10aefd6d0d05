import type { SentimentModelFile } from '../../domain/sentiment-model.ts';
import { MOODS } from '../../quality/classification.ts';

export interface CardFacts {
  /** Base names, as the reader knows them. */
  readonly modelFile: string;
  readonly source: string;
  readonly command: string;
  /** Rows without a text or a known label, and texts in another language. */
  readonly left: number;
  readonly unread: number;
}

const SHOWN_TERMS = 15;

/** What somebody must know before trusting a fitted model: made from what, how good, for what, and what not. */
export function sentimentModelCard(model: SentimentModelFile, facts: CardFacts): string {
  const { fitted, heldOut } = model;
  return `# Sentiment model ${model.version}

\`${facts.modelFile}\`, fitted on \`${facts.source}\` over lexicon ${model.lexicon}.

    ${facts.command}

## For what

Telling negative, neutral and positive messages of customers apart, in English and in the company's own kind of text.
The score and label go into assessments; rules should combine them with facts, and never open a P1 on mood alone.

## Learnt from

${fitted.texts} texts: ${fitted.negative} negative, ${fitted.neutral} neutral, ${fitted.positive} positive. Left out: ${facts.left} rows without a text or a known
label, ${facts.unread} in another language. Texts are counted once each; no name, address or handle is looked at, but a
word that stands in three texts or more may become a term: read the file before you pass it on.

## How good

By ${heldOut.folds}-fold cross-validation, each text judged by a model that had not seen it, labels chosen with what other folds taught:

| figure | value |
|---|---|
| accuracy | ${heldOut.accuracy} |
| macro F1 | ${heldOut.macroF1} |
| negative: precision, recall, F1 | ${heldOut.negative.precision}, ${heldOut.negative.recall}, ${heldOut.negative.f1} |
| AUC negative | ${heldOut.aucNegative} |

\`tocsin evaluate sentiment\` on the very texts it was fitted on gives better figures; they mean nothing.

## What it goes by

| mood | strongest terms |
|---|---|
${MOODS.map((mood, index) => `| ${mood} | ${strongest(model, index).join(', ')} |`).join('\n')}

## Limits

- It knows the words of its texts: after a new product, a rename or a new source, fit again. \`tocsin_score_tenths_total\`
  against \`tocsin_score_expected_ratio\` shows when the texts have moved away from these.
- It repeats the judgement of those who labelled: a score given after a call speaks of more than the remark beside it.
- Texts in other languages stay unknown. Irony without a cue is missed.
`;
}

function strongest(model: SentimentModelFile, mood: number): readonly string[] {
  return Object.entries(model.terms)
    .filter(([, weights]) =>
      weights.every((weight, index) => index === mood || weight < (weights[mood] ?? 0)),
    )
    .sort(([, one], [, other]) => (other[mood] ?? 0) - (one[mood] ?? 0))
    .slice(0, SHOWN_TERMS)
    .map(([term]) => `\`${term}\``);
}
