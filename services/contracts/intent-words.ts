import type { Intent } from './assessment.ts';

/** What each intent is called in a sentence about a customer. */
export const INTENT_WORDS: Readonly<Record<Intent, string>> = {
  leave: 'wants to leave',
  competitor: 'names a competitor',
  legal: 'threatens legal action',
  regulator: 'threatens the regulator',
  press: 'threatens to go public',
  manager: 'asks for a manager',
  repeat_story: 'had to tell it again',
  broken_promise: 'was promised something',
  praise: 'praises us',
  help: 'asks for help',
};
