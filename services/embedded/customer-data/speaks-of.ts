import { TOPICS, type Topic } from '../../contracts/topics.ts';
import { leadingIdentity } from '../../ingestion/domain/identity.ts';

/** Everything by which stored things name one customer. */
export interface CustomerNames {
  /** The customer id, and `quarantine:<identity>` for what was said before the CRM claimed the identity. */
  readonly subjects: ReadonlySet<string>;
  /** E-mail addresses, phones, handles and accounts that are the customer's. */
  readonly identities: ReadonlySet<string>;
  /** Of alerts about the customer. */
  readonly alertKeys: ReadonlySet<string>;
  /** `<topic>/<record id>` of what the customer said or did. */
  readonly signals: ReadonlySet<string>;
}

/** What is left of something once a customer is taken out: nothing, the same, or another. */
export type Left<T> =
  | { readonly gone: true }
  | { readonly gone: false; readonly changed: boolean; readonly value: T };

const GONE = { gone: true } as const;
const same = <T>(value: T): Left<T> => ({ gone: false, changed: false, value });

/** Fields that say whom an object is about. */
const ABOUT = ['customerId', 'subject'] as const;
const IDENTITIES = ['identity', 'via'] as const;

/**
 * Takes a customer out of a value: an element of a list that is about the customer is cut out, and whatever else holds
 * something about the customer goes whole. An alert about a product thus loses the evidence of one customer and stays.
 */
export function withoutCustomer(value: unknown, names: CustomerNames): Left<unknown> {
  if (Array.isArray(value)) return withoutElements(value, names);
  if (typeof value !== 'object' || value === null) return same(value);
  if (isAbout(value, names)) return GONE;
  let changed = false;
  const left: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(value)) {
    const rest = withoutCustomer(part, names);
    if (rest.gone) return GONE;
    changed ||= rest.changed;
    left[name] = rest.value;
  }
  return changed ? { gone: false, changed, value: left } : same(value);
}

function withoutElements(list: readonly unknown[], names: CustomerNames): Left<unknown> {
  let changed = false;
  const left = list.flatMap((element) => {
    const rest = leftOf(element, names);
    changed ||= rest.gone || rest.changed;
    return rest.gone ? [] : [rest.value];
  });
  return changed ? { gone: false, changed, value: left } : same(list);
}

/**
 * What of a value is about a customer: all of it where all of it goes, otherwise the elements that are cut out. The rest is about
 * others, and nothing for who asks what is known of them.
 */
export function aboutCustomer(value: unknown, left: Left<unknown>, names: CustomerNames): unknown {
  return left.gone ? value : cutFrom(value, names);
}

function cutFrom(value: unknown, names: CustomerNames): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  if (!Array.isArray(value)) return Object.values(value).flatMap((part) => cutFrom(part, names));
  return value.flatMap((element) => {
    const { gone } = leftOf(element, names);
    return gone ? [element] : cutFrom(element, names);
  });
}

/** An element of a list may be the customer's name itself, or that of something that they said. */
const leftOf = (element: unknown, names: CustomerNames): Left<unknown> =>
  typeof element === 'string' && (names.subjects.has(element) || isSaid(names, element))
    ? GONE
    : withoutCustomer(element, names);

function isAbout(object: object, names: CustomerNames): boolean {
  const field = (name: string): unknown => Reflect.get(object, name);
  return (
    ABOUT.some((name) => has(names.subjects, field(name))) ||
    IDENTITIES.some((name) => has(names.identities, field(name))) ||
    has(names.alertKeys, field('alertKey')) ||
    isSaid(names, field('signalId'))
  );
}

/** Something that they said, also where a join has handed it over. */
const isSaid = ({ signals }: CustomerNames, id: unknown): boolean =>
  typeof id === 'string' && signals.has(signalIdOf(id));

const has = (names: ReadonlySet<string>, name: unknown): boolean =>
  typeof name === 'string' && names.has(name);

/** Whether a key of the log, of a state or of a timer is one of the customer's. */
export const isKeyOf = (key: string, { subjects, identities, alertKeys }: CustomerNames): boolean =>
  subjects.has(key) || identities.has(key) || alertKeys.has(key);

/** What is left of a record of the log once the customer is taken out. */
export function recordWithout(
  { topic, key, value }: { readonly topic: Topic; readonly key: string; readonly value: unknown },
  names: CustomerNames,
): Left<unknown> {
  if (isKeyOf(key, names)) return GONE;
  if (
    typeof value === 'object' &&
    value !== null &&
    TOPICS[topic].writer === 'anyone' &&
    isSentOf(topic, value, names)
  )
    return GONE;
  return withoutCustomer(value, names);
}

/**
 * What a source sent may name the customer by an address only. Its signal says which record it was; one that became none, a mail
 * sent by a machine for example, is known by the address.
 */
function isSentOf(topic: Topic, sent: object, { signals, identities }: CustomerNames): boolean {
  const text = (name: string): string | undefined => {
    const field: unknown = Reflect.get(sent, name);
    return typeof field === 'string' ? field : undefined;
  };
  if (signals.has(`${topic}/${text('id')}`)) return true;
  if (text('customerId') !== undefined) return false;
  const named = ['accountId', 'email', 'phone', 'handle', 'network'].map(
    (name) => [name, text(name)] as const,
  );
  const identity = leadingIdentity(Object.fromEntries(named.filter(([, said]) => said !== undefined)));
  return identity !== undefined && identities.has(identity);
}

/** `complaints/17+joined` was said by record 17 of the complaints. */
export const signalIdOf = (id: string): string => id.replace(/\+joined$/, '');
