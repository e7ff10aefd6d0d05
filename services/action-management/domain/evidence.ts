import type { Evidence } from '../../contracts/alert-request.ts';
import type { Assessment } from '../../contracts/assessment.ts';

/** Characters of a quote in an alert: fits a Slack line group and a phone screen. */
const MAX_QUOTE = 280;
/** Characters of a quote kept with the customer, in case a later signal raises the alert. */
const MAX_REMEMBERED_QUOTE = 160;
/** Words with their effect, in an alert and with the customer. */
const MAX_WORDS = 5;
const MAX_REMEMBERED_WORDS = 3;

/** A signal as an agent sees it: what was said, how it was taken, where it came from. */
export function evidenceOf(assessment: Assessment, kind: 'in full' | 'remembered'): Evidence {
  const { signal, sentiment } = assessment;
  const full = kind === 'in full';
  const quote = signal.text && shorten(signal.text, full ? MAX_QUOTE : MAX_REMEMBERED_QUOTE);
  return {
    signalId: signal.id,
    type: signal.type,
    occurredAt: signal.occurredAt,
    source: signal.source,
    channel: signal.channel,
    ...(quote ? { quote } : {}),
    ...(sentiment?.score === undefined ? {} : { sentiment: sentiment.score }),
    words: sentiment?.words.slice(0, full ? MAX_WORDS : MAX_REMEMBERED_WORDS) ?? [],
    intents: assessment.intents.slice(0, full ? MAX_WORDS : MAX_REMEMBERED_WORDS),
    ...(signal.url === undefined ? {} : { url: signal.url }),
  };
}

/** The beginning of a text on one line, cut between words where there is a gap near the end. */
export function shorten(text: string, limit: number): string {
  // Four times the limit is room for any white space that collapses; a megabyte is not searched.
  const line = text
    .slice(0, limit * 4)
    .replace(/\s+/g, ' ')
    .trim();
  if (line.length <= limit) return line;
  const cut = line.slice(0, limit - 1);
  const gap = cut.lastIndexOf(' ');
  return `${(gap > limit * 0.8 ? cut.slice(0, gap) : cut).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
