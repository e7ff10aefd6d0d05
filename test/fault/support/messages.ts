import { z } from 'zod';
import type { FakeSlack } from '../../support/fake-slack.ts';
import type { FakeSmtp } from '../../support/fake-smtp.ts';

const marked = z.object({ event_payload: z.object({ delivery_id: z.string() }) });

/**
 * Every message that Slack and the mail server took; a repeat stands twice. Slack messages go by the delivery
 * that they carry, mails by their Message-ID, which stands for the delivery.
 */
export const messagesAt = (slack: FakeSlack, smtp: FakeSmtp): readonly string[] =>
  [
    ...slack.messages.map(({ metadata }) => `slack ${marked.parse(metadata).event_payload.delivery_id}`),
    ...smtp.mails.map(({ messageId, to }) => `mail ${messageId} to ${to.join(',')}`),
  ].toSorted();
