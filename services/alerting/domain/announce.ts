import type { Alert, NotifyOrder } from '../../contracts/alert.ts';
import type { EscalationStep, NotifyTarget } from '../../contracts/alert-request.ts';
import type { Teams } from '../../settings/teams.ts';
import { type AlertState, tells } from './alert-state.ts';
import type { Change } from './changes.ts';
import { resolveTargets } from './targets.ts';

/** Who is to be told of a change, and what could not be done as written. */
export interface Announcement {
  readonly notify?: NotifyOrder;
  readonly note?: string;
}

const NOBODY: Announcement = {};

/**
 * The order that goes out with a change. A shadow alert tells nobody, ever.
 *
 * Besides the rule's own steps, a new owner hears of it unless they took the alert themselves, and the owner
 * hears of a rise in severity and of a snooze that ended by itself.
 */
export function announce(after: AlertState, change: Change, teams: Teams, now: number): Announcement {
  const { alert, seq } = after;
  if (alert === undefined || !tells(alert.stage)) return NOBODY;
  switch (change.type) {
    case 'raised':
    case 'reopened': {
      const step = openingStep(alert);
      return step === undefined ? NOBODY : order(teams, alert, step.id, step.template, step.notify, now);
    }
    case 'escalated': {
      const { step } = change;
      return order(teams, alert, firingName(change), step.template, step.notify, now);
    }
    case 'reassigned':
      if (change.by.kind === 'person' && change.by.id === alert.owner.person) return NOBODY;
      return order(teams, alert, `reassigned/${seq}`, 'open', ['slack:assignee'], now);
    case 'evidence_added':
      if (!change.severityRose) return NOBODY;
      return order(teams, alert, `severity/${seq}`, 'update', ['slack:assignee'], now);
    case 'woken':
      if (change.by.kind === 'person') return NOBODY;
      return order(teams, alert, `woken/${seq}`, 'nudge', ['slack:assignee'], now);
    case 'held_back':
    case 'acknowledged':
    case 'snoozed':
    case 'contact_attempted':
    case 'contacted':
    case 'breached':
    case 'closed':
    case 'refused':
      return NOBODY;
  }
}

/** The step that goes out together with the opening itself; further ones follow as escalations. */
export const openingStep = (alert: Alert): EscalationStep | undefined =>
  alert.plan.escalation.find((step) => step.at === 'opened' && step.offsetMs === 0);

/** Unique among the orders of one alert id: the step, a later deadline version, and which repeat it is. */
function firingName({ step, firingKey, firing }: Change & { readonly type: 'escalated' }): string {
  const name = firingKey === `${step.id}@1` ? step.id : firingKey;
  return firing.repeats === 0 ? name : `${name}+${firing.repeats}`;
}

function order(
  teams: Teams,
  alert: Alert,
  step: string,
  template: string,
  wanted: readonly NotifyTarget[],
  now: number,
): Announcement {
  const { targets, note } = resolveTargets(teams, alert.owner, wanted, now);
  return { notify: { step, template, targets }, ...(note === undefined ? {} : { note }) };
}
