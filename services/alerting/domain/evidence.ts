import type { Evidence } from '../../contracts/alert-request.ts';

export interface EvidenceSoFar {
  readonly evidence: readonly Evidence[];
  readonly evidenceCount: number;
}

/** As many as the contract allows on an alert; older ones live on in the earlier events. */
const MAX_EVIDENCE = 20;

/**
 * Adds what is new, newest last. The same signal counts once.
 *
 * With a full list, a signal older than everything in it is taken for one that had to make room before; a
 * signal that arrives that late is then not counted.
 */
export function addEvidence(so: EvidenceSoFar, incoming: readonly Evidence[]): EvidenceSoFar {
  const oldest = so.evidence.length < MAX_EVIDENCE ? undefined : so.evidence[0];
  const fresh = incoming.filter(
    (each, index) =>
      !so.evidence.some((known) => known.signalId === each.signalId) &&
      incoming.findIndex((other) => other.signalId === each.signalId) === index &&
      (oldest === undefined || each.occurredAt >= oldest.occurredAt),
  );
  if (fresh.length === 0) return { evidence: so.evidence, evidenceCount: so.evidenceCount };
  return {
    evidence: [...so.evidence, ...fresh].sort(byAge).slice(-MAX_EVIDENCE),
    evidenceCount: so.evidenceCount + fresh.length,
  };
}

const byAge = (a: Evidence, b: Evidence): number =>
  a.occurredAt - b.occurredAt || (a.signalId < b.signalId ? -1 : 1);
