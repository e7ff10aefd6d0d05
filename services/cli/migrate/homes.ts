import type { KeyedProcess } from '../../platform/keyed-process/keyed-process.ts';

/** The service in which each process lives when services run by themselves. */
export const HOMES: Readonly<Record<string, string>> = {
  ingestion: 'ingestion',
  identity: 'ingestion',
  scoring: 'scoring',
  'action-management': 'action-management',
  'segment-rules': 'action-management',
  alerting: 'alerting',
  'alerting-customers': 'alerting',
  notification: 'notification',
  'silence-ends': 'notification',
  'alert-view': 'loop-closure',
  'customer-view': 'loop-closure',
};

/** A process as far as moving its data goes. */
export type MovedProcess = Pick<KeyedProcess<unknown>, 'name' | 'inputs'>;

export function homeOf(process: string): string {
  const home = HOMES[process];
  if (home === undefined) throw new Error(`no service is known to run the process ${process}`);
  return home;
}
