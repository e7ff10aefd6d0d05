import type { Clock } from '../../platform/time/clock.ts';
import type { NotificationConfig } from '../config.ts';
import type { Channels, ModalOpener, SandboxStore } from '../ports.ts';
import { createEmailChannel } from './channel.email.ts';
import { createSandboxChannel } from './channel.sandbox.ts';
import { createSlackChannel } from './channel.slack.ts';

export interface ChosenChannels {
  readonly channels: Channels;
  /** Opens forms in Slack; absent while the sandbox stands in for it. */
  readonly modals?: ModalOpener;
  /** Which kinds the sandbox takes. */
  readonly sandboxed: readonly ('slack' | 'email')[];
}

/** Real channels where they are configured, the sandbox for the others. */
export function chooseChannels(
  config: NotificationConfig,
  sandbox: SandboxStore,
  clock: Clock,
): ChosenChannels {
  const stand = createSandboxChannel(sandbox, clock);
  const slack =
    config.TOCSIN_SLACK_TOKEN === undefined
      ? undefined
      : createSlackChannel({ token: config.TOCSIN_SLACK_TOKEN, apiUrl: config.TOCSIN_SLACK_API_URL });
  const email =
    config.TOCSIN_SMTP_URL === undefined
      ? undefined
      : createEmailChannel({ smtpUrl: config.TOCSIN_SMTP_URL, from: config.TOCSIN_MAIL_FROM });
  return {
    channels: { slack: slack ?? stand, email: email ?? stand },
    ...(slack === undefined ? {} : { modals: slack }),
    sandboxed: [
      ...(slack === undefined ? (['slack'] as const) : []),
      ...(email === undefined ? (['email'] as const) : []),
    ],
  };
}
