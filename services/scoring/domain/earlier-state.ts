import type { SignalType } from '../../contracts/signal.ts';
import { type History, pack } from './history.ts';
import { type Complaint, type OpenComplaints, opened } from './open-complaints.ts';
import type { CustomerState } from './profile.ts';

/** What was remembered of a customer before its lists were packed: rows that no signal has touched since hold it still. */
export interface EarlierState extends Omit<CustomerState, 'history' | 'open'> {
  readonly recent: readonly EarlierHappening[];
  readonly open: readonly Complaint[];
}

interface EarlierHappening {
  readonly at: number;
  readonly type: SignalType;
  readonly mood?: number;
  readonly intents?: number;
  readonly transfers?: number;
  readonly satisfaction?: number;
  readonly reach?: number;
  /** No feature has ever read it; it is not kept any more. */
  readonly daysLate?: number;
  readonly spoke?: true;
  readonly via?: string;
}

/** The state as it is kept now. */
export function asKeptNow(state: CustomerState | EarlierState): CustomerState {
  if (!('recent' in state)) return state;
  const { recent, open, ...rest } = state;
  return {
    ...rest,
    history: recent.reduce<History>((history, happening) => history + pack(happening), ''),
    open: open.reduce<OpenComplaints>(opened, ''),
  };
}
