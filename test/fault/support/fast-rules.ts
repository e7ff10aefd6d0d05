import { rule } from './rules-folder.ts';

/** Every milestone is missed, and each tells somebody on both channels. */
const GOLD = rule(
  'gold-complains-again',
  'live',
  `
  listen: [complaint.received]
  windows: {complaints: {of: complaint.received, fn: count, over: 14d}}
  when: {all: [{profile.value_tier: {eq: gold}}, {complaints: {gte: 2}}]}
  timebox: {calendar: 24x7, ack_by: 1s, contact_by: 2s, close_by: 3s}
  escalate:
    - {at: opened, notify: ["slack:assignee"], template: open}
    - {at: ack_by, unless: acked, notify: ["slack:assignee", "email:assignee"], template: late-ack}
    - {at: contact_by, unless: contacted, notify: ["email:team"], template: breach}
    - {at: close_by, unless: closed, notify: ["slack:assignee", "email:team-lead"], template: breach}
`,
);

/** No milestone is missed: what happens here is what people order. */
const SILVER = rule(
  'silver-complains-again',
  'live',
  `
  listen: [complaint.received]
  windows: {complaints: {of: complaint.received, fn: count, over: 14d}}
  when: {all: [{profile.value_tier: {eq: silver}}, {complaints: {gte: 2}}]}
  timebox: {calendar: 24x7, ack_by: 1h, contact_by: 2h, close_by: 3h}
  escalate:
    - {at: opened, notify: ["slack:assignee", "email:assignee"], template: open}
    - {at: ack_by, unless: acked, notify: ["email:team-lead"], template: late-ack}
  close: {requires: [contact.logged, outcome, root_cause]}
`,
);

/** Fires only once the author of the post is known to be a customer. */
const POSTS = rule(
  'silver-posts',
  'live',
  `
  listen: [post.published]
  when: {all: [{profile.value_tier: {eq: silver}}, {event.followers: {gte: 1000}}]}
  timebox: {calendar: 24x7, ack_by: 1h, close_by: 3h}
  escalate: [{at: opened, notify: ["email:assignee"], template: open}]
`,
);

/** A shadow rule goes through all its milestones and tells nobody. */
const SHADOW = rule(
  'gold-calls',
  'shadow',
  `
  listen: [call_note.received]
  when: {profile.value_tier: {eq: gold}}
  timebox: {calendar: 24x7, ack_by: 1s, close_by: 2s}
  escalate: [{at: opened, notify: ["slack:assignee"], template: open}, {at: ack_by, notify: ["email:assignee"], template: late-ack}]
`,
);

/** Rules whose time boxes are over within seconds, or not at all. */
export const FAST_RULES = {
  'gold-complains-again': GOLD,
  'silver-complains-again': SILVER,
  'silver-posts': POSTS,
  'gold-calls': SHADOW,
};
