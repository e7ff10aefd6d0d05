import { didYouMean } from '../../../platform/config/yaml-file.ts';
import type { Rule, Window } from './ast.ts';
import type { Check, Path } from './check.ts';
import { EVENT_FIELDS, NOT_REMEMBERED } from './fields.ts';
import { LIMITS } from './limits.ts';
import type { SpecFile } from './rule-file.ts';

/** Fields whose values are so many that they make no segments. */
const SINGULAR = new Set([...NOT_REMEMBERED, 'customer_id', 'via', 'complaint_id', 'type']);

/** The fields that make a segment: texts of the signal, such as product and region. */
export function readSegmentKey(spec: SpecFile, check: Check): Rule['key'] {
  const path = ['spec', 'key'];
  const usable = [...EVENT_FIELDS].filter(([name, { type }]) => type === 'string' && !SINGULAR.has(name));
  if (spec.key.length > LIMITS.segmentFields) {
    check.report(path, `${spec.key.length} fields; at most ${LIMITS.segmentFields} make a segment`);
  }
  if (spec.sequence !== undefined) {
    check.report(['spec', 'sequence'], 'a sequence is about one customer; use scope: customer');
  }
  if (spec.timebox.timezone === 'customer') {
    check.report(['spec', 'timebox', 'timezone'], 'a segment has no customer; use the calendar of the team');
  }
  return spec.key.flatMap((name, index) => {
    const field = usable.find(([known]) => known === name)?.[1];
    if (field !== undefined) return [{ name, field }];
    const names = usable.map(([known]) => known);
    const hint = didYouMean(name, names);
    check.report(
      [...path, index],
      `got "${name}", which makes no segment; a segment is made of product, region or the like${hint}`,
    );
    return [];
  });
}

/** What a segment can compute without remembering single signals. */
const SEGMENT_FUNCTIONS = ['count', 'sum', 'avg', 'distinct'];

/** Windows over a segment are kept as counts, so not everything can be asked of them. */
export function segmentWindows(windows: readonly Window[], path: Path, check: Check): Window[] {
  return windows.filter(({ name, fn }) => {
    if (SEGMENT_FUNCTIONS.includes(fn)) return true;
    check.report(
      [...path, name, 'fn'],
      `fn: ${fn} is not possible over a segment; allowed: ${SEGMENT_FUNCTIONS.join(', ')}`,
    );
    return false;
  });
}
