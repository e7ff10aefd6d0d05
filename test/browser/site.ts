import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Complaint } from '../../services/contracts/sources.ts';
import { EMBEDDED_MIGRATIONS } from '../../services/embedded/pipeline.ts';
import {
  LINK_LIVES_MS,
  MAIL_LINK_PATH,
  writeMailLink,
} from '../../services/notification/domain/mail-link.ts';
import { openEmbeddedStore } from '../../services/platform/database/embedded-store.ts';
import { HOUR, systemClock } from '../../services/platform/time/clock.ts';
import { ChildTocsin } from '../support/child-tocsin.ts';
import { AROUND_THE_CLOCK, shippedRulesWith } from '../support/rules-folder.ts';

/** Of these sites alone. */
const MAIL_LINK_SECRET = 'the secret of a site for tests';

/** A Tocsin as people start it, whose team never sleeps. Messages go to the sandbox. */
export class Site {
  readonly url: string;
  readonly #child: ChildTocsin;
  readonly #folder: string;

  /** `before` gets the data folder before Tocsin begins. */
  static async start(before: (data: string) => Promise<void> = async () => undefined): Promise<Site> {
    const folder = mkdtempSync(join(tmpdir(), 'tocsin-browser-'));
    const rules = shippedRulesWith(join(folder, 'rules'), { 'calendars.yaml': AROUND_THE_CLOCK });
    const env = { TOCSIN_RULES_DIR: rules, TOCSIN_MAIL_LINK_SECRET: MAIL_LINK_SECRET };
    const data = join(folder, 'data');
    await before(data);
    const child = new ChildTocsin({ data, env });
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

  /** Nobody hears of a rule for two hours. */
  async silence(reason: string): Promise<void> {
    const answer = await fetch(`${this.url}/v1/silences`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        rule: 'order-delayed',
        by: 'ana',
        reason,
        endsAt: new Date(Date.now() + 2 * HOUR).toISOString(),
      }),
    });
    if (answer.status !== 201) throw new Error(await answer.text());
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

/** Puts a record into the log that no gateway has looked at, and that names nobody: it cannot be processed. */
export async function withDeadLetter(data: string): Promise<void> {
  mkdirSync(data);
  const store = openEmbeddedStore(data, systemClock, EMBEDDED_MIGRATIONS);
  // Producers of their own write what they like.
  const value = { id: 'r-1', occurredAt: Date.now(), text: 'No name, <b>no</b> number' } as Complaint;
  await store.log.publish('complaints', [{ id: 'r-1', key: 'r-1', value }]);
  store.close();
}
