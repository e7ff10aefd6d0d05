import type { Clock } from '../../platform/time/clock.ts';
import type { DeliveryOrder } from '../domain/message.ts';
import type { Channel, DeliveryAnswer, SandboxStore } from '../ports.ts';

/**
 * Takes messages instead of Slack and the mail server, where those are not configured, and keeps them for the
 * sandbox page. Accepts everything; `find` always knows, so nothing is ever there twice.
 */
export function createSandboxChannel(store: SandboxStore, clock: Clock): Channel {
  return {
    deliver: async (order) => deliver(store, order, clock.now()),
    find: async (order) => store.findByDelivery(order.deliveryId),
  };
}

function deliver(store: SandboxStore, order: DeliveryOrder, at: number): DeliveryAnswer {
  if (order.form.type === 'update') {
    const known = order.channel === 'slack' && store.update(order.form.ref.id, order.content, at);
    if (!known) return { type: 'failed', reason: 'target_unknown', retriable: false };
    return { type: 'accepted', ref: order.form.ref };
  }
  const { channel, address, deliveryId, alertKey, alertId, template, content } = order;
  const thread = order.form.type === 'reply' ? { thread: order.form.to.id } : {};
  const ref = store.put({
    channel,
    address,
    deliveryId,
    alertKey,
    alertId,
    template,
    content,
    at,
    ...thread,
  });
  return { type: 'accepted', ref };
}
