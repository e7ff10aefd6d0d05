import type { RulesSince } from '../action-management/adapters/kept-rule-sets.sqlite.ts';
import { readRuleSet } from '../action-management/domain/read-rule-set.ts';
import type { KeptRuleSet } from '../action-management/ports.ts';
import type { CustomerRecords } from '../embedded/rules-explain/explain-customer.ts';
import { HistoryUnusable } from '../embedded/rules-replay/history.ts';
import { openStoredHistory } from '../embedded/rules-replay/stored-history.sqlite.ts';
import { type Client, connect } from './client.ts';
import type { Io } from './command.ts';

/** What is recorded of a customer until some instant, and the sets of rules that were in force meanwhile. */
export interface Recorded extends CustomerRecords {
  /** Where it is recorded, for people. */
  readonly where: string;
  /** The first one first; none where they were not kept, or cannot be asked for. */
  readonly sets: readonly RulesSince[];
}

/** Asks the services where they are named, and reads the data folder otherwise. */
export const readRecorded = (data: string, customer: string, until: number, io: Io): Promise<Recorded> =>
  (io.env.TOCSIN_LOOP_CLOSURE_URL ?? '') === ''
    ? recordedIn(data, customer, until)
    : recordedByServices(data, customer, until, io);

async function recordedIn(folder: string, customer: string, until: number): Promise<Recorded> {
  const history = openStoredHistory(folder, 'arrival');
  try {
    const events = [...history.speakingOf('alerts', customer)]
      .map(({ value }) => value)
      .filter(({ alert, at }) => alert.subject === customer && at <= until);
    return {
      where: folder,
      assessments: [...history.speakingOf('assessments', customer)].filter(
        ({ key, appendedAt }) => key === customer && appendedAt <= until,
      ),
      events: events.map(({ alert, ...event }) => ({ ...alert, ...event })),
      ruleSetHashes: [...new Set(events.map(({ alert }) => alert.ruleSetHash))],
      sets: history.rulesSince(until),
    };
  } finally {
    history.close();
  }
}

/** Loop-closure knows the customer, action-management the rules; both answer from their database and the log. */
async function recordedByServices(data: string, customer: string, until: number, io: Io): Promise<Recorded> {
  const people = await connect(data, io);
  const path = `/v1/customers/${encodeURIComponent(customer)}/recorded`;
  // The route answers with this type.
  const recorded = (await answerOf(people, path)) as CustomerRecords;
  const assessments = recorded.assessments.filter(({ appendedAt }) => appendedAt <= until);
  return {
    where: people.where,
    assessments,
    events: recorded.events.filter(({ at }) => at <= until),
    ruleSetHashes: recorded.ruleSetHashes,
    sets: await setsByService(data, assessments[0]?.appendedAt ?? 0, until, io),
  };
}

async function setsByService(
  data: string,
  from: number,
  until: number,
  io: Io,
): Promise<readonly RulesSince[]> {
  if ((io.env.TOCSIN_ACTION_MANAGEMENT_URL ?? '') === '') {
    io.err('TOCSIN_ACTION_MANAGEMENT_URL is not set: judged by the rules of today, not by those of then\n');
    return [];
  }
  const rules = await connect(data, io, 'TOCSIN_ACTION_MANAGEMENT_URL');
  const span = `from=${from}${Number.isFinite(until) ? `&until=${until}` : ''}`;
  // As above.
  const { sets } = (await answerOf(rules, `/v1/rules/kept?${span}`)) as { sets: readonly KeptRuleSet[] };
  return sets.flatMap(({ since, source }) => {
    const read = readRuleSet(source.files, source.names);
    return read.ok ? [{ at: since, ruleSet: read.ruleSet }] : [];
  });
}

async function answerOf(client: Client, path: string): Promise<unknown> {
  const { status, body } = await client.request('GET', path);
  if (status === 200) return body;
  throw new HistoryUnusable(`${client.where}${path} answers ${status}: ${JSON.stringify(body)}`);
}
