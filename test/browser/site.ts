import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  LINK_LIVES_MS,
  MAIL_LINK_PATH,
  writeMailLink,
} from '../../services/notification/domain/mail-link.ts';
import { ChildTocsin } from '../support/child-tocsin.ts';
import { AROUND_THE_CLOCK, shippedRulesWith } from '../support/rules-folder.ts';

/** Of these sites alone. */
const MAIL_LINK_SECRET = 'the secret of a site for tests';

/** A Tocsin as people start it, whose team never sleeps. Messages go to the sandbox. */
export class Site {
  readonly url: string;
  readonly #child: ChildTocsin;
  readonly #folder: string;

  static async start(): Promise<Site> {
    const folder = mkdtempSync(join(tmpdir(), 'tocsin-browser-'));
    const rules = shippedRulesWith(join(folder, 'rules'), { 'calendars.yaml': AROUND_THE_CLOCK });
    const env = { TOCSIN_RULES_DIR: rules, TOCSIN_MAIL_LINK_SECRET: MAIL_LINK_SECRET };
    const child = new ChildTocsin({ data: join(folder, 'data'), env });
    const url = await child.url;
    if (url === undefined) {
      rmSync(folder, { recursive: true, force: true });
      throw new Error((await child.ended).stderr);
    }
    return new Site(url, child, folder);
  }

  private constructor(url: string, child: ChildTocsin, folder: string) {
    this.url = url;
    this.#child = child;
    this.#folder = folder;
  }

  async post(source: string, record: object): Promise<void> {
    const answer = await fetch(`${this.url}/v1/${source}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ occurredAt: Date.now(), ...record }),
    });
    if (answer.status !== 202) throw new Error(`${source}: ${answer.status} ${await answer.text()}`);
  }

  /** A customer of some value says on the phone that they will leave. */
  async wantsToCancel(customerId: string, name: string): Promise<void> {
    await this.post('crm-records', {
      id: `crm-${customerId}`,
      customerId,
      event: 'profile_updated',
      attributes: {
        name,
        valueTier: 'gold',
        valuePerYear: 1440,
        tenureMonths: 38,
        contract: 'monthly',
        product: 'fibre 1000',
        timezone: 'America/Chicago',
        accountManager: 'ben',
      },
    });
    await this.post('call-notes', {
      id: `note-${customerId}`,
      customerId,
      channel: 'phone',
      direction: 'inbound',
      text: 'Customer is very disappointed with the price rise & wants to cancel the contract. Says <BetterNet> is cheaper.',
    });
  }

  /** The path of a link in a mail to the team: to close an alert. */
  mailLink(alertId: string): string {
    const alert = {
      alertKey: alertId,
      alertId,
      label: 'T-TEST',
      outcomes: ['saved'],
      answerOn: 'phone',
    } as const;
    const expiresAt = Date.now() + LINK_LIVES_MS;
    const recipient = 'retention@example.com';
    return `${MAIL_LINK_PATH}?t=${writeMailLink(MAIL_LINK_SECRET, { type: 'close', alert, recipient, expiresAt })}`;
  }

  async stop(): Promise<void> {
    await this.#child.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
