import type { Admin } from 'kafkajs';
import type { Topic } from '../../contracts/topics.ts';
import type { NamedSql, Postgres } from '../../platform/database/postgres.ts';
import type { TopicNames } from '../../platform/event-log/topic-names.ts';

/** How far services have come, as the database and the brokers know it. */
export class StageProgress {
  readonly #postgres: Postgres;
  readonly #admin: Admin;
  readonly #names: TopicNames;

  constructor(postgres: Postgres, admin: Admin, names: TopicNames) {
    this.#postgres = postgres;
    this.#admin = admin;
    this.#names = names;
  }

  /** Records that a service has finished with. */
  async done(service: string, topics: readonly Topic[]): Promise<number> {
    const [row] = await this.#postgres.query<{ done: string }>(DONE, [service, [...topics]]);
    return Number(row?.done ?? 0);
  }

  /** Records that lie in the topics. */
  async end(topics: readonly Topic[]): Promise<number> {
    const all = await Promise.all(
      topics.map((topic) => this.#admin.fetchTopicOffsets(this.#names.of(topic))),
    );
    return all.flat().reduce((sum, { high }) => sum + Number(high), 0);
  }

  /** Whether facts of the service are still on their way to Kafka. */
  async puttingOut(service: string): Promise<boolean> {
    return (await this.#postgres.query(PUTTING_OUT, [service])).length > 0;
  }
}

const DONE: NamedSql = {
  name: 'bench-done',
  text: 'SELECT sum(next_offset) AS done FROM position WHERE consumer = $1 AND topic = ANY ($2::text[])',
};
const PUTTING_OUT: NamedSql = {
  name: 'bench-putting-out',
  text: 'SELECT 1 FROM outbox WHERE consumer = $1 LIMIT 1',
};
