/** The wordings that an escalation step of a rule may name; notification has the words. */
export const TEMPLATES = ['open', 'nudge', 'late-ack', 'breach', 'update', 'spike'] as const;
export type Template = (typeof TEMPLATES)[number];
