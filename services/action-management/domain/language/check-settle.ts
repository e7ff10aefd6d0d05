import type { Defaults, Rule } from './ast.ts';
import type { Check } from './check.ts';
import { durationWords, readElapsed } from './duration.ts';
import { NOT_REMEMBERED } from './fields.ts';
import { readOfPast, readOfSignals } from './reads.ts';
import type { SpecFile } from './rule-file.ts';

/** What scoring made of the signals that had arrived by then: it is another number when they arrive in another order. */
const OF_ITS_ARRIVAL: ReadonlySet<string> = new Set(['risk_score', 'risk_change']);

const PATH = ['spec', 'settle'];

/** How long the rule waits for what comes late, or 0. It may then ask nothing that is forgotten, or depends on the order. */
export function readSettle(
  spec: SpecFile,
  rule: Omit<Rule, 'settleMs'>,
  defaults: Defaults,
  check: Check,
): number {
  if (spec.settle === undefined) return 0;
  if (spec.scope === 'segment') {
    check.report(PATH, 'a segment is judged at its newest instant; only rules about customers settle');
  }
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
  return readTime(spec.settle, defaults, check);
}

/** What comes later than that raises nothing anyway, so it need not be waited for. */
function readTime(text: string, { allowedLatenessMs, maxEventAgeMs }: Defaults, check: Check): number {
  const longestMs = Math.min(allowedLatenessMs, maxEventAgeMs);
  const read = readElapsed(text);
  if (!read.ok) check.report(PATH, read.message);
  else if (read.value > 0 && read.value <= longestMs) return read.value;
  else {
    const longest = durationWords(longestMs);
    check.report(
      PATH,
      `got "${text}"; possible is up to ${longest}, which is allowed_lateness or max_event_age`,
    );
  }
  return 0;
}
