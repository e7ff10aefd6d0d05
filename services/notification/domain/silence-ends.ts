import type { Silence } from '../../contracts/silence.ts';
import {
  HANDLED,
  type Input,
  type KeyedProcess,
  type Step,
  skipped,
} from '../../platform/keyed-process/keyed-process.ts';
import { DAY, HOUR } from '../../platform/time/clock.ts';
import type { Names } from '../../settings/names.ts';
import type { Teams } from '../../settings/teams.ts';
import { type DeliveryOrder, NOTIFICATION_QUEUES } from './message.ts';
import { escapeSlack } from './slack-text.ts';
import { inZone } from './when.ts';

/** Who is told that a silence ends: the team whose matches it keeps quiet. */
export interface SilenceAudience {
  readonly slack: string;
  readonly email: string;
  readonly zone: string;
}

/** The team that answers for what is silenced, else the one that answers for everything. */
export function audienceOf(teams: Teams, team: string | undefined): SilenceAudience {
  const { slackChannel, email, lead } = teams.byId.get(team ?? '') ?? teams.defaultTeam;
  return { slack: slackChannel, email, zone: lead.calendar.zone };
}

/** An hour is enough to make another silence; a short one is told at half of its time. */
const toldAt = ({ startsAt, endsAt }: Silence): number => endsAt - Math.min(HOUR, (endsAt - startsAt) / 2);

/**
 * Announces the end of each silence, once, on both ways to a team, so that nobody is surprised by alerts that had been
 * quiet. One that was ended by hand is not announced. Not retried: the other way is the second try.
 */
export const createSilenceEndsProcess = (
  audienceOf: (silence: Silence) => SilenceAudience,
  names: Names,
): KeyedProcess<Silence> => ({
  name: 'silence-ends',
  keySpace: 'alert',
  inputs: ['silences'],
  onInput: (_, input) => learn(input),
  onTimer: (silence) =>
    silence === undefined ? skipped('not_due') : announce(silence, audienceOf(silence), names),
});

function learn(input: Input): Step<Silence> {
  if (input.topic !== 'silences') return skipped('other_topic');
  const silence = input.value;
  const isOver = silence.endedBy !== undefined;
  return {
    outcome: HANDLED,
    state: isOver ? null : silence,
    timers: [{ name: 'ends', dueAt: isOver ? null : toldAt(silence) }],
  };
}

function announce(silence: Silence, { slack, email, zone }: SilenceAudience, names: Names): Step<Silence> {
  const { id, endsAt } = silence;
  const text = words(silence, zone, names);
  const envelope = (address: string) => ({
    deliveryId: `${id}/ends/${address}`,
    attempt: 1,
    alertKey: id,
    alertId: id,
    address,
    template: 'silence-ends',
    dueAt: toldAt(silence),
    expiresAt: endsAt + DAY,
    mayBeRepeat: false,
    form: { type: 'post' as const },
  });
  const blocks = [{ type: 'section' as const, text: { type: 'mrkdwn' as const, text: escapeSlack(text) } }];
  const orders: readonly DeliveryOrder[] = [
    { ...envelope(slack), channel: 'slack', content: { text, blocks } },
    {
      ...envelope(email),
      channel: 'email',
      content: { subject: `Silence ${id} ends`, text, html: `<p>${escapeSlack(text)}</p>` },
    },
  ];
  return {
    outcome: HANDLED,
    state: null,
    effects: orders.map((order) => ({
      id: `${order.deliveryId}/1`,
      queue: NOTIFICATION_QUEUES[order.channel],
      dueAt: order.dueAt,
      payload: order,
    })),
  };
}

function words(
  { id, rule, subject, product, region, by, reason, endsAt }: Silence,
  zone: string,
  names: Names,
): string {
  const covered = Object.entries({ rule, customer: subject, product, region })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value}`);
  return `Silence ${id} ends on ${inZone(endsAt, zone)}: ${covered.join(', ')}, made by ${names.person(by)} because of "${reason}". From then on its matches raise alerts again. If they are to stay quiet, make another silence.`;
}
