import type { Engine, RuleProperties, TopLevelCondition } from 'json-rules-engine';
import type { Assessment } from '../../contracts/assessment.ts';
import type { BenchRule } from './rules-bench-set.ts';

/**
 * The same rules in json-rules-engine, the best-known rule engine of Node: flat facts, which are its fast way, and the test
 * of the type first. A development dependency: this file is loaded by the bench and by nothing else.
 */
export async function jsonRulesEngine(
  rules: readonly BenchRule[],
): Promise<(event: Assessment) => Promise<readonly string[]>> {
  const { Engine: EngineClass } = await import('json-rules-engine');
  const engine: Engine = new EngineClass(rules.map(asJsonRule));
  return async (event) => {
    const { events } = await engine.run(factsOf(event));
    return events.map(({ type }) => type);
  };
}

function asJsonRule({ id, type, tiers, sentimentBelow, riskFrom }: BenchRule): RuleProperties {
  const conditions: TopLevelCondition = {
    all: [
      { fact: 'type', operator: 'equal', value: type, priority: 10 },
      { fact: 'valueTier', operator: 'in', value: tiers },
      { fact: 'sentiment', operator: 'lessThan', value: Number(sentimentBelow.toFixed(1)) },
      {
        any: [
          { fact: 'churnRisk', operator: 'greaterThanInclusive', value: Number(riskFrom.toFixed(1)) },
          { fact: 'intents', operator: 'contains', value: 'leave' },
        ],
      },
    ],
  };
  return { conditions, event: { type: id } };
}

const factsOf = ({ signal, sentiment, intents, profile }: Assessment): Record<string, unknown> => ({
  type: signal.type,
  sentiment: sentiment?.score,
  intents: intents.map(({ intent }) => intent),
  valueTier: profile.valueTier,
  churnRisk: profile.churnRisk,
});
