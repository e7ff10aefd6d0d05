import type { Topic } from '../../contracts/topics.ts';
import type { CustomerItem, Forgotten } from '../../embedded/customer-data/rows-about.ts';
import { Tally } from '../../embedded/customer-data/rows-about.ts';
import {
  aboutCustomer,
  type CustomerNames,
  recordWithout,
  signalIdOf,
} from '../../embedded/customer-data/speaks-of.ts';
import type { Postgres } from '../../platform/database/postgres.ts';
import { postgresOf } from '../../platform/distributed/servers.ts';
import type { ServerSettings } from '../../platform/distributed/settings.ts';
import { MINUTE, systemClock } from '../../platform/time/clock.ts';
import { CustomerTables } from './tables.postgres.ts';
import { CustomerTopics } from './topics.kafka.ts';

/** An installation on many machines, for the length of a command about one customer. */
export interface Machines {
  /**
   * Everything that it holds about a customer: of the tables, and of the topics if `withTopics`, which takes as long as reading
   * them all. `onUnreadable` is told how many records of them nobody can read.
   */
  read(
    customerId: string,
    withTopics: boolean,
    onUnreadable?: (records: number) => void,
  ): AsyncGenerator<CustomerItem>;
  /** Takes the customer out of the tables and out of the topics that are compacted. Services run. */
  forget(customerId: string, how: HowToForget): Promise<Forgotten>;
  /** By when the other topics will have lost what they hold now, epoch ms; nothing where they never will. */
  goneBy(): Promise<number | undefined>;
  close(): Promise<void>;
}

export interface HowToForget {
  /** How long a service that does not come on is waited for. */
  readonly patienceMs: number;
  readonly onPhase: (words: string) => void;
}

export async function openMachines(settings: ServerSettings): Promise<Machines> {
  const postgres = postgresOf(settings, 'tocsin customer', {
    connections: 2,
    statementTimeoutMs: SCANS_WITHIN_MS,
  });
  try {
    const topics = await CustomerTopics.open(settings);
    const tables = new CustomerTables(postgres);
    return {
      read: (...asked) => readAll({ tables, topics }, ...asked),
      forget: (customerId, how) => forget({ postgres, tables, topics }, customerId, how),
      goneBy: () => topics.goneBy(systemClock.now()),
      close: async () => {
        await topics.close();
        await postgres.close();
      },
    };
  } catch (error) {
    await postgres.close();
    throw error;
  }
}

/** Tables are looked through as a whole where nothing leads to a customer. */
const SCANS_WITHIN_MS = 10 * MINUTE;

interface Parts {
  readonly tables: CustomerTables;
  readonly topics: CustomerTopics;
}

async function* readAll(
  { tables, topics }: Parts,
  customerId: string,
  withTopics: boolean,
  onUnreadable: (records: number) => void = () => undefined,
): AsyncGenerator<CustomerItem> {
  const names = await namesOf({ tables, topics }, customerId);
  for await (const { where, key, value } of tables.gather(names)) yield { where, key, value };
  if (withTopics) yield* await recordsOf(topics, names, onUnreadable);
}

/** Found by the customer's signals, too, of which the log tells. */
async function namesOf({ tables, topics }: Parts, customerId: string): Promise<CustomerNames> {
  const { subjects } = await tables.names(customerId, []);
  const signals = new Set<string>();
  await topics.read([{ topic: 'signals', keys: subjects }], ({ key, value }) => {
    // The topic's values are signals.
    if (subjects.has(key)) signals.add(signalIdOf((value as { readonly id: string }).id));
  });
  return tables.names(customerId, signals);
}

async function recordsOf(
  topics: CustomerTopics,
  names: CustomerNames,
  onUnreadable: (records: number) => void,
): Promise<readonly CustomerItem[]> {
  const { subjects, identities } = names;
  const keysOf: Readonly<Partial<Record<Topic, ReadonlySet<string>>>> = {
    identities,
    signals: subjects,
    assessments: subjects,
    'customer-loops': subjects,
    'contact-holds': subjects,
  };
  const wanted = topics.topics().map((topic) => {
    const keys = keysOf[topic];
    return keys === undefined ? { topic } : { topic, keys };
  });
  const found: CustomerItem[] = [];
  const unreadable = await topics.read(wanted, ({ topic, key, at, value }) => {
    const rest = recordWithout({ topic, key, value }, names);
    if (rest.gone || rest.changed)
      found.push({ where: topic, key, at, value: aboutCustomer(value, rest, names) });
  });
  if (unreadable > 0) onUnreadable(unreadable);
  return found;
}

async function forget(
  { postgres, tables, topics }: Parts & { readonly postgres: Postgres },
  customerId: string,
  { patienceMs, onPhase }: HowToForget,
): Promise<Forgotten> {
  const tally = new Tally();
  onPhase('waiting until what is under way has been processed');
  await topics.allRead(postgres, patienceMs);
  let names = await namesOf({ tables, topics }, customerId);
  for (let round = 1; ; round++) {
    onPhase('removing from the tables');
    const removed = await tables.forget(names);
    if (Object.keys(removed).length === 0) break;
    if (round === ROUNDS) throw new StillComing(customerId);
    for (const [where, { removed: gone, changed }] of Object.entries(removed)) {
      tally.add(where, 'removed', gone);
      tally.add(where, 'changed', changed);
    }
    // A timer may have fired, or a person acted, just before.
    await topics.allRead(postgres, patienceMs);
    const again = await tables.names(customerId, names.signals);
    names = together(names, again);
  }
  onPhase('taking back what compacted topics hold');
  await topics.takeBack('contact-holds', names.subjects);
  await topics.takeBack('silences', await silencesAbout(topics, names));
  return tally.all();
}

/** Something new is always there: its source was not told. */
export class StillComing extends Error {
  override readonly name = 'StillComing';
  constructor(customerId: string) {
    super(
      `${customerId} was removed ${ROUNDS - 1} times and is there again: a source still sends records. Tell it first, then give the command again.`,
    );
  }
}

const ROUNDS = 6;

/** What leads to the customer may be gone already, and is known still. */
const together = (one: CustomerNames, other: CustomerNames): CustomerNames => ({
  subjects: new Set([...one.subjects, ...other.subjects]),
  identities: new Set([...one.identities, ...other.identities]),
  alertKeys: new Set([...one.alertKeys, ...other.alertKeys]),
  signals: new Set([...one.signals, ...other.signals]),
});

/** Somebody said of this customer that for a while nobody is to be bothered. */
async function silencesAbout(
  topics: CustomerTopics,
  { subjects }: CustomerNames,
): Promise<ReadonlySet<string>> {
  const about = new Set<string>();
  await topics.read([{ topic: 'silences' }], ({ key, value }) => {
    // The topic's values are silences.
    const { subject } = value as { readonly subject?: string };
    if (subject !== undefined && subjects.has(subject)) about.add(key);
  });
  return about;
}
