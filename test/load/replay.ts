import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stderr, stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { createTraffic } from '../../services/embedded/bench/traffic.ts';
import { type RulesFolder, readRulesFolder, SHIPPED_RULES } from '../../services/embedded/rules-folder.ts';
import { asItWas } from '../../services/embedded/rules-replay/as-it-was.ts';
import { replay } from '../../services/embedded/rules-replay/replay.ts';
import { openStoredHistory } from '../../services/embedded/rules-replay/stored-history.sqlite.ts';
import { openTocsin, readSettings } from '../../services/embedded/tocsin.ts';
import { takeDataFolder } from '../../services/platform/database/data-folder.ts';
import { DATA_FILE } from '../../services/platform/database/embedded-store.ts';
import { silentLogger } from '../../services/platform/logging/logger.ts';
import { createRegistry } from '../../services/platform/metrics/registry.ts';
import { DAY, HOUR, ManualClock } from '../../services/platform/time/clock.ts';

/**
 * `npx node test/load/replay.ts [--signals N] [--customers N] [--days N] [--data DIR]`: sends seeded traffic through the real
 * pipeline with a clock of its own, then replays the stored log with the shipped rules. Says how fast, and whether the
 * alerts are those that were raised then. A folder named with --data stays, and is only replayed when it has data already.
 */
const { values } = parseArgs({
  options: {
    signals: { type: 'string', default: '100000' },
    customers: { type: 'string', default: '20000' },
    days: { type: 'string', default: '30' },
    data: { type: 'string' },
  },
});
const [signals, customers, days] = [values.signals, values.customers, values.days].map(Number) as [
  number,
  number,
  number,
];
/** Of so many complaints one is left without an answer; the others have it in the next hour. */
const UNANSWERED = 10;

const data = values.data ?? join(mkdtempSync(join(tmpdir(), 'tocsin-replay-')), 'data');
try {
  if (!existsSync(join(data, DATA_FILE))) await live();
  stdout.write(`${JSON.stringify(await replayed(await readRulesFolder(SHIPPED_RULES)))}\n`);
} finally {
  if (values.data === undefined) rmSync(dirname(data), { recursive: true });
}

/** Overwrites one line, so that somebody who waits sees it move. */
function progress(words: string): void {
  stderr.write(stderr.isTTY ? `\r\u001b[K${words}` : `${words}\n`);
}

/** A part of the traffic every hour; timers and messages in between fire at their instants. */
async function live(): Promise<void> {
  const began = performance.now();
  const start = Date.parse('2026-09-07T00:00:00+02:00');
  const clock = new ManualClock(start);
  const { pipeline, lifecycle, app } = await openTocsin({
    folder: takeDataFolder(data).path,
    settings: readSettings({}),
    clock,
    rulesAreTrusted: true,
    url: 'http://127.0.0.1:8080',
    registry: createRegistry(),
    log: silentLogger,
  });
  await app.ready();
  const traffic = createTraffic(customers, 1, start);
  const accept = async ({ source, records }: ReturnType<typeof traffic.batch>): Promise<void> => {
    await pipeline.gateway.accept(source, records);
  };
  for (let from = 0; from < customers; from += 500)
    await accept(traffic.profiles(from, Math.min(customers, from + 500)));
  await pipeline.settle();
  const answers: object[] = [];
  const isAnswered = (_: object, n: number): boolean => n % UNANSWERED !== 0;
  const answerTo = (complaint: object) => ({
    ...complaint,
    id: `answer-${(complaint as { readonly id: string }).id}`,
    direction: 'outbound',
    channel: 'phone',
    reached: true,
    text: 'Called back, all clear.',
    occurredAt: clock.now() + HOUR,
  });
  const perHour = Math.ceil(signals / (days * 24));
  for (let at = start; at < start + days * DAY; at += HOUR) {
    for (;;) {
      const due = await pipeline.nextDueAt();
      if (due === undefined || due > at) break;
      clock.moveTo(Math.max(due, clock.now()));
      await pipeline.settle();
    }
    clock.moveTo(at);
    await accept({ source: 'call-notes', records: answers.splice(0) });
    const batch = traffic.batch(perHour, at);
    await accept(batch);
    if (batch.source === 'complaints') answers.push(...batch.records.filter(isAnswered).map(answerTo));
    await pipeline.settle();
    const day = (at - start) / DAY;
    if (Number.isInteger(day)) progress(`living: day ${day} of ${days}`);
  }
  await lifecycle.close(10_000);
  progress(`lived in ${Math.round((performance.now() - began) / 1000)} s\n`);
}

async function replayed(rules: RulesFolder) {
  const history = openStoredHistory(data, 'arrival');
  try {
    const cpu = process.cpuUsage();
    const found = await replay(history, rules, { onProgress: (n) => progress(`replayed ${n} signals`) });
    const { user, system } = process.cpuUsage(cpu);
    return {
      rules: rules.ruleSet.byId.size,
      signals: found.signals,
      signalsPerSecond: Math.round(found.signals / found.seconds),
      signalsPerCpuSecond: Math.round((found.signals * 1e6) / (user + system)),
      ...(await asItWas(history, found)),
      troubles: found.troubles.length,
    };
  } finally {
    history.close();
  }
}
