import type { Signal } from './signal.ts';
import type { Channel } from './sources.ts';

export type SentimentLabel = 'negative' | 'neutral' | 'positive' | 'unknown';

/** What a text says about the customer's mood. `score` is absent when the language is not one we can read. */
export interface Sentiment {
  /** −1 (very bad) to 1 (very good). */
  readonly score?: number;
  readonly label: SentimentLabel;
  /** How likely the label is right, 0–1; absent when it is `unknown`, and in assessments from before it was kept. */
  readonly confidence?: number;
  /** The words that made the score, strongest first, with their effect on it. At most eight. */
  readonly words: readonly { readonly word: string; readonly effect: number }[];
}

/** What a text shows that the customer wants or threatens. Scoring stores their places: new ones go to the end. */
export const INTENTS = [
  'leave',
  'competitor',
  'legal',
  'regulator',
  'press',
  'manager',
  'repeat_story',
  'broken_promise',
  'praise',
  'help',
] as const;
export type Intent = (typeof INTENTS)[number];

export interface IntentFound {
  readonly intent: Intent;
  /** The customer's own words that show it. */
  readonly evidence: string;
}

/** One reason for the risk, in words that an agent can repeat. */
export interface RiskContribution {
  readonly feature: string;
  /** Effect on the risk score, in points of 0–100; positive means more likely to leave. */
  readonly points: number;
  /** For example `2 complaints in the last 30 days`. */
  readonly words: string;
}

/**
 * What is known of the customer now: what the CRM said and what their behaviour shows. Rules read these as
 * `profile.<name>` in snake case. An absent field is unknown, and an unknown field never fires a rule.
 */
export interface Profile {
  readonly name?: string;
  readonly valueTier?: string;
  readonly valuePerYear?: number;
  readonly tenureMonths?: number;
  readonly contract?: string;
  /** Epoch ms. */
  readonly renewalAt?: number;
  /** Days until `renewalAt`, at the time of the assessment. */
  readonly daysToRenewal?: number;
  readonly accountManager?: string;
  readonly product?: string;
  readonly region?: string;
  readonly timezone?: string;
  readonly language?: string;
  readonly preferredChannel?: Channel;
  readonly active?: boolean;
  readonly flags?: readonly string[];
  readonly usageTrend?: number;
  /** Probability that the customer leaves, 0–1. `riskScore` is the same times 100. */
  readonly churnRisk?: number;
  /** Mood over all texts, −1…1, each text counting half after thirty days. */
  readonly sentiment?: number;
  readonly complaints30d?: number;
  readonly openComplaints?: number;
  readonly contacts30d?: number;
  readonly transfers30d?: number;
  /** Days since we last spoke to the customer. */
  readonly daysSinceContact?: number;
}

/** Sentiment of a signal and churn risk of its customer right after it. Written by scoring, keyed by customer. */
export interface Assessment {
  /** The id of the signal. */
  readonly id: string;
  readonly customerId: string;
  /** Epoch ms. */
  readonly assessedAt: number;
  readonly signal: Signal;
  /** Absent when the signal carries no text. */
  readonly sentiment?: Sentiment;
  readonly intents: readonly IntentFound[];
  /** 0 (will stay) to 100 (is leaving). */
  readonly riskScore: number;
  /** 0–100, before this signal; absent for a customer's first signal. */
  readonly riskScoreBefore?: number;
  /** Strongest first, at most six. */
  readonly riskContributions: readonly RiskContribution[];
  readonly profile: Profile;
  /** Version of the risk model and lexicon that produced the numbers. */
  readonly modelVersion: string;
}
