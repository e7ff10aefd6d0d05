import { OUTCOMES } from '../../contracts/alert.ts';
import { CHANNELS } from '../../contracts/sources.ts';
import type { ActionType, ButtonValue } from './slack-action.ts';
import { writeButtonValue } from './slack-action.ts';
import { cut, SLACK_LIMITS } from './slack-text.ts';

/** Actions that need more than a click. */
export type FormAction = Exclude<ActionType, 'acknowledge'>;

/** A field of a form, in words that Slack's modal and the sandbox's HTML form are both made from. */
export type FormField =
  | {
      readonly name: string;
      readonly label: string;
      readonly type: 'choice';
      readonly options: readonly Option[];
      readonly initial?: string;
    }
  | {
      readonly name: string;
      readonly label: string;
      readonly type: 'text';
      readonly multiline: boolean;
      readonly optional: boolean;
    };

export interface Option {
  readonly value: string;
  readonly label: string;
}

export const FORM_TITLES: { readonly [A in FormAction]: string } = {
  contact: 'Log contact',
  snooze: 'Snooze',
  close: 'Close the loop',
};

/** What is asked for when somebody logs a contact, snoozes or closes. */
export function formOf(type: FormAction, value: ButtonValue): readonly FormField[] {
  switch (type) {
    case 'contact':
      return [
        choice('channel', 'How', CHANNELS.map(asOption), value.answerOn),
        choice('reached', 'Did you speak to the customer?', [
          { value: 'yes', label: 'Yes, reached' },
          { value: 'no', label: 'No, tried only' },
        ]),
        text('note', 'Note', { multiline: true, optional: true }),
      ];
    case 'snooze':
      return [
        choice('for', 'For how long', SNOOZES),
        text('reason', 'Why', { multiline: false, optional: false }),
      ];
    case 'close':
      return [
        choice('outcome', 'Outcome', (value.outcomes.length === 0 ? OUTCOMES : value.outcomes).map(asOption)),
        text('rootCause', 'Root cause', { multiline: false, optional: false }),
        text('note', 'Note', { multiline: true, optional: true }),
      ];
  }
}

const SNOOZES: readonly Option[] = [
  { value: '1h', label: '1 hour' },
  { value: '4h', label: '4 hours' },
  { value: '1d', label: '1 day' },
  { value: '3d', label: '3 days' },
  { value: '7d', label: '1 week' },
];

const asOption = (value: string): Option => ({ value, label: value.replaceAll('_', ' ') });

const choice = (name: string, label: string, options: readonly Option[], initial?: string): FormField => ({
  name,
  label,
  type: 'choice',
  options,
  ...(initial === undefined ? {} : { initial }),
});
const text = (
  name: string,
  label: string,
  { multiline, optional }: { readonly multiline: boolean; readonly optional: boolean },
): FormField => ({ name, label, type: 'text', multiline, optional });

/** A Slack modal, as far as we use it. */
export interface ModalView {
  readonly type: 'modal';
  readonly callback_id: string;
  readonly private_metadata: string;
  readonly title: PlainText;
  readonly submit: PlainText;
  readonly close: PlainText;
  readonly blocks: readonly InputBlock[];
}
interface PlainText {
  readonly type: 'plain_text';
  readonly text: string;
}
interface ModalOption {
  readonly text: PlainText;
  readonly value: string;
}
export interface InputBlock {
  readonly type: 'input';
  readonly block_id: string;
  readonly label: PlainText;
  readonly optional: boolean;
  readonly element:
    | {
        readonly type: 'static_select';
        readonly action_id: string;
        readonly options: readonly ModalOption[];
        readonly initial_option?: ModalOption;
      }
    | { readonly type: 'plain_text_input'; readonly action_id: string; readonly multiline: boolean };
}

/** The form as Slack's modal. Which alert it is about travels with it, as no session is kept here. */
export function modalOf(type: FormAction, value: ButtonValue): ModalView {
  return {
    type: 'modal',
    callback_id: `tocsin.form.${type}`,
    private_metadata: writeButtonValue(value),
    title: plain(cut(`${FORM_TITLES[type]} ${value.label}`, LONGEST_TITLE)),
    submit: plain('Save'),
    close: plain('Cancel'),
    blocks: formOf(type, value).map(inputOf),
  };
}

/** https://docs.slack.dev/reference/views/modal-views */
const LONGEST_TITLE = 24;

export const formActionOf = (callbackId: string): FormAction | undefined =>
  FORM_ACTIONS.find((type) => callbackId === `tocsin.form.${type}`);
const FORM_ACTIONS: readonly FormAction[] = ['contact', 'snooze', 'close'];

/** `action_id` of every input; the block's id is the field's name. */
export const INPUT_ACTION = 'value';

function inputOf(field: FormField): InputBlock {
  const block = { type: 'input', block_id: field.name, label: plain(field.label) } as const;
  if (field.type === 'text') {
    return {
      ...block,
      optional: field.optional,
      element: { type: 'plain_text_input', action_id: INPUT_ACTION, multiline: field.multiline },
    };
  }
  const options = field.options.map(({ value, label }) => ({
    text: plain(cut(label, SLACK_LIMITS.buttonText)),
    value,
  }));
  const initial = options.find(({ value }) => value === field.initial);
  return {
    ...block,
    optional: false,
    element: {
      type: 'static_select',
      action_id: INPUT_ACTION,
      options,
      ...(initial === undefined ? {} : { initial_option: initial }),
    },
  };
}

const plain = (words: string): PlainText => ({ type: 'plain_text', text: words });
