/** The parts of an Avro schema's JSON that our schemas use. */
export interface RecordSchema {
  readonly type: 'record';
  readonly name: string;
  readonly doc?: string;
  readonly fields: readonly FieldSchema[];
}
export interface FieldSchema {
  readonly name: string;
  readonly doc?: string;
  readonly type: unknown;
  readonly default?: unknown;
}

/** Every record that is defined in a schema's JSON, outermost first. */
export function recordsIn(json: unknown): readonly RecordSchema[] {
  if (Array.isArray(json)) return json.flatMap(recordsIn);
  if (typeof json !== 'object' || json === null) return [];
  const inner = Object.values(json).flatMap(recordsIn);
  return isRecord(json) ? [json, ...inner] : inner;
}

/** The names of the types that a field may have: `null`, primitives, `array`, `map`, or a record's name. */
export function typeNames(type: unknown): readonly string[] {
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type.flatMap(typeNames);
  if (typeof type !== 'object' || type === null || !('type' in type)) return [];
  if ('items' in type) return typeNames(type.items);
  if ('values' in type) return typeNames(type.values);
  return isRecord(type) ? [type.name] : typeNames(type.type);
}

const isRecord = (json: object): json is RecordSchema => 'type' in json && json.type === 'record';
