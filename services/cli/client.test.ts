import { expect, test } from 'vitest';
import { connect } from './client.ts';
import { UsageError } from './command.ts';

const io = (env: Record<string, string>) => ({
  out: () => undefined,
  err: () => undefined,
  interactive: false,
  env,
});

test('where many machines are named, the service that is asked must be, too: no data folder stands in for it', async () => {
  const asking = connect(
    '/nowhere',
    io({ TOCSIN_LOOP_CLOSURE_URL: 'http://people' }),
    'TOCSIN_INGESTION_URL',
  );
  await expect(asking).rejects.toThrow(UsageError);
  await expect(asking).rejects.toThrow(/^TOCSIN_INGESTION_URL is missing: TOCSIN_LOOP_CLOSURE_URL names/);
});

test('the service that is named is asked', async () => {
  const env = { TOCSIN_INGESTION_URL: 'http://gateway', TOCSIN_LOOP_CLOSURE_URL: '' };
  expect((await connect('/nowhere', io(env), 'TOCSIN_INGESTION_URL')).where).toBe('http://gateway');
});
