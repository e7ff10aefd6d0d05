import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stderr, stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { createTraffic } from '../../services/embedded/bench/traffic.ts';
import { replay } from '../../services/embedded/rules-replay/replay.ts';
import { openStoredHistory } from '../../services/embedded/rules-replay/stored-history.sqlite.ts';
import { openTocsin, readSettings } from '../../services/embedded/tocsin.ts';
import { takeDataFolder } from '../../services/platform/database/data-folder.ts';
import { silentLogger } from '../../services/platform/logging/logger.ts';
import { createRegistry } from '../../services/platform/metrics/registry.ts';
import { DAY, HOUR, ManualClock } from '../../services/platform/time/clock.ts';

/**
 * `node test/load/replay.ts [--signals N] [--customers N] [--days N]`: sends seeded traffic through the real pipeline with a
 * clock of its own, then replays the stored log with the shipped rules, by hand. Says how fast, and whether the alerts are
 * those that were raised then.
 */
const { values } = parseArgs({
  options: {
    signals: { type: 'string', default: '100000' },
    customers: { type: 'string', default: '5000' },
    days: { type: 'string', default: '30' },
  },
});
const [signals, customers, days] = [values.signals, values.customers, values.days].map(Number) as [
  number,
  number,
  number,
];
const dir = mkdtempSync(join(tmpdir(), 'tocsin-replay-'));
const data = join(dir, 'data');
try {
  const began = performance.now();
  const rules = await live();
  stderr.write(`lived in ${Math.round((performance.now() - began) / 1000)} s\n`);
  stdout.write(`${JSON.stringify(await replayed(rules))}\n`);
} finally {
  rmSync(dir, { recursive: true });
}

/** A part of the traffic every hour; timers and messages in between fire at their instants. */
async function live() {
  const start = Date.parse('2026-09-07T00:00:00+02:00');
  const clock = new ManualClock(start);
  const { pipeline, rules, lifecycle, app } = await openTocsin({
    folder: takeDataFolder(data).path,
    settings: readSettings({}),
    clock,
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
  const perHour = Math.ceil(signals / (days * 24));
  for (let at = start; at < start + days * DAY; at += HOUR) {
    for (;;) {
      const due = await pipeline.nextDueAt();
      if (due === undefined || due > at) break;
      clock.moveTo(Math.max(due, clock.now()));
      await pipeline.settle();
    }
    clock.moveTo(at);
    await accept(traffic.batch(perHour, at));
    await pipeline.settle();
  }
  await lifecycle.close(10_000);
  return rules;
}

async function replayed(rules: Awaited<ReturnType<typeof live>>) {
  const history = openStoredHistory(data, 'arrival');
  try {
    const then = new Map<string, string>();
    let heldThen = 0;
    for await (const { value } of history.read('alerts')) {
      const { alertId, openedAt, severity, evidenceCount } = value.alert;
      if (value.type === 'held_back') heldThen += 1;
      else then.set(alertId, `${openedAt} ${severity} ${evidenceCount}`);
    }
    const cpu = process.cpuUsage();
    const found = await replay(history, rules);
    const { user, system } = process.cpuUsage(cpu);
    const other = found.alerts.filter(
      ({ alertId, openedAt, severity, evidence }) =>
        then.get(alertId) !== `${openedAt} ${severity} ${evidence}`,
    );
    return {
      rules: rules.ruleSet.byId.size,
      signals: found.signals,
      signalsPerSecond: Math.round(found.signals / found.seconds),
      signalsPerCpuSecond: Math.round((found.signals * 1e6) / (user + system)),
      alertsThen: then.size,
      alertsReplayed: found.alerts.length,
      alertsThatDiffer: other.length,
      heldThen,
      heldReplayed: found.held.length,
      troubles: found.troubles.length,
    };
  } finally {
    history.close();
  }
}
