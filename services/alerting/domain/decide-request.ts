import type { Alert } from '../../contracts/alert.ts';
import type { AlertRequest } from '../../contracts/alert-request.ts';
import { type AlertState, openAlert, tells } from './alert-state.ts';
import { ALERTING, type Change, type Decision } from './changes.ts';
import { openingDeadlines, tightened } from './deadlines.ts';
import { newAlert, worse } from './evolve.ts';
import { canGoOn, resolveOwner } from './owner.ts';
import { type Circumstances, woken } from './settle.ts';
import { durationWords } from './words.ts';

/** The outcome under which a shadow alert ends when its rule goes live. */
export const SUPERSEDED = 'superseded';

/**
 * What a rule's wish for an alert leads to. Asked in this order:
 *
 * 1. The request is marked as held: recorded with its reason, nothing else.
 * 2. An alert is open: the evidence joins it. A rule that does not merge is held back instead.
 * 3. One was closed less than the reopen window ago: a new cycle, with its own clocks, by the same owner if they
 *    are there. The old cycle stays frozen.
 * 4. One was closed less than the cooldown ago: held back.
 * 5. Otherwise a new alert.
 *
 * The windows of 3 and 4 are those of the request: a closed alert no longer pins its rule version. A live rule
 * takes no notice of its own shadow past.
 */
export function decideRequest(
  state: AlertState,
  request: AlertRequest,
  at: number,
  circumstances: Circumstances,
): Decision {
  const open = openAlert(state);
  if (request.held !== undefined) {
    const heldBy = request.heldBy === undefined ? {} : { heldBy: request.heldBy };
    return heldBack(state, request, at, circumstances, { held: request.held, ...heldBy });
  }
  if (open !== undefined && isSuperseded(open, request)) {
    return { changes: [superseded(open, at), raise(state, request, at, circumstances)] };
  }
  if (open !== undefined && !open.plan.mergeOpen) {
    const heldBy = `${open.label} is still open, and the rule does not merge`;
    return heldBack(state, request, at, circumstances, { held: 'cooldown', heldBy });
  }
  if (open !== undefined) return { changes: merge(state, open, request, at, circumstances) };
  const past = state.alert;
  if (past?.closedAt === undefined || isSuperseded(past, request)) {
    return { changes: [raise(state, request, at, circumstances)] };
  }
  const sinceClose = at - past.closedAt;
  if (request.plan.reopenWithinMs !== undefined && sinceClose < request.plan.reopenWithinMs) {
    return { changes: [reopen(state, past, request, at, circumstances)] };
  }
  if (sinceClose < request.plan.cooldownMs) {
    const heldBy = `${past.label} was closed less than ${durationWords(request.plan.cooldownMs)} ago`;
    return heldBack(state, request, at, circumstances, { held: 'cooldown', heldBy });
  }
  return { changes: [raise(state, request, at, circumstances)] };
}

const isSuperseded = (alert: Alert, request: AlertRequest): boolean =>
  !tells(alert.stage) && tells(request.stage);

const superseded = (alert: Alert, at: number): Change => ({
  type: 'closed',
  at,
  by: ALERTING,
  outcome: SUPERSEDED,
  rootCause: '',
  note: `the rule is live now; its shadow alert ${alert.label} ends`,
});

const raise = (
  state: AlertState,
  request: AlertRequest,
  at: number,
  circumstances: Circumstances,
): Change => ({
  type: 'raised',
  at,
  by: ALERTING,
  request,
  owner: ownerFor(state, request, circumstances),
  deadlines: openingDeadlines(request.plan, circumstances.calendars, at, request.contactNotBefore),
});

const reopen = (
  state: AlertState,
  past: Alert,
  request: AlertRequest,
  at: number,
  circumstances: Circumstances,
): Change => ({
  type: 'reopened',
  at,
  by: ALERTING,
  request,
  owner: canGoOn(circumstances.teams, past.owner, circumstances.now)
    ? past.owner
    : ownerFor(state, request, circumstances),
  deadlines: openingDeadlines(request.plan, circumstances.calendars, at, request.contactNotBefore),
});

/**
 * More evidence for an open alert. Its severity can only rise, and then a deadline can only come nearer: by the
 * same rule set, as an open alert keeps the rule version that raised it. A rise ends a snooze, because whoever
 * snoozed did not know of it.
 */
function merge(
  state: AlertState,
  open: Alert,
  request: AlertRequest,
  at: number,
  circumstances: Circumstances,
): readonly Change[] {
  const severityRose = worse(open.severity, request.severity) !== open.severity;
  const wake =
    severityRose && open.snooze !== undefined
      ? { ...woken(state, open, at, circumstances), note: `severity rose to ${request.severity}` }
      : undefined;
  const current = wake?.deadlines ?? open.deadlines;
  const tightens = severityRose && request.ruleSetHash === open.ruleSetHash;
  const deadlines = tightens
    ? tightened(
        current,
        openingDeadlines(request.plan, circumstances.calendars, at, request.contactNotBefore),
      )
    : current;
  const added: Change = { type: 'evidence_added', at, by: ALERTING, request, deadlines, severityRose };
  return wake === undefined ? [added] : [wake, added];
}

function heldBack(
  state: AlertState,
  request: AlertRequest,
  at: number,
  circumstances: Circumstances,
  why: Pick<Change & { readonly type: 'held_back' }, 'held' | 'heldBy'>,
): Decision {
  const alert =
    openAlert(state) ??
    newAlert(
      request,
      state.cycles + 1,
      ownerFor(state, request, circumstances),
      openingDeadlines(request.plan, circumstances.calendars, at, request.contactNotBefore),
      at,
    );
  return { changes: [{ type: 'held_back', at, by: ALERTING, ...why, alert }] };
}

/** The next alert id spreads a team's alerts over its members, always in the same way. */
const ownerFor = (state: AlertState, request: AlertRequest, { teams, now }: Circumstances) =>
  resolveOwner(
    teams,
    {
      owner: request.plan.owner,
      ruleOwner: request.ruleOwner,
      ...(request.plan.fallbackOwner === undefined ? {} : { fallbackOwner: request.plan.fallbackOwner }),
    },
    `${request.alertKey}#${state.cycles + 1}`,
    now,
  );
