import type { RulesDiff } from './diff.ts';
import { table } from './report-words.ts';

/** Changes shown one by one: the first tell what is going on, and `--json` has them all. */
const SHOWN = 20;

/** A comparison of two sets for the terminal, or for the text of a review. */
export function diffWords({ signals, before, after, rules, changes }: RulesDiff): string {
  const head = `${signals} signals; ${before.alerts} alerts with set ${before.hash}, ${after.alerts} with set ${after.hash}`;
  if (changes.length === 0) return `${head}: no alert changes\n`;
  const rows = rules
    .filter(({ gained, lost, changed }) => gained + lost + changed > 0)
    .map((rule) => [
      rule.rule,
      String(rule.before),
      String(rule.after),
      rule.gained === 0 ? '' : `+${rule.gained}`,
      rule.lost === 0 ? '' : `−${rule.lost}`,
      rule.changed === 0 ? '' : String(rule.changed),
    ]);
  const lines = changes.slice(0, SHOWN).flatMap(({ kind, rule, subject, openedAt, why }) => {
    const [first = '', ...others] = why;
    const sign = { gained: '+', lost: '−', changed: '~' }[kind];
    return [`${sign} ${new Date(openedAt).toISOString()} ${rule} of ${subject}: ${first}`, ...others];
  });
  const more = changes.length - SHOWN;
  return [
    head,
    '',
    table(['rule', 'before', 'after', 'gained', 'lost', 'other'], rows, [1, 2, 3, 4, 5]),
    '',
    ...lines,
    ...(more > 0 ? [`… and ${more} more; --json has them all`] : []),
    '',
  ].join('\n');
}
