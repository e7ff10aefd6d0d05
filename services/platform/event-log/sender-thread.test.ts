import { type AddressInfo, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { silentLogger } from '../logging/logger.ts';
import { type SenderStart, SenderThread } from './sender-thread.ts';

// That it sends what it should is in the contracts, on a real Kafka.

function given(kafka: SenderStart['kafka'], lookEveryMs?: number): SenderThread {
  const thread = new SenderThread({ kafka, prefix: '' }, silentLogger, lookEveryMs);
  onTestFinished(() => thread.close());
  return thread;
}

test('a thread that ends by itself is noticed, and takes nothing any more', async () => {
  const thread = given({ clientId: 'a client needs brokers' } as SenderStart['kafka']);
  const asked = expect(thread.send('scoring/0', [])).rejects.toThrow('brokers');
  await expect(thread.failed).rejects.toThrow('brokers');
  await asked;
  await expect(thread.send('scoring/0', [])).rejects.toThrow('brokers');
});

test('one that was closed takes nothing any more, and nobody is alarmed', async () => {
  const thread = given({ brokers: ['127.0.0.1:1'], clientId: 'test' });
  let alarmed = false;
  thread.failed.catch(() => {
    alarmed = true;
  });
  await thread.close();
  await expect(thread.send('scoring/0', [])).rejects.toThrow('has ended');
  expect(alarmed).toBe(false);
});

test('one that leaves an order without an answer hangs, and is ended', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void silent.close());
  await new Promise((resolve) => silent.once('listening', resolve));
  // A listening TCP server has an address with a port.
  const { port } = silent.address() as AddressInfo;
  const thread = given({ brokers: [`127.0.0.1:${port}`], clientId: 'test' }, 10);
  const connecting = expect(thread.connect()).rejects.toThrow('hangs');
  await expect(thread.failed).rejects.toThrow('hangs');
  await connecting;
});
