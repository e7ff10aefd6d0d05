import { z } from 'zod';

const httpUrl = z.url({ protocol: /^https?$/, error: 'expected an http or https URL' });

/** Settings of notification. Each `X` may also come from a file named by `X_FILE`. */
export const notificationSettings = z.object({
  /** Bot token, `xoxb-…`. Without one the sandbox takes the Slack messages. */
  TOCSIN_SLACK_TOKEN: z
    .string()
    .regex(/^xox[a-z]-/, 'expected a token such as xoxb-…')
    .optional(),
  /** Proves that clicks come from Slack. Without one no click is taken. */
  TOCSIN_SLACK_SIGNING_SECRET: z.string().min(8, 'expected the signing secret of the Slack app').optional(),
  /** Signs the links in mails by which people act. Without one mails lead to the pages only. */
  TOCSIN_MAIL_LINK_SECRET: z.string().min(16, 'expected at least 16 characters, made by chance').optional(),
  TOCSIN_SLACK_API_URL: httpUrl.default('https://slack.com/api/'),
  /** `smtp://user:password@host:587` or `smtps://…`. Without one the sandbox takes the mail. */
  TOCSIN_SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'expected smtp://… or smtps://…' }).optional(),
  TOCSIN_MAIL_FROM: z
    .string()
    .regex(/^[^\r\n]*@[^\r\n]+$/, 'expected an address such as Tocsin <tocsin@example.com>')
    .default('Tocsin <tocsin@localhost>'),
  /** Where people reach the pages, for links in messages. Default: where this process listens. */
  TOCSIN_PUBLIC_URL: httpUrl.transform((url) => url.replace(/\/+$/, '')).optional(),
});
export type NotificationConfig = z.output<typeof notificationSettings>;
