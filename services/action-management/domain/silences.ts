import type { Silence } from '../../contracts/silence.ts';
import type { Match } from './request.ts';

/** Longer silences are forgotten by those who made them. */
export const MAX_SILENCE_DAYS = 14;

/** The silence that covers a match now, if there is one. */
export const silencing = (
  silences: readonly Silence[],
  match: Pick<Match, 'rule' | 'subject' | 'facts'>,
  now: number,
): Silence | undefined =>
  silences.find((silence) => silence.startsAt <= now && now < silence.endsAt && covers(silence, match));

function covers(
  { rule, subject, product, region }: Silence,
  match: Pick<Match, 'rule' | 'subject' | 'facts'>,
): boolean {
  const { signal, profile } = match.facts.assessment;
  return (
    fits(rule, match.rule.rule.id) &&
    fits(subject, match.subject) &&
    fits(product, signal.product ?? profile.product) &&
    fits(region, signal.region ?? profile.region)
  );
}

const fits = (wanted: string | undefined, found: string | undefined): boolean =>
  wanted === undefined || wanted.toLowerCase() === found?.toLowerCase();

/** `planned maintenance (S-3f2a9c01 by ana, until 2026-03-30 12:00 UTC)` */
export const silenceWords = ({ id, reason, by, endsAt }: Silence): string =>
  `${reason} (${id} by ${by}, until ${new Date(endsAt).toISOString().slice(0, 16).replace('T', ' ')} UTC)`;
