import type { Pipeline } from '../pipeline.ts';

/** Raises an alert for each of `count` customers who have none, the usual way: call notes through the gateway. */
export async function raiseAlerts(
  { gateway }: Pipeline,
  prefix: string,
  from: number,
  count: number,
  now: number,
): Promise<void> {
  const notes = Array.from({ length: count }, (_, index) => ({
    id: `${prefix}-${from + index}`,
    customerId: `${prefix}-${from + index}`,
    occurredAt: now,
    direction: 'inbound',
    text: 'Customer wants to cancel the contract.',
  }));
  await gateway.accept('call-notes', notes);
}
