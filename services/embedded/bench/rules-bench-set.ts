import type { RuleSet } from '../../action-management/domain/compile.ts';
import { readRuleSet } from '../../action-management/domain/read-rule-set.ts';
import type { Assessment, Intent } from '../../contracts/assessment.ts';
import type { SignalType } from '../../contracts/signal.ts';
import { MINUTE } from '../../platform/time/clock.ts';
import { TEMPLATES } from '../../settings/templates.ts';
import { seededRandom } from '../demo/random.ts';
import { RulesBroken } from '../rules-folder.ts';

/** The types of the events of the bench, and of the first fifty rules. */
const HEARD = [
  'complaint.received',
  'call_note.received',
  'post.published',
  'survey.answered',
] as const satisfies readonly SignalType[];
/** What the rules on top of fifty listen to. */
const UNHEARD = [
  'order.delayed',
  'payment.failed',
  'usage.dropped',
  'contract.ending',
  'price.raised',
  'purchase.made',
] as const satisfies readonly SignalType[];
/** Rules that listen to what happens in the bench. */
const HEARD_RULES = 50;

/** One rule, before it is written for one engine or the other. */
export interface BenchRule {
  readonly id: string;
  readonly type: SignalType;
  readonly tiers: readonly string[];
  readonly sentimentBelow: number;
  readonly riskFrom: number;
}

/** The first fifty are about the events of the bench, the others about something else. */
export const benchRulesOf = (count: number): readonly BenchRule[] =>
  Array.from({ length: count }, (_, n) => {
    const types = n < HEARD_RULES ? HEARD : UNHEARD;
    return {
      id: `rule-${n}`,
      type: types[n % types.length] ?? 'complaint.received',
      tiers: n % 2 === 0 ? ['gold', 'platinum'] : ['silver', 'gold'],
      sentimentBelow: -0.4 - (n % 5) / 10,
      riskFrom: 0.6 + (n % 4) / 10,
    };
  });

/** The rules as a rule set; with windows that count what they listen to, or the bare conditions. */
export function benchSet(rules: readonly BenchRule[], windows: 'with windows' | 'bare'): RuleSet {
  const files = rules.map((rule, n) => ({
    name: `${rule.id}.rule.yaml`,
    text: ruleText(rule, windows === 'bare' ? undefined : n),
  }));
  const read = readRuleSet(files, { teams: ['bench'], calendars: [], templates: TEMPLATES });
  if (!read.ok) throw new RulesBroken(read.problems);
  return read.ruleSet;
}

function ruleText({ id, type, tiers, sentimentBelow, riskFrom }: BenchRule, n: number | undefined): string {
  const windows =
    n === undefined
      ? ''
      : `
  windows:
    often: {of: ${type}, fn: count, over: ${7 + (n % 8)}d}
    mood: {of: ${type}, fn: avg, field: sentiment, over: ${14 + (n % 16)}d}`;
  const counted =
    n === undefined
      ? ''
      : `
      - often: {gte: ${2 + (n % 3)}}
      - mood: {lt: 0}`;
  return `apiVersion: tocsin/v1
kind: Rule
metadata: {id: ${id}, title: ${id}, owner: team/bench, stage: live}
spec:
  listen: [${type}]${windows}
  when:
    all:
      - profile.value_tier: {in: [${tiers.join(', ')}]}
      - event.sentiment: {lt: ${sentimentBelow.toFixed(1)}}
      - any:
          - profile.churn_risk: {gte: ${riskFrom.toFixed(1)}}
          - event.intents: {any_of: [leave]}${counted}
  timebox: {calendar: 24x7, ack_by: 1h}
  route: [{to: team/bench}]
  escalate: [{at: opened, notify: ["slack:#bench"]}, {at: ack_by, unless: acked, notify: ["slack:team-lead"]}]
`;
}

/** Customers of the bench: more than a batch has, few enough that their states stay at hand. */
const CUSTOMERS = 2_000;
const START = Date.parse('2026-03-02T08:00:00Z');
const TIERS = ['bronze', 'silver', 'gold', 'platinum'] as const;

/** Seeded assessments of the four types, a minute apart. Everything that the rules ask for is known. */
export function benchEvents(count: number, seed: number): readonly Assessment[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, n): Assessment => {
    const at = START + n * MINUTE;
    const customerId = `c${random.integer(0, CUSTOMERS - 1)}`;
    const intents: readonly Intent[] = random.chance(0.05) ? ['leave'] : [];
    return {
      id: `e${n}`,
      customerId,
      assessedAt: at,
      signal: {
        id: `e${n}`,
        type: random.pick(HEARD),
        customerId,
        quarantined: false,
        occurredAt: at,
        receivedAt: at,
        source: 'complaints',
        channel: 'email',
        product: 'fibre',
        region: 'north',
      },
      sentiment: { score: random.integer(-100, 100) / 100, label: 'neutral', words: [] },
      intents: intents.map((intent) => ({ intent, evidence: 'cancel' })),
      riskScore: 50,
      riskContributions: [],
      profile: { valueTier: random.pick(TIERS), churnRisk: random.integer(0, 100) / 100 },
      modelVersion: 'bench',
    };
  });
}
