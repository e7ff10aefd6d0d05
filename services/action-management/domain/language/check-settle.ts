import type { Defaults, Rule } from './ast.ts';
import type { Check } from './check.ts';
import { durationWords, readElapsed } from './duration.ts';
import { NOT_REMEMBERED } from './fields.ts';
import { LIMITS } from './limits.ts';
import { readOfPast, readOfSignals } from './reads.ts';
import type { SpecFile } from './rule-file.ts';

/** What scoring made of the signals that had arrived by then: it is another number when they arrive in another order. */
const OF_ITS_ARRIVAL: ReadonlySet<string> = new Set(['risk_score', 'risk_change']);

const PATH = ['spec', 'settle'];

/**
 * How long the rule waits for what comes late, or 0: it judges at once. A rule that waits may ask nothing that is forgotten by
 * then, or depends on the order.
 */
export function readSettle(
  spec: SpecFile,
  rule: Omit<Rule, 'settleMs'>,
  defaults: Defaults,
  check: Check,
): number {
  if (spec.settle === undefined) return 0;
  const settleMs = readTime(spec.settle, rule, defaults, check);
  if (settleMs === 0) return 0;
  if (spec.scope === 'segment') checkSegment(rule, check);
  else checkSignals(rule, check);
  return settleMs;
}

function checkSignals(rule: Omit<Rule, 'settleMs'>, check: Check): void {
  for (const name of new Set([...readOfSignals(rule), ...readOfPast(rule)])) {
    if (NOT_REMEMBERED.has(name)) {
      check.report(
        PATH,
        `"${name}" is not remembered until then; ask for sentiment, intents or category instead`,
      );
    } else if (OF_ITS_ARRIVAL.has(name)) {
      check.report(
        PATH,
        `"${name}" depends on the order in which signals arrive; use profile.churn_risk instead`,
      );
    }
  }
}

/** A segment remembers of a signal only that it was there: what makes the segment is all that can be asked of it later. */
function checkSegment(rule: Omit<Rule, 'settleMs'>, check: Check): void {
  const key = rule.key.map(({ name }) => name);
  for (const name of new Set(readOfSignals(rule))) {
    if (key.includes(name)) continue;
    check.report(
      PATH,
      `"event.${name}" is of a single signal, and not remembered until then; count such signals in a window with where`,
    );
  }
  const texts = rule.playbook.flatMap(({ parts }) => parts);
  if (texts.some((part) => typeof part !== 'string' && part.reads === 'customer_id')) {
    check.report(
      PATH,
      'the playbook names "{customer_id}", and the alert is about a segment, not about a customer',
    );
  }
}

/** What comes later than that raises nothing anyway, or is forgotten, so it need not be waited for. */
function readTime(
  text: string,
  { scope, windows }: Omit<Rule, 'settleMs'>,
  { allowedLatenessMs, maxEventAgeMs }: Defaults,
  check: Check,
): number {
  const read = readElapsed(text);
  if (!read.ok) {
    check.report(PATH, read.message);
    return 0;
  }
  const usualMs = Math.min(allowedLatenessMs, maxEventAgeMs);
  const shortestMs = Math.min(...windows.map(({ overMs }) => overMs));
  const longestMs = scope === 'segment' ? Math.min(usualMs, shortestMs * REMEMBERED_WINDOWS) : usualMs;
  if (read.value <= longestMs) return read.value;
  const inDefaults = allowedLatenessMs <= maxEventAgeMs ? 'allowed_lateness' : 'max_event_age';
  const which =
    longestMs < usualMs
      ? `${REMEMBERED_WINDOWS} times the shortest window, as much as a segment remembers`
      : `the ${inDefaults} of _defaults.yaml: what comes later raises nothing anyway`;
  check.report(PATH, `got "${text}"; possible is up to ${durationWords(longestMs)}, which is ${which}`);
  return 0;
}

/** How many windows before the newest instant a segment can be judged again: buckets of a sixtieth each. */
const REMEMBERED_WINDOWS = LIMITS.segmentLateBuckets / 60;
