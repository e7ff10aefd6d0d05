import type { AlertEvent } from '../../contracts/alert.ts';
import type { AlertState } from './alert-state.ts';
import { announce, openingStep } from './announce.ts';
import type { Change } from './changes.ts';
import { evolve } from './evolve.ts';
import { type Circumstances, decideDue, nextFiring } from './settle.ts';

/** A state and the events that led to it. */
export interface Folded {
  readonly state: AlertState;
  readonly events: readonly AlertEvent[];
}

/** Applies changes one after the other and tells each as an event. */
export function fold(from: Folded, changes: readonly Change[], circumstances: Circumstances): Folded {
  let { state } = from;
  const events = [...from.events];
  for (const change of changes) {
    state = markOpening(evolve(state, change), change, circumstances);
    const event = toEvent(state, change, circumstances);
    if (event !== undefined) events.push(event);
  }
  return { state, events };
}

/** Lets everything happen that fell due by `until`, in its order. */
export function settle(from: Folded, until: number, circumstances: Circumstances): Folded {
  let folded = from;
  for (;;) {
    const changes = decideDue(folded.state, until, circumstances);
    if (changes === undefined) return folded;
    folded = fold(folded, changes, circumstances);
  }
}

/** The opening step goes out with the opening itself, so it has fired. */
function markOpening(state: AlertState, change: Change, circumstances: Circumstances): AlertState {
  if (change.type !== 'raised' && change.type !== 'reopened') return state;
  const step = state.alert && openingStep(state.alert);
  if (step === undefined || state.alert === undefined) return state;
  const firing = nextFiring(step, 0, state.alert, change.at, change.at, circumstances.calendars);
  return { ...state, fired: { [`${step.id}@1`]: firing } };
}

function toEvent(state: AlertState, change: Change, { teams, now }: Circumstances): AlertEvent | undefined {
  const alert = change.type === 'held_back' ? change.alert : state.alert;
  if (alert === undefined) return undefined;
  const announced = announce(state, change, teams, now);
  const note = [change.note, announced.note].filter((each) => each !== undefined).join('; ');
  return {
    id: `${alert.alertId}/${state.seq}`,
    alertKey: alert.alertKey,
    alertId: alert.alertId,
    seq: state.seq,
    type: change.type,
    at: change.at,
    recordedAt: now,
    by: change.by,
    ...(change.via === undefined ? {} : { via: change.via }),
    ...(change.type === 'breached' ? { milestone: change.milestone } : {}),
    ...stepOf(state, change),
    ...(change.type === 'held_back' ? { held: change.held } : {}),
    ...(change.type === 'held_back' && change.heldBy !== undefined ? { heldBy: change.heldBy } : {}),
    ...(change.type === 'refused' ? { refusal: change.refusal } : {}),
    ...(change.commandId === undefined ? {} : { commandId: change.commandId }),
    ...(note === '' ? {} : { note }),
    ...(announced.notify === undefined ? {} : { notify: announced.notify }),
    alert,
  };
}

function stepOf(state: AlertState, change: Change): { readonly step?: string } {
  if (change.type === 'escalated') return { step: change.step.id };
  if (change.type !== 'raised' && change.type !== 'reopened') return {};
  const step = state.alert && openingStep(state.alert);
  return step === undefined ? {} : { step: step.id };
}
