import type { Assessment } from '../../contracts/assessment.ts';
import type { Segment } from '../../contracts/segment.ts';
import type { Rule } from './language/ast.ts';

/** Longer values are cut: a segment is a product, not a story. */
const MAX_VALUE = 80;

/** The segment of an assessment by a rule's key; nothing when one of its fields is unknown. */
export function segmentOf(key: Rule['key'], assessment: Assessment): Segment | undefined {
  let segment = '';
  for (const { name, field } of key) {
    const value = field.read(assessment);
    if (value === undefined || value === '') return undefined;
    const text = String(value).slice(0, MAX_VALUE).replace(/[/=%]/g, encodeURIComponent);
    segment += `${segment === '' ? '' : '/'}${name}=${text}`;
  }
  return segment;
}

/** `product=a/region=de` → the values by the names of their fields, as far as they were not cut. */
export const valuesOf = (segment: Segment): Readonly<Record<string, string>> =>
  Object.fromEntries(
    segment.split('/').map((part) => {
      const [name = '', text = ''] = part.split(/=(.*)/s);
      return [name, decodeURIComponent(text)];
    }),
  );

/** `product=a/region=de` → `product/region`: by which fields it was made. */
export const fieldsOfSegment = (segment: Segment): string =>
  segment
    .split('/')
    .map((part) => part.split('=')[0])
    .join('/');

/** The key under which a rule's own flood of alerts is counted. */
export const ruleSegment = (ruleId: string): Segment => `rule=${ruleId}`;

export const isRuleSegment = (segment: Segment): boolean => segment.startsWith('rule=');
