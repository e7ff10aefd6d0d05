import type { Source } from '../../contracts/sources.ts';
import type { Emit } from '../../platform/keyed-process/keyed-process.ts';

/** What the story brought, counted from the facts that the pipeline committed. */
export class Tally {
  signals = 0;
  readonly customers = new Set<string>();
  readonly raised = new Set<string>();
  readonly raisedBySource = new Map<Source, number>();
  readonly acknowledgedInTime = new Set<string>();
  readonly escalated = new Set<string>();
  readonly reached = new Set<string>();
  readonly proven = new Set<string>();
  readonly closed = new Map<string, string>();
  readonly held = new Map<string, number>();
  readonly breached = new Set<string>();
  messages = 0;

  count(fact: Emit): void {
    if (fact.topic === 'signals') this.#signal(fact.value.customerId);
    if (fact.topic !== 'alerts' || fact.value.alert.stage === 'shadow') return;
    const { type, alert, alertId, milestone, held } = fact.value;
    if (type === 'raised' || type === 'reopened') {
      this.raised.add(alertId);
      const source = alert.evidence.at(-1)?.source;
      if (source !== undefined) this.raisedBySource.set(source, (this.raisedBySource.get(source) ?? 0) + 1);
    }
    const { ack_by: ackBy } = alert.deadlines;
    if (type === 'acknowledged' && ackBy !== undefined && ackBy.breachedAt === undefined)
      this.acknowledgedInTime.add(alertId);
    if (type === 'escalated' && alert.deadlines.ack_by?.breachedAt !== undefined) this.escalated.add(alertId);
    if (type === 'breached' && milestone !== undefined) this.breached.add(`${alertId} ${milestone}`);
    if (type === 'contacted') this.reached.add(alertId);
    if (type === 'contacted' && alert.contact?.proven === true) this.proven.add(alertId);
    if (type === 'closed') this.closed.set(alertId, alert.outcome ?? 'unknown');
    if (type === 'held_back' && held !== undefined) this.held.set(held, (this.held.get(held) ?? 0) + 1);
  }

  #signal(customerId: string): void {
    this.signals += 1;
    this.customers.add(customerId);
  }
}
