import type { ICustomPartitioner } from 'kafkajs';

/**
 * The partition of a key, as Kafka's own clients choose it (murmur2 of the key's UTF-8 bytes), so that records
 * of one key lie together whoever wrote them.
 */
export function partitionOf(key: string | Buffer, partitions: number): number {
  return (murmur2(typeof key === 'string' ? Buffer.from(key) : key) & 0x7fffffff) % partitions;
}

/**
 * For kafkajs, in place of its own partitioner, which gives the same answers and takes ten times as long over them.
 * Our records all have keys.
 */
export const keyPartitioner: ICustomPartitioner =
  () =>
  ({ message, partitionMetadata }) =>
    partitionOf(message.key ?? '', partitionMetadata.length);

/** Austin Appleby's MurmurHash2, 32 bits, with the seed that Kafka uses. */
function murmur2(data: Buffer): number {
  const length = data.length;
  let hash = (0x9747b28c ^ length) | 0;
  const words = length >> 2;
  for (let word = 0; word < words; word++) {
    let k = Math.imul(data.readInt32LE(word * 4), M);
    k = Math.imul(k ^ (k >>> 24), M);
    hash = Math.imul(hash, M) ^ k;
  }
  const rest = length & 3;
  const tail = words * 4;
  if (rest === 3) hash ^= (data[tail + 2] ?? 0) << 16;
  if (rest >= 2) hash ^= (data[tail + 1] ?? 0) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ (data[tail] ?? 0), M);
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
}

const M = 0x5bd1e995;
