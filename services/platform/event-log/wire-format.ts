/** Confluent's wire format: a zero byte, the schema's id in the registry, then the Avro bytes. */
const MAGIC = 0;
const HEADER_BYTES = 5;

/** What stands before the Avro bytes of a schema. */
export function frameOf(schemaId: number): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES);
  frame.writeUInt8(MAGIC, 0);
  frame.writeUInt32BE(schemaId, 1);
  return frame;
}

/** Nothing for bytes that are not framed like this. */
export function unframed(bytes: Buffer): { readonly schemaId: number; readonly avro: Buffer } | undefined {
  if (bytes.length < HEADER_BYTES || bytes.readUInt8(0) !== MAGIC) return undefined;
  return { schemaId: bytes.readUInt32BE(1), avro: bytes.subarray(HEADER_BYTES) };
}
