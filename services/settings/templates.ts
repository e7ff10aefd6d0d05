/** The wordings that an escalation step of a rule may name; notification has the words. */
export const TEMPLATES = ['open', 'nudge', 'late-ack', 'breach', 'update', 'spike'] as const;
export type Template = (typeof TEMPLATES)[number];

/** What a message of the template is called, in messages and on pages alike. */
export const TEMPLATE_KINDS: { readonly [T in Template]: string } = {
  open: 'New alert',
  nudge: 'Reminder',
  'late-ack': 'Not acknowledged',
  breach: 'Time box missed',
  update: 'Changed',
  spike: 'Many customers',
};

/** The same within a sentence; a template that nobody has worded by its own name. */
export const templateInWords = (template: string): string =>
  isTemplate(template) ? TEMPLATE_KINDS[template].toLowerCase() : template;

export const isTemplate = (name: string): name is Template => Object.hasOwn(TEMPLATE_KINDS, name);
