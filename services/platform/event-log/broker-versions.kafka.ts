import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { StorageUnavailable } from './event-log.ts';

/** A broker that no longer speaks what the client speaks; `message` says what is missing. */
export class BrokerNotSupported extends Error {
  override readonly name = 'BrokerNotSupported';
}

/** A certificate, the broker's or ours, proves nothing to the other side; `message` says how to change that. */
export class BrokerNotTrusted extends Error {
  override readonly name = 'BrokerNotTrusted';
}

/** Oldest and newest version of a request that a broker takes. */
export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/**
 * The requests that we depend on, with the newest version that the client speaks. It looks only at a broker's
 * newest version: one that had dropped the old ones would close the connection without a word (KIP-896).
 */
const SPOKEN: ReadonlyMap<number, readonly [name: string, newest: number]> = new Map([
  [0, ['Produce', 7]],
  [1, ['Fetch', 11]],
  [2, ['ListOffsets', 3]],
  [3, ['Metadata', 6]],
  [10, ['FindCoordinator', 2]],
  [11, ['JoinGroup', 5]],
  [12, ['Heartbeat', 3]],
  [13, ['LeaveGroup', 3]],
  [14, ['SyncGroup', 3]],
]);

/** What is missing for the client to work with a broker that offers this; nothing when all is there. */
export function missingRequests(offered: ReadonlyMap<number, VersionRange>): readonly string[] {
  return [...SPOKEN].flatMap(([key, [name, newest]]) => {
    const range = offered.get(key);
    if (range === undefined) return [`${name} is not offered`];
    return range.min <= newest
      ? []
      : [`${name} is offered from version ${range.min} on, known up to ${newest}`];
  });
}

/**
 * Asks the first broker that answers; throws `BrokerNotSupported` when the client could not work with it,
 * `BrokerNotTrusted` when it cannot prove who it is, or we cannot, and `StorageUnavailable` while none answers.
 */
export async function checkBroker(brokers: readonly string[], ssl?: ConnectionOptions): Promise<void> {
  let last: unknown = new Error('no broker was named');
  for (const broker of brokers) {
    try {
      const missing = missingRequests(await versionsOf(broker, ssl));
      if (missing.length === 0) return;
      throw new BrokerNotSupported(
        `the Kafka at ${broker} is too new for this client: ${missing.join('; ')}`,
      );
    } catch (error) {
      if (error instanceof BrokerNotSupported) throw error;
      const untrusted = certificateTrouble(error);
      if (untrusted !== undefined) {
        throw new BrokerNotTrusted(
          `the certificate of the Kafka broker ${broker} is not trusted (${untrusted}); name the PEM file of the authority that signed it in TOCSIN_KAFKA_CA`,
        );
      }
      if (refusesOurs(error)) {
        throw new BrokerNotTrusted(
          `the Kafka broker ${broker} ${ssl?.cert === undefined ? 'wants a client certificate' : 'does not trust our client certificate'}: see TOCSIN_KAFKA_CLIENT_CERT and TOCSIN_KAFKA_CLIENT_KEY`,
        );
      }
      last = error;
    }
  }
  const words = String((last as Error).message);
  const hint =
    ssl === undefined && words === CLOSED ? ': does it want TLS? Then set TOCSIN_KAFKA_TLS=true' : '';
  throw new StorageUnavailable('closed', `no Kafka broker answers at ${brokers.join(', ')}: ${words}${hint}`);
}

/** What is wrong with a certificate, by the code of the error. Node's own words advise what would not help here. */
function certificateTrouble(error: unknown): string | undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  return CERTIFICATE_TROUBLES.get(code);
}

const CERTIFICATE_TROUBLES: ReadonlyMap<string, string> = new Map([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'signed by an unknown authority'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'signed by an unknown authority'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'signed by an unknown authority'],
  ['CERT_HAS_EXPIRED', 'it has expired'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'it is for another host'],
]);

/** TLS alerts by which the other side turns down a client's certificate, or asks for one. */
const refusesOurs = (error: unknown): boolean =>
  /_ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|UNKNOWN_CA|HANDSHAKE_FAILURE)$/.test(
    (error as NodeJS.ErrnoException).code ?? '',
  );

const CLOSED = 'the connection was closed';
const ANSWER_WITHIN_MS = 5_000;
const API_VERSIONS = 18;

/** One ApiVersions request of version 0, which every broker answers, also before anybody has logged in. */
export function versionsOf(
  broker: string,
  ssl: ConnectionOptions | undefined,
): Promise<ReadonlyMap<number, VersionRange>> {
  const [host = '', port = '9092'] = broker.split(':');
  return new Promise((resolve, reject) => {
    const socket: Socket =
      ssl === undefined
        ? connectPlain(Number(port), host)
        : connectTls({
            ...ssl,
            host,
            port: Number(port),
            servername: ssl.servername ?? (isIP(host) ? '' : host),
          });
    let answer = Buffer.alloc(0);
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(ANSWER_WITHIN_MS, () => fail(new Error('no answer')));
    socket.on('error', fail);
    socket.on('close', () => fail(new Error(CLOSED)));
    socket.on(ssl === undefined ? 'connect' : 'secureConnect', () => socket.write(REQUEST));
    socket.on('data', (part) => {
      answer = Buffer.concat([answer, part]);
      if (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) return;
      resolve(readVersions(answer.subarray(4)));
      socket.destroy();
    });
  });
}

/** Length, request, version, correlation id, no client id. */
const REQUEST = Buffer.from([0, 0, 0, 10, 0, API_VERSIONS, 0, 0, 0, 0, 0, 1, 0xff, 0xff]);

/** Correlation id, error, and for each request its key, oldest and newest version. */
function readVersions(answer: Buffer): ReadonlyMap<number, VersionRange> {
  const versions = new Map<number, VersionRange>();
  const count = answer.readInt32BE(6);
  for (let index = 0; index < count; index++) {
    const at = 10 + index * 6;
    versions.set(answer.readInt16BE(at), {
      min: answer.readInt16BE(at + 2),
      max: answer.readInt16BE(at + 4),
    });
  }
  return versions;
}
