import type { AlertCommand, AlertEvent } from '../../contracts/alert.ts';
import type { AlertRequest } from '../../contracts/alert-request.ts';
import type { ContactProof } from '../../contracts/identity.ts';
import type {
  Emit,
  Input,
  KeyedProcess,
  Step,
  TimerChange,
} from '../../platform/keyed-process/keyed-process.ts';
import { HANDLED, skipped } from '../../platform/keyed-process/keyed-process.ts';
import { type AlertState, NOTHING_YET, remember, tells } from './alert-state.ts';
import type { Decision, SkipReason } from './changes.ts';
import { decideCommand, decideProof, within } from './decide-command.ts';
import { decideRequest } from './decide-request.ts';
import { earliestDue } from './due.ts';
import { type Folded, fold, settle } from './fold.ts';
import type { Circumstances } from './settle.ts';

/** The one timer of an alert: set for the earliest thing that time alone makes happen. */
export const TIMER = 'next';

/**
 * The alert of one alert key, from the rule's wish to the closed loop.
 *
 * Every input first settles what fell due before it took place, then decides, so that the order of events is
 * that of the instants at which they happened, however late an input or a timer arrives.
 */
export function createAlertingProcess(
  settings: Pick<Circumstances, 'calendars' | 'teams'>,
): KeyedProcess<AlertState> {
  return {
    name: 'alerting',
    keySpace: 'alert',
    inputs: ['alert-requests', 'alert-commands', 'contact-proofs'],
    onInput(state = NOTHING_YET, input, now) {
      const circumstances = { ...settings, now };
      switch (input.topic) {
        case 'alert-requests':
          return takeRequest(state, input.value, circumstances);
        case 'alert-commands':
          return takeCommand(state, input.value, circumstances);
        case 'contact-proofs':
          return takeProof(state, input.value, circumstances);
        default:
          throw unexpected(input);
      }
    },
    onTimer(state = NOTHING_YET, _timer, now) {
      const settled = settle({ state, events: [] }, now, { ...settings, now });
      if (settled.events.length > 0) return step(state, settled);
      // Set anew although nothing was due: the timer that fired is gone, and the alert may wait for more.
      return { ...skip('not_due'), timers: [timerFor(state)] };
    },
  };
}

function takeRequest(
  state: AlertState,
  request: AlertRequest,
  circumstances: Circumstances,
): Step<AlertState> {
  const id = request.id.startsWith(`${request.ruleId}/`)
    ? request.id.slice(request.ruleId.length + 1)
    : request.id;
  if (state.requests.includes(id)) return skip('repeated');
  const at = Math.min(request.requestedAt, circumstances.now);
  const settled = settle({ state, events: [] }, at, circumstances);
  const decision = decideRequest(settled.state, request, at, circumstances);
  return conclude(state, settled, decision, at, circumstances, (next) => ({
    ...next,
    requests: remember(next.requests, id),
  }));
}

function takeCommand(
  state: AlertState,
  command: AlertCommand,
  circumstances: Circumstances,
): Step<AlertState> {
  if (state.commands.includes(command.id)) return skip('repeated');
  const at = within(command.at, state.alert?.openedAt ?? command.at, circumstances.now);
  const settled = settle({ state, events: [] }, at, circumstances);
  const decision = decideCommand(settled.state, command, at, circumstances);
  return conclude(state, settled, decision, at, circumstances, (next) => ({
    ...next,
    commands: remember(next.commands, command.id),
  }));
}

function takeProof(state: AlertState, proof: ContactProof, circumstances: Circumstances): Step<AlertState> {
  const { id, occurredAt } = proof.signal;
  if (state.commands.includes(id)) return skip('repeated');
  const at = within(occurredAt, state.alert?.openedAt ?? occurredAt, circumstances.now);
  const settled = settle({ state, events: [] }, at, circumstances);
  const decision = decideProof(settled.state, proof, at);
  return conclude(state, settled, decision, at, circumstances, (next) => ({
    ...next,
    commands: remember(next.commands, id),
  }));
}

function conclude(
  before: AlertState,
  settled: Folded,
  decision: Decision,
  at: number,
  circumstances: Circumstances,
  mark: (state: AlertState) => AlertState,
): Step<AlertState> {
  if ('skip' in decision) {
    const { outcome } = skip(decision.skip);
    return settled.events.length === 0 ? { outcome } : { ...step(before, settled), outcome };
  }
  // Settled again, because steps that hang on the opening are due in the instant that has just been decided.
  const folded = settle(fold(settled, decision.changes, circumstances), at, circumstances);
  return step(before, { state: mark(folded.state), events: folded.events });
}

/** The timer is set anew only when it moved: an alert that only gathers evidence leaves it alone. */
function step(before: AlertState, { state, events }: Folded): Step<AlertState> {
  const timer = timerFor(state);
  const hasMoved = timer.dueAt !== timerFor(before).dueAt;
  return {
    outcome: HANDLED,
    state,
    emit: events.flatMap(factsOf),
    ...(hasMoved ? { timers: [timer] } : {}),
  };
}

const timerFor = (state: AlertState): TimerChange => ({
  name: TIMER,
  dueAt: earliestDue(state)?.at ?? null,
});

/** The event itself; and when a loop opens or closes, a word to the customer's own process, or to the segment's. */
function factsOf(event: AlertEvent): readonly Emit[] {
  const { alert } = event;
  const told: Emit = { topic: 'alerts', key: event.alertKey, value: event };
  const opens = event.type === 'raised' || event.type === 'reopened';
  const changesLoop = opens || event.type === 'closed';
  // A shadow alert holds nobody back: surveys and marketing are part of the world that it must not touch.
  if (!changesLoop || !tells(alert.stage)) return [told];
  if (alert.scope === 'segment') return [told, segmentLoop(event, opens)];
  const loop: Emit = {
    topic: 'customer-loops',
    key: alert.subject,
    value: {
      customerId: alert.subject,
      alertKey: alert.alertKey,
      alertId: alert.alertId,
      open: opens,
      openedAt: alert.openedAt,
      at: event.at,
    },
  };
  return [told, loop];
}

/** Rules about customers are held back while an alert about their segment is open. */
const segmentLoop = ({ alert, at }: AlertEvent, open: boolean): Emit => ({
  topic: 'segment-loops',
  key: alert.subject,
  value: {
    segment: alert.subject,
    ruleId: alert.ruleId,
    alertKey: alert.alertKey,
    alertId: alert.alertId,
    label: alert.label,
    open,
    at,
  },
});

const skip = (reason: SkipReason) => skipped(reason);

const unexpected = (input: Input): Error =>
  new Error(`alerting does not take ${input.topic}; check the topology`);
