/** The source of a file with its changes; throws when one of them does not have its place there once. */
export function changed(source: string, changes: readonly Change[]): string {
  return changes.reduce((text, { file, from, to }) => {
    if (text.split(from).length !== 2) throw new Error(`${file} does not have once: ${from}`);
    return text.replace(from, () => to);
  }, source);
}

/** One place in the source of a service, and what stands there in the control. */
export interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/**
 * What a control runs without: one mechanism each, taken out of the source as it is loaded. A fault must show
 * damage then, or the fault test proves nothing.
 */
export const CHANGES = {
  /** A commit is refused once another instance has taken the partition. */
  fence: [
    {
      file: 'services/platform/database/state-store-sql.postgres.ts',
      from: 'WHERE consumer = $1 AND partition = $2 AND epoch = $3 RETURNING',
      to: 'WHERE consumer = $1 AND partition = $2 AND $3::bigint IS NOT NULL RETURNING',
    },
    {
      file: 'services/platform/database/state-store-sql.postgres.ts',
      from: 'AND topic = m.t AND next_offset = m.e RETURNING 1',
      to: 'AND topic = m.t AND m.e IS NOT NULL RETURNING 1',
    },
  ],
  /** What a relay sends again, because it did not learn that it had sent it, is recognised. */
  'knowing repeats': [
    {
      file: 'services/platform/event-log/input-feed.kafka.ts',
      from: 'origin !== undefined && before !== undefined && origin.sequence <= before',
      to: 'origin !== undefined && before !== undefined && origin.sequence < 0',
    },
  ],
  /** The outbox keeps a record until Kafka has it. */
  outbox: [
    {
      file: 'services/platform/event-log/outbox-relay.kafka.ts',
      from: 'await sender.send(',
      to: `await postgres.query(SQL.forget, [consumer, partition, last.sequence]);
    this.#after = last.sequence + last.count - 1;
    crashPoint('cp1');
    await sender.send(`,
    },
    // So that whoever is killed at cp1 has not sent yet.
    {
      file: 'services/platform/event-log/outbox-relay.kafka.ts',
      from: "crashPoint('cp1');\n    await postgres.query(SQL.forget",
      to: 'await postgres.query(SQL.forget',
    },
  ],
  /** A record counts as sent once all replicas in step have it. */
  acknowledgements: [
    { file: 'services/platform/event-log/outbox-sender.kafka.ts', from: 'acks: -1', to: 'acks: 0' },
  ],
  /** Positions come from the database: without them a new owner begins where the log ends. */
  positions: [
    {
      file: 'services/platform/keyed-process/group-runner.kafka.ts',
      from: 'return [topic, Math.max(position, low), from === undefined ? 0 : end] as const;',
      to: 'return [topic, Number(offsets.find((one) => one.partition === partition)?.high), 0] as const;',
    },
  ],
  /** A sender is answered when the record is stored, and not before. */
  'storing first': [
    {
      file: 'services/platform/event-log/outbox-publisher.postgres.ts',
      from: 'for (const { reject } of together) reject(error);',
      to: "for (const { rows, resolve } of together) resolve(rows.map(() => 'accepted' as const));",
    },
  ],
  /** Many records share one transaction. */
  batches: [
    {
      file: 'services/platform/distributed/distributed-service.ts',
      from: 'cachedRows: CACHED_ROWS,',
      to: 'cachedRows: CACHED_ROWS, batchSize: 1,',
    },
  ],
  /** A schema is asked for once. */
  'known schemas': [
    {
      file: 'services/platform/event-log/schemas.registry.ts',
      from: 'if (known !== undefined) return readWith(known, parts);',
      to: '',
    },
    {
      file: 'services/platform/event-log/schemas.registry.ts',
      from: 'const schema: unknown = await this.#registry.getSchema(schemaId);',
      to: `const forgetful = new SchemaRegistry({ host: this.#options.url, retry: { retries: 0 } });
      const schema: unknown = await forgetful.getSchema(schemaId);`,
    },
  ],
  /** What nobody can read is set aside. */
  'setting aside': [
    {
      file: 'services/platform/event-log/input-feed.kafka.ts',
      from: 'if (decoded.ok) {',
      to: 'if (!decoded.ok) throw new Error(decoded.detail); else {',
    },
  ],
  /** A handler that throws costs its own record and no other. */
  'handler errors': [
    {
      file: 'services/platform/keyed-process/unit-of-work.ts',
      from: 'return { outcome: { ...HANDLER_ERROR, detail: describe(error) } };',
      to: 'throw error;',
    },
    {
      file: 'services/platform/keyed-process/runner.ts',
      from: 'return { error };',
      to: 'throw error;',
    },
  ],
  /** No mechanism but a hold: after a SIGUSR2 the process stops itself with its next commit in its hands. */
  hold: [
    {
      file: 'services/platform/database/state-store.postgres.ts',
      from: 'const UNKNOWN_OFFSET =',
      to: `let held = false;
process.on('SIGUSR2', () => { held = true; });
const UNKNOWN_OFFSET =`,
    },
    {
      file: 'services/platform/database/state-store.postgres.ts',
      from: 'const values = this.#valuesOf(commit, put, epoch, now);',
      to: `const values = this.#valuesOf(commit, put, epoch, now);
    if (held && commit.positions.length > 0) {
      held = false;
      process.kill(process.pid, 'SIGSTOP');
    }`,
    },
  ],
  /** No mechanism but a bug in a handler. */
  bug: [
    {
      file: 'services/scoring/domain/assess-signal.ts',
      from: 'const reading = readSignal(scorer, signal);',
      to: `if (signal.text?.includes('BUG')) (undefined as unknown as { oh(): void }).oh();
  const reading = readSignal(scorer, signal);`,
    },
  ],
  /** No mechanism but the tables as the version before knows them, without the newest step. */
  'layout before': [
    {
      file: 'services/platform/database/migrate.postgres.ts',
      from: 'for (const migration of migrations.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {',
      to: `for (const migration of migrations.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    if (migration.id === '0008-state-at') continue;`,
    },
    {
      file: 'services/platform/database/state-store-sql.postgres.ts',
      from: `INSERT INTO state (consumer, key_space, key, body, at)
       SELECT $1, s, k, b, $5::bigint FROM`,
      to: `INSERT INTO state (consumer, key_space, key, body)
       SELECT $1, s, k, b FROM`,
    },
    {
      file: 'services/platform/database/state-store-sql.postgres.ts',
      from: 'DO UPDATE SET body = excluded.body, at = excluded.at',
      to: 'DO UPDATE SET body = excluded.body',
    },
  ],
  /** No mechanism but a step that takes away what the version before still writes. */
  'contracted too early': [
    {
      file: 'services/platform/database/migrations.postgres.ts',
      from: "EXECUTE format('ALTER TABLE state ADD COLUMN at bigint NOT NULL DEFAULT %s',",
      to: `ALTER TABLE state RENAME COLUMN body TO content;
        EXECUTE format('ALTER TABLE state ADD COLUMN at bigint NOT NULL DEFAULT %s',`,
    },
  ],
  /** No mechanism but an assessment that no commit takes. */
  uncommittable: [
    {
      file: 'services/platform/database/state-store.postgres.ts',
      from: 'const count = commit.facts.length;',
      to: `const count = commit.facts.length;
    for (const { topic, value } of commit.facts) {
      if (topic === 'assessments' && JSON.stringify(value).includes('UNCOMMITTABLE')) throw new TypeError('no commit takes this');
    }`,
    },
  ],
  /** Of a pass that cannot be committed the halves are tried, and their halves. */
  halves: [
    {
      file: 'services/platform/keyed-process/runner.ts',
      from: 'for (const half of halves(work))',
      to: `const single = (some: Partial<Work>): Work => ({ redeliveries: [], records: [], timers: [], ...some });
    const parts = [
      ...work.redeliveries.map((one) => single({ redeliveries: [one] })),
      ...work.records.map((one) => single({ records: [one] })),
      ...work.timers.map((one) => single({ timers: [one] })),
    ];
    for (const half of parts)`,
    },
  ],
} satisfies Record<string, readonly Change[]>;

export type ChangeName = keyof typeof CHANGES;
