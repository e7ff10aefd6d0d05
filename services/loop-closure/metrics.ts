import { Counter, type Registry } from 'prom-client';
import { type AlertEventType, REFUSALS } from '../contracts/alert.ts';
import type { Emit } from '../platform/keyed-process/keyed-process.ts';
import { VERBS, type Verb, type Via } from './domain/command.ts';

const VIAS = ['slack', 'email', 'api', 'page', 'cli', 'demo'] as const satisfies Via[];

export interface LoopClosureMetrics {
  /** Counts what people did; call once for each committed fact. */
  onFact(fact: Emit): void;
}

/**
 * Orders by what they ask for and where they come from, and refusals by reason. A rise of one refusal reason
 * says that people do not understand a rule: `contact_missing` is somebody closing loops without a call.
 */
export const createLoopClosureMetrics = (registry: Registry): LoopClosureMetrics => {
  const commands = new Counter({
    name: 'tocsin_alert_commands_total',
    help: 'Orders of people for alerts, by verb and by where they were given.',
    labelNames: ['verb', 'via'] as const,
    registers: [registry],
  });
  const refused = new Counter({
    name: 'tocsin_alert_commands_refused_total',
    help: 'Orders that were not obeyed, by reason.',
    labelNames: ['reason'] as const,
    registers: [registry],
  });
  for (const verb of VERBS) for (const via of VIAS) commands.inc({ verb, via }, 0);
  for (const reason of REFUSALS) refused.inc({ reason }, 0);
  return {
    onFact(fact) {
      if (fact.topic !== 'alerts') return;
      const { commandId, type, refusal } = fact.value;
      if (type === 'refused' && refusal !== undefined) refused.inc({ reason: refusal });
      const order = commandId === undefined ? undefined : ordered(commandId);
      if (order !== undefined && ANSWERS[order.verb].includes(type)) commands.inc(order);
    },
  };
};

/** The events that answer a verb. One order may have further events, which are not counted again. */
const ANSWERS: Readonly<Record<Verb, readonly AlertEventType[]>> = {
  acknowledge: ['acknowledged', 'refused'],
  contact: ['contacted', 'contact_attempted', 'refused'],
  snooze: ['snoozed', 'refused'],
  reassign: ['reassigned', 'refused'],
  close: ['closed', 'refused'],
};

/** Ids of commands begin `<via>/<verb>/`. Commands are published, not emitted, so their events tell of them. */
const ordered = (commandId: string): { verb: Verb; via: Via } | undefined => {
  const [via, verb] = commandId.split('/');
  const knownVia = VIAS.find((known) => known === via);
  const knownVerb = VERBS.find((known) => known === verb);
  return knownVia && knownVerb ? { via: knownVia, verb: knownVerb } : undefined;
};
