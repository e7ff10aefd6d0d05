import type { Admin } from 'kafkajs';
import { createKafka } from '../../services/platform/event-log/client.kafka.ts';
import { silentLogger } from '../../services/platform/logging/logger.ts';

/** Asks the brokers something, over a connection of its own. `brokers` may be several, with commas between. */
export async function askKafka<T>(brokers: string, ask: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = createKafka({ brokers: brokers.split(','), clientId: 'test', log: silentLogger }).admin();
  await admin.connect();
  try {
    return await ask(admin);
  } finally {
    await admin.disconnect();
  }
}
