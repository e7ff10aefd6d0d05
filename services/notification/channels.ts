import type { Clock } from '../platform/time/clock.ts';
import { createEmailChannel } from './adapters/channel.email.ts';
import { createSandboxChannel } from './adapters/channel.sandbox.ts';
import { createSlackChannel } from './adapters/channel.slack.ts';
import type { NotificationConfig } from './config.ts';
import type { Channels, ModalOpener, SandboxStore } from './ports.ts';

/**
 * The channels that the settings name; the sandbox stands in for each that is not set up. `modals` is there
 * when Slack is.
 */
export function createChannels(
  config: NotificationConfig,
  sandbox: SandboxStore,
  clock: Clock,
): { readonly channels: Channels; readonly modals?: ModalOpener } {
  const standIn = createSandboxChannel(sandbox, clock);
  const { TOCSIN_SLACK_TOKEN: token, TOCSIN_SLACK_API_URL: apiUrl } = config;
  const { TOCSIN_SMTP_URL: smtpUrl, TOCSIN_MAIL_FROM: from } = config;
  const slack = token === undefined ? undefined : createSlackChannel({ token, apiUrl });
  const email = smtpUrl === undefined ? standIn : createEmailChannel({ smtpUrl, from });
  return { channels: { slack: slack ?? standIn, email }, ...(slack === undefined ? {} : { modals: slack }) };
}
