import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';

/** Makes `<name>.pem`, signed by itself for this machine's own address, and its key; answers where the key is. */
export function selfSigned(folder: string, name: string): string {
  const key = join(folder, `${name}.key`);
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1'],
      ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', join(folder, `${name}.pem`)],
    ],
    { stdio: 'ignore' },
  );
  chmodSync(key, 0o600);
  return key;
}
