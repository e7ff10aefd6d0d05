import type { KeyedProcess } from '../platform/keyed-process/keyed-process.ts';
import type { Calendars } from '../settings/calendars.ts';
import type { Teams } from '../settings/teams.ts';
import type { AlertState } from './domain/alert-state.ts';
import { createAlertingProcess } from './domain/alerting-process.ts';
import { type CustomerLoops, createCustomerProcess } from './domain/customer-process.ts';

/**
 * Alerting as two keyed processes: the alert of each alert key, and the open loops of each customer.
 *
 * They talk through the internal topics `customer-loops` (the alert opened or closed) and `contact-proofs` (a
 * record shows that the customer was spoken to).
 */
export function createAlertingProcesses(settings: {
  readonly calendars: Calendars;
  readonly teams: Teams;
}): readonly [KeyedProcess<AlertState>, KeyedProcess<CustomerLoops>] {
  return [createAlertingProcess(settings), createCustomerProcess()];
}
