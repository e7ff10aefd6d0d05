import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import type { Alert, AlertEventType, NotifyOrder } from '../../../services/contracts/alert.ts';
import type { NotificationOutcome } from '../../../services/contracts/notification.ts';
import { createEmailChannel } from '../../../services/notification/adapters/channel.email.ts';
import { createSlackChannel } from '../../../services/notification/adapters/channel.slack.ts';
import { createNotificationProcess } from '../../../services/notification/domain/deliveries.ts';
import { NOTIFICATION_QUEUES } from '../../../services/notification/domain/message.ts';
import { createNotificationMetrics } from '../../../services/notification/metrics.ts';
import type { Channels } from '../../../services/notification/ports.ts';
import { createSender, type Sender } from '../../../services/notification/sender.ts';
import { anEvent, SETTINGS, T0 } from '../../../services/notification/test-support/an-alert.ts';
import type { EffectQueue } from '../../../services/platform/database/effect-queue.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../../services/platform/database/embedded-store.ts';
import { Runner } from '../../../services/platform/keyed-process/runner.ts';
import { Topology } from '../../../services/platform/keyed-process/topology.ts';
import { silentLogger } from '../../../services/platform/logging/logger.ts';
import type { CrashPoint } from '../../../services/platform/process/crash-point.ts';
import { ManualClock } from '../../../services/platform/time/clock.ts';
import { commitOf } from '../../support/commit.ts';
import { FakeSlack } from '../../support/fake-slack.ts';
import { FakeSmtp } from '../../support/fake-smtp.ts';

/** Notification with its real store, its real channels and a Slack and a mail server that obey the test. */
export class Notifier {
  readonly clock = new ManualClock(T0);
  readonly registry = new Registry();
  readonly slack: FakeSlack;
  readonly smtp: FakeSmtp;
  readonly store: EmbeddedStore;
  readonly #folder: string;
  readonly #runner: Runner;
  readonly #metrics;
  #sender: Sender;
  #seq = 0;

  static async start(): Promise<Notifier> {
    const folder = await mkdtemp(join(tmpdir(), 'tocsin-notification-'));
    return new Notifier(folder, await FakeSlack.start(), await FakeSmtp.start());
  }

  private constructor(folder: string, slack: FakeSlack, smtp: FakeSmtp) {
    this.#folder = folder;
    this.slack = slack;
    this.smtp = smtp;
    const store = openEmbeddedStore(folder, this.clock, []);
    this.store = store;
    this.#metrics = createNotificationMetrics(this.registry, {
      pending: (channel) => store.effects.pending(NOTIFICATION_QUEUES[channel]),
      now: () => this.clock.now(),
    });
    this.#runner = new Runner({
      topology: new Topology([createNotificationProcess(SETTINGS)], []),
      store: store.partition('test', new Map()),
      openFeed: (positions) => store.openFeed(positions),
      clock: this.clock,
      observers: [this.#metrics],
    });
    this.#sender = this.senderWith({});
  }

  /** Another worker, for example one that dies at a crash point. */
  senderWith(parts: {
    readonly crashPoint?: (name: CrashPoint) => void;
    readonly channels?: Channels;
    readonly effects?: EffectQueue;
  }): Sender {
    return createSender({
      effects: this.store.effects,
      channels: this.channels(),
      clock: this.clock,
      log: silentLogger,
      metrics: this.#metrics,
      crashPoint: () => undefined,
      ...parts,
    });
  }

  /** Real adapters that wait no longer than a test should. */
  channels(): Channels {
    return {
      slack: createSlackChannel({ token: 'xoxb-1', apiUrl: this.slack.apiUrl, timeoutMs: 300 }),
      email: createEmailChannel({
        smtpUrl: this.smtp.url,
        from: 'Tocsin <tocsin@example.com>',
        timeoutMs: 300,
      }),
    };
  }

  /** From now on this sender sends. */
  use(sender: Sender): void {
    this.#sender = sender;
  }

  /** Something happens to an alert, and is decided on; nothing is sent yet. */
  async event(type: AlertEventType, alert: Alert, notify?: NotifyOrder): Promise<void> {
    this.#seq += 1;
    const event = anEvent(type, alert, this.#seq, this.clock.now(), notify);
    await this.store.log.publish('alerts', [{ id: event.id, key: alert.alertKey, value: event }]);
    await this.#runner.drain();
  }

  /** Cancels every queued message, as a decision of the notification process does. */
  async cancelAll(): Promise<void> {
    const ids = this.store.db.prepare('SELECT id, queue FROM effect').all();
    const effects = ids.map(({ id, queue }) => ({
      id: String(id),
      queue: String(queue),
      dueAt: this.clock.now(),
      payload: null,
    }));
    await this.store.partition('cancel', new Map()).commit(commitOf({ effects }), this.clock.now());
  }

  /** Sends what is due and takes in what became of it, until nothing is due. */
  async settle(): Promise<void> {
    do await this.#runner.drain();
    while ((await this.#sender.step(this.clock.now())) > 0);
  }

  /** Moves the clock in steps, as time does. */
  async pass(ms: number, stepMs = ms): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.clock.advance(stepMs);
      await this.settle();
    }
  }

  async outcomes(): Promise<readonly NotificationOutcome[]> {
    return (await this.store.log.read('notification-outcomes', 0, 0, 10_000)).map(({ value }) => value);
  }

  /** The sum of a counter over the labels that are given. */
  async counted(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const metric = await this.registry.getSingleMetric(name)?.get();
    return (metric?.values ?? [])
      .filter((one) => Object.entries(labels).every(([label, value]) => one.labels[label] === value))
      .reduce((sum, { value }) => sum + value, 0);
  }

  async stop(): Promise<void> {
    this.store.close();
    await Promise.all([this.slack.stop(), this.smtp.stop()]);
    await rm(this.#folder, { recursive: true });
  }
}
