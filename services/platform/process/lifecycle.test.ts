import { expect, test } from 'vitest';
import { Lifecycle } from './lifecycle.ts';

test('what was opened last is closed first, once', async () => {
  const closed: string[] = [];
  const lifecycle = new Lifecycle();
  lifecycle.onClose('store', () => closed.push('store'));
  lifecycle.onClose('server', () => closed.push('server'));
  await Promise.all([lifecycle.close(100), lifecycle.close(100)]);
  expect(closed).toEqual(['server', 'store']);
});

test('a step that hangs or fails is named and does not keep the others from closing', async () => {
  const closed: string[] = [];
  const lifecycle = new Lifecycle();
  lifecycle.onClose('store', () => closed.push('store'));
  lifecycle.onClose('hanging', () => new Promise(() => undefined));
  lifecycle.onClose('failing', () => Promise.reject(new Error('no')));
  const failures = await lifecycle.close(20);
  expect(failures.map((failure) => failure.name)).toEqual(['failing', 'hanging']);
  expect(closed).toEqual(['store']);
});

test('nothing can be opened while closing', async () => {
  const lifecycle = new Lifecycle();
  await lifecycle.close(10);
  expect(() => lifecycle.onClose('late', () => undefined)).toThrow(
    'late was opened while the process is closing',
  );
});
